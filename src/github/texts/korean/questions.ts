export const questions = {
  "Asked in {0}.": "질문한 곳: {0}.",
  "Answered: {0}": "답변 완료: {0}",
  "Not answered: {0}": "답변 없음: {0}",
  "The agent asks, and goes on meanwhile": "에이전트가 질문했고, 그동안 계속 작업합니다",
  "The agent waits for your answer": "에이전트가 답변을 기다리고 있습니다",
  "The agent waits for your answers to {0}": "에이전트가 질문 {0}에 대한 답변을 기다리고 있습니다",
  "The agent has it.": "에이전트에게 전달되었습니다.",
  "*(the agent's own choice)*": "*(에이전트의 선택)*",
  "{0} answered on {1}: {2}": "{0} 님이 {1}에 답했습니다: {2}",
  "{0} answered on {1}: option {2}, {3}": "{0} 님이 {1}에 답했습니다: 보기 {2}, {3}",
  "Without an answer the agent decides by itself. It does not wait.":
    "답변이 없으면 에이전트가 스스로 정합니다. 기다리지 않습니다.",
  "Without an answer the agent takes its own choice. It does not wait.":
    "답변이 없으면 에이전트가 자신의 선택대로 합니다. 기다리지 않습니다.",
  "Without an answer the agent takes its own choice: {0}. It does not wait.":
    "답변이 없으면 에이전트가 자신의 선택대로 합니다: {0}. 기다리지 않습니다.",
  "Without an answer the task waits.": "답변이 없으면 작업이 기다립니다.",
  "Without an answer the task waits. The agent proposes: {0}.":
    "답변이 없으면 작업이 기다립니다. 에이전트의 제안: {0}.",
  "The task has ended: answers are not heard any more.": "작업이 끝났으므로 답변을 더 받지 않습니다.",
  "*Next:* nothing. To say something else, answer again (`/answer {0}: …`) or edit your comment.":
    "*다음 할 일:* 없습니다. 답변을 바꾸려면 다시 답하거나(`/answer {0}: …`) 댓글을 고치세요.",
  "Nothing runs while the task waits, so waiting costs nothing; the last answer makes the agent go on at once.":
    "작업이 기다리는 동안 아무것도 실행되지 않으므로, 기다려도 비용이 들지 않습니다. 마지막 답변을 받으면 에이전트가 바로 계속합니다.",
  "An answer reaches the agent with its next step.": "답변은 다음 세부 단계에서 에이전트에게 전달됩니다.",
  "Or quote the question and write the answer below the quote. Heard are {0}.":
    "또는 질문을 인용하고 그 아래에 답을 쓰세요. 답할 수 있는 사람: {0}.",
  "Or quote a question and write the answer below the quote. Heard are {0}.":
    "또는 질문 하나를 인용하고 그 아래에 답을 쓰세요. 답할 수 있는 사람: {0}.",
  "comment this line with 1 to allow it or with 2 to refuse it after the colon:":
    "이 줄의 콜론 뒤에 허용하려면 1, 거부하려면 2를 적어 댓글로 남기세요:",
  "people with write access": "쓰기 권한이 있는 사람",
  "comment this line with the number of an option, or with words of your own after the colon:":
    "콜론 뒤에 보기 번호나 직접 쓴 답을 넣어 다음 줄을 댓글로 쓰세요:",
  "comment this line with your answer after the colon:": "콜론 뒤에 답을 넣어 다음 줄을 댓글로 쓰세요:",
  "comment these lines, each with the number of an option or with words of your own after the colon:":
    "줄마다 콜론 뒤에 보기 번호나 직접 쓴 답을 넣어 다음 줄들을 댓글로 쓰세요:",
  "question {0}": "질문 {0}",
  "questions {0}": "질문 {0}",
  "Question {0}: {1}": "질문 {0}: {1}",
  "*No answer yet.*": "*아직 답변이 없습니다.*",
  "*Not answered: the agent decided.*": "*답변 없음: 에이전트가 정했습니다.*",
  "*Not answered; the agent took:* {0}": "*답변 없음. 에이전트의 선택:* {0}",
  business: "사업",
  clarification: "확인 필요",
  choice: "선택",
  confirmation: "확인",
};

export const refusals = {
  draft: "초안",
  pending: "대기",
  in_progress: "진행 중",
  review: "검토",
  "an answer to question {0} (/answer {1}: your words)": "질문 {0}의 답변(/answer {1}: 답변 내용)",
  "{0} (add it, or /skip {1} to go on without)": "{0}(추가하거나, 없이 계속하려면 /skip {1})",
  "{0}, and {1}": "{0}, 그리고 {1}",
  "the pull request waits for review: merge it, or ask for changes":
    "풀 리퀘스트가 검토를 기다리고 있습니다. 병합하거나 변경을 요청하세요",
  "the agent or the app is at work; wait until the pull request is ready, or stop it with /pause":
    "에이전트나 앱이 작업하고 있습니다. 풀 리퀘스트가 준비될 때까지 기다리거나 /pause 명령으로 멈추세요",
  "the issue's form is not complete yet; the comment on it names what is missing":
    "이슈 양식이 아직 다 채워지지 않았습니다. 빠진 내용은 이슈의 댓글에 있습니다",
  "the task has not started; /run starts it": "작업이 시작되지 않았습니다. /run 명령으로 시작하세요",
  "the task is paused; the status comment says why and what lets it go on":
    "작업이 멈춰 있습니다. 이유와 계속하는 방법은 상태 댓글에 있습니다",
  "nothing has failed": "실패한 것이 없습니다",
  "no pull request of this task waits for review": "검토를 기다리는 이 작업의 풀 리퀘스트가 없습니다",
  "there is no open thread to take up; say what to change: /rework and your words":
    "처리할 열린 스레드가 없습니다. /rework 명령 뒤에 바꿀 내용을 쓰세요",
  "the phase has no pull request yet, so there is nothing that could be accepted; /retry tries again":
    "이 단계에는 아직 풀 리퀘스트가 없어서 받아들일 것이 없습니다. /retry 명령으로 다시 시도하세요",
  "the task is {0}; to start a new one on this issue, take the label off and set it again":
    "작업 상태가 {0} 입니다. 이 이슈에서 새 작업을 시작하려면 레이블을 떼었다가 다시 붙이세요",
  "it takes write access to this repository": "이 리포지토리의 쓰기 권한이 있어야 합니다",
  "the agent still waits for {0}": "에이전트가 아직 다음을 기다리고 있습니다: {0}",
  "the agent waits for what you say next: write a comment, or /done to end the conversation":
    "에이전트가 다음 말씀을 기다리고 있습니다. 댓글을 쓰거나, 대화를 끝내려면 /done 명령을 쓰세요",
  "there is no conversation to end; a phase is accepted by merging its pull request, and /cancel ends the task":
    "끝낼 대화가 없습니다. 단계는 풀 리퀘스트를 병합해서 승인하고, /cancel 명령은 작업을 끝냅니다",
  "the agent has asked nothing in this task; to have something changed, say it with /rework once the pull request is ready":
    "이 작업에서 에이전트가 질문한 것이 없습니다. 바꿀 것이 있으면 풀 리퀘스트가 준비된 뒤에 /rework 명령으로 말하세요",
  "there is no question {0}; the status comment lists those that were asked":
    "질문 {0}번은 없습니다. 질문 목록은 상태 댓글에 있습니다",
  "questions {0} are open: name one, e.g. /answer {1}: your words":
    "답변을 기다리는 질문이 여러 개입니다: {0}. 번호를 쓰세요. 예: /answer {1}: 답변 내용",
  "question {0} asks whether the agent may use a tool: answer with 1 to allow it or with 2 to refuse it":
    "질문 {0}은(는) 에이전트가 도구를 사용해도 되는지 묻습니다. 허용하려면 1, 거부하려면 2로 답변하세요",
  "question {0} has options 1 to {1}; to answer in your own words, write more than a number":
    "질문 {0}번의 보기는 1번부터 {1}번까지입니다. 직접 답을 쓰려면 숫자만 쓰지 마세요",
  "it says nothing; write /answer and an option's number or your words":
    "내용이 없습니다. /answer 명령 뒤에 보기 번호나 답변 내용을 쓰세요",
  "it says nothing; write /answer {0}: and an option's number or your words":
    "내용이 없습니다. /answer {0}: 뒤에 보기 번호나 답변 내용을 쓰세요",
  "the agent has heard your answer to question {0} already; to change it, answer again: /answer {1}: your words":
    "질문 {0}번의 답변은 이미 에이전트에게 전달되었습니다. 바꾸려면 다시 답하세요: /answer {1}: 답변 내용",
  "the agent waits for nothing by that name, nor for anything else; nothing is left to do":
    "에이전트가 그 이름으로 기다리는 것이 없고, 다른 것도 기다리지 않습니다. 할 일이 없습니다",
  "the agent asked for nothing by that name; open are {0}":
    "에이전트가 그 이름으로 요청한 것이 없습니다. 기다리는 것: {0}",
  "a task can be lent {0} values, and has them; have the agent go on without this one: /skip and its name":
    "작업 하나에 빌려줄 수 있는 값은 {0}개이고, 이미 모두 빌려주었습니다. 이것 없이 계속하게 하려면 /skip 뒤에 이름을 쓰세요",
  "it takes an amount in US dollars from 0.01 to 10000, e.g. 8 or $7.50":
    "0.01 이상 10000 이하의 미국 달러 금액이 필요합니다. 예: 8 또는 $7.50",
  "it takes one of critical, high, normal and low, e.g. /priority high":
    "critical, high, normal, low 가운데 하나가 필요합니다. 예: /priority high",
  "the agent has named no decisions in this phase; to have something changed, say it with /rework":
    "이 단계에서 에이전트가 밝힌 결정이 없습니다. 바꿀 것이 있으면 /rework 명령으로 말하세요",
  "there is no decision {0}; the pull request lists decisions 1 to {1}":
    "결정 {0}번은 없습니다. 풀 리퀘스트에 결정 1번부터 {1}번까지 있습니다",
  "the agent has decided anew since: what was decision {0} may be gone, or have another number; the pull request shows the list as it is now":
    "그 뒤에 에이전트가 다시 결정했습니다. 결정 {0}번은 없어졌거나 번호가 바뀌었을 수 있습니다. 지금 목록은 풀 리퀘스트에 있습니다",
  "the playbook does not allow to go on without {0}": "플레이북은 {0} 없이 계속하는 것을 허용하지 않습니다",
  "{0} began after you wrote it, so nothing of it was skipped; to go on without {1}, too, say it again":
    "댓글을 쓴 뒤에 {0} 단계가 시작되어서 건너뛰지 않았습니다. {1} 단계도 없이 계속하려면 다시 말하세요",
  "{0} asked for this task, and the settings of this repository (requester_may_approve: false) want the approval of somebody else with write access":
    "{0} 님이 이 작업을 요청했고, 이 리포지토리의 설정(requester_may_approve: false)은 쓰기 권한이 있는 다른 사람의 승인을 요구합니다",
  "${0} are spent already; name more than that": "이미 ${0} 썼습니다. 그보다 큰 금액을 쓰세요",
  "what the model account may spend a day is set by whoever runs the app (DAY_BUDGET_USD); the task goes on by itself at midnight UTC":
    "모델 계정이 하루에 쓸 수 있는 금액은 앱 운영자가 정합니다(DAY_BUDGET_USD). 작업은 UTC 자정에 저절로 계속됩니다",
  "the task has moved on since; look at the status comment": "그동안 작업이 더 진행되었습니다. 상태 댓글을 확인하세요",
  "in the issue {0} is missing or can't be read; a comment there says what is expected":
    "이슈에서 {0} 항목이 빠졌거나 읽을 수 없습니다. 필요한 내용은 이슈의 댓글에 있습니다",
  "this repository has no secret or variable named {0} yet; add it by the link in the comment that asks for it, and it is noticed by itself":
    "이 리포지토리에 아직 {0} 이름의 시크릿이나 변수가 없습니다. 그것을 요청한 댓글의 링크에서 추가하면 저절로 확인됩니다",
  "there is no file {0} on {1}, where the next run would look; commit it there, then comment /provided again":
    "다음 실행이 찾아볼 {1} 브랜치에 {0} 파일이 없습니다. 거기에 커밋한 뒤 /provided 댓글을 다시 쓰세요",
  "it takes the number of a decision and a reason, e.g. /veto 3 because visitors have no account":
    "결정 번호와 이유가 필요합니다. 예: /veto 3 because 방문자에게는 계정이 없습니다",
};

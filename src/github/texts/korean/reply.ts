export const reply = {
  "*The agent said nothing.*": "*에이전트가 아무 말도 하지 않았습니다.*",
  "*Next:* comments here go on with the conversation, by people with write access. {0} ends it.":
    "*다음 할 일:* 쓰기 권한이 있는 사람이 여기에 댓글을 쓰면 대화가 이어집니다. {0} 명령은 대화를 끝냅니다.",
  "*Its changes were not taken.*": "*에이전트의 변경은 받아들여지지 않았습니다.*",
  "*Its changes are on their way to a pull request.*": "*에이전트의 변경을 풀 리퀘스트로 옮기고 있습니다.*",
  "*Changed in {0}.*": "*변경한 커밋: {0}.*",
  "*Changed in {0}, in {1}.*": "*변경한 커밋: {0}, 풀 리퀘스트: {1}.*",
  "**The check after this turn found**, and the agent is told with the next one:":
    "**이 차례 뒤의 검사에서 다음이 발견되었고**, 다음 차례에 에이전트에게 알립니다:",
  "nothing was changed so far, so that completes the task": "아직 바뀐 것이 없으므로 그러면 작업이 완료됩니다",
  "what it changed is checked, and {0} then waits for your review":
    "바뀐 것을 검사하고, 그 뒤에 {0} 풀 리퀘스트가 검토를 기다립니다",
  "write a comment here to go on, or {0} to end the conversation: {1}.":
    "계속하려면 여기에 댓글을 쓰고, 대화를 끝내려면 {0} 명령을 쓰세요. 대화를 끝내면: {1}.",
  "What you write here meanwhile is taken up after this reply.": "그동안 여기에 쓰는 것은 이 답글 뒤에 처리합니다.",
  "One comment waits for the turn after this one.": "댓글 1개가 다음 차례를 기다리고 있습니다.",
  "{0} comments wait for the turn after this one.": "댓글 {0}개가 다음 차례를 기다리고 있습니다.",
};

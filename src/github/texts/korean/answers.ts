export const answers = {
  "**Done, says the agent**, but it changed no file for it.":
    "**에이전트는 처리했다고 하지만**, 이 일로 바꾼 파일은 없습니다.",
  "**Done** in {0}.": "**처리했습니다**: {0}.",
  "**Not changed.**": "**바꾸지 않았습니다.**",
  "**Not changed** as asked; {0} has what was changed instead.":
    "요청대로 **바꾸지 않았습니다**. 대신 바꾼 것은 {0} 커밋에 있습니다.",
  "**The agent asks back.**": "**에이전트가 되묻습니다.**",
  "**The agent gave no answer.**": "**에이전트가 답하지 않았습니다.**",
  "**The agent gave no answer**, but changed something in {0}.":
    "**에이전트가 답하지 않았지만**, {0} 커밋에서 무언가를 바꿨습니다.",
  "*Next:* resolve this thread if that is right, or request changes again.":
    "*다음 할 일:* 맞으면 이 스레드를 해결 처리하고, 아니면 다시 변경을 요청하세요.",
  "*Next:* resolve this thread if you agree; otherwise say more here and request changes again.":
    "*다음 할 일:* 동의하면 이 스레드를 해결 처리하세요. 아니면 여기에 더 설명하고 다시 변경을 요청하세요.",
  "*Next:* answer in this thread, then request changes again or comment {0} on the pull request.":
    "*다음 할 일:* 이 스레드에 답한 뒤, 다시 변경을 요청하거나 풀 리퀘스트에 {0} 댓글을 쓰세요.",
  "*Next:* comment {0} on the pull request to have it tried again, or resolve this thread.":
    "*다음 할 일:* 다시 시도하려면 풀 리퀘스트에 {0} 댓글을 쓰고, 아니면 이 스레드를 해결 처리하세요.",
};

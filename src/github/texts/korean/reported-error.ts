export const reportedError = {
  "The agent reports an error: a file is missing": "에이전트가 오류를 보고했습니다: 파일이 없습니다",
  "The agent reports an error: something could not be run":
    "에이전트가 오류를 보고했습니다: 실행할 수 없는 것이 있습니다",
  "The agent reports an error: something is not as it must be":
    "에이전트가 오류를 보고했습니다: 요구와 다른 것이 있습니다",
  "Reported in {0}:": "보고한 곳: {0}",
  Details: "자세한 내용",
  "*Next:* the agent goes on if it can; a step that ends with this counts as a fault of the environment, and is tried again on another machine.":
    "*다음 할 일:* 없습니다. 에이전트는 할 수 있으면 계속합니다. 이 오류로 끝난 세부 단계는 환경의 문제로 보고 다른 머신에서 다시 시도합니다.",
  "*Next:* the agent goes on if it can; a step that ends with this counts as a failed attempt, and the next attempt is told what went wrong.":
    "*다음 할 일:* 없습니다. 에이전트는 할 수 있으면 계속합니다. 이 오류로 끝난 세부 단계는 실패한 시도로 세고, 다음 시도에 무엇이 잘못되었는지 알립니다.",
};

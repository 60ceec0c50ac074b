export const rework = {
  "the base branch": "대상 브랜치",
  "the agent is resolving a conflict with {0}": "에이전트가 {0} 브랜치와의 충돌을 해결하고 있습니다",
  "the agent works on what the repository's own checks found":
    "에이전트가 리포지토리의 자체 검사에서 발견된 것을 고치고 있습니다",
  "the agent brings in line what follows from a changed item":
    "에이전트가 바뀐 항목에 따라 달라지는 것을 맞추고 있습니다",
  "the agent takes anew what {0} vetoed": "에이전트가 {0} 님이 거부한 결정을 다시 내리고 있습니다",
  "the agent works on what {0} asked for": "에이전트가 {0} 님이 요청한 것을 처리하고 있습니다",
};

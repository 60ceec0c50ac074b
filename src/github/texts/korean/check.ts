export const check = {
  "Not verified yet": "아직 검증되지 않음",
  "The phase has not begun.": "단계가 시작되지 않았습니다.",
  "status comment": "상태 댓글",
  "Phase {0} of {1}, {2}.": "{1}단계 중 {0}단계, {2}.",
  "The {0} tells how far the agent is.": "에이전트가 어디까지 했는지는 {0}에서 볼 수 있습니다.",
  "{0} has it all.": "전체 내용은 {0}에 있습니다.",
  "The pull request": "풀 리퀘스트",
  "phase {0}, {1}": "{0}단계({1})",
  "Each phase was verified at its own gate; the pull request lists them.":
    "단계마다 그 단계의 게이트에서 검증했습니다. 게이트 목록은 풀 리퀘스트에 있습니다.",
  "Commits that no gate has seen": "게이트를 거치지 않은 커밋이 있음",
  "There are commits on top of {0}, the merge of the last phase.":
    "마지막 단계를 병합한 {0} 커밋 위에 다른 커밋이 있습니다.",
  "Not all phases were verified": "검증되지 않은 단계가 있음",
  "People took these as they were: {0}.": "사람이 그대로 받아들인 단계: {0}.",
  "All phases were verified at their gates": "모든 단계가 게이트에서 검증됨",
  "The phase was skipped": "건너뛴 단계",
  "{0} had the task go on without this phase; nothing of it is merged.":
    "{0} 님이 이 단계 없이 작업을 계속하게 했습니다. 이 단계에서 병합된 것은 없습니다.",
  "Attempt {0} is under way": "{0}번째 시도 진행 중",
  "Accepted by {0}, not verified": "{0} 님이 받아들임, 검증되지 않음",
  "{0} took the phase as it is.": "{0} 님이 이 단계를 그대로 받아들였습니다.",
  "{0} took the phase although this is not met: {1}.":
    "{0} 님이 다음이 충족되지 않았는데도 이 단계를 받아들였습니다: {1}.",
  "The agent is not done; the result is checked after its last step.":
    "에이전트가 아직 끝나지 않았습니다. 결과는 마지막 세부 단계가 끝난 뒤에 검사합니다.",
  "Merged before it was verified": "검증되기 전에 병합됨",
  "{0} merged the phase before its checks had ended.": "{0} 님이 검사가 끝나기 전에 이 단계를 병합했습니다.",
  "Attempt {0}: {1}.": "{0}번째 시도: {1}.",
  "Not passed: {0}": "통과하지 못함: {0}",
  "Not judged: {0}": "판정하지 못함: {0}",
  "A person should look at what was not judged: {0}.": "판정하지 못한 것은 사람이 살펴보세요: {0}.",
  "Passed: {0}": "통과: {0}",
  "The task failed": "실패한 작업",
  "The task was cancelled": "취소된 작업",
  "{0} ended the task before this phase was merged.": "이 단계가 병합되기 전에 {0} 님이 작업을 끝냈습니다.",
  "The task ended before this phase was merged.": "이 단계가 병합되기 전에 작업이 끝났습니다.",
  "The agent mends what the checks found; the result is checked after its last step.":
    "에이전트가 검사에서 발견된 것을 고치고 있습니다. 결과는 마지막 세부 단계가 끝난 뒤에 검사합니다.",
  "Not verified: what was verified is {0}": "검증되지 않음: 검증된 커밋은 {0}",
  "There are commits on top of {0}, the last one that Phasegate has verified. Nobody but you has looked at them.":
    "Phasegate가 마지막으로 검증한 {0} 커밋 위에 다른 커밋이 있습니다. 이 커밋들은 여러분 말고는 아무도 살펴보지 않았습니다.",
};

export const gate = {
  "Phase {0} of {1}, {2}: {3}": "{0}/{1}단계, {2}: {3}",
  "Part of #{0}": "이슈 #{0}의 일부입니다.",
  "Attempt {0}: {1}. This text changes when the checks have passed again; the {2} tells how far the agent is.":
    "{0}번째 시도: {1}. 검사를 다시 통과하면 이 글이 바뀝니다. 에이전트가 어디까지 했는지는 {2}에서 볼 수 있습니다.",
  "A conversation goes on on the issue, and this pull request has what it changed so far.":
    "이슈에서 대화가 진행 중이고, 이 풀 리퀘스트에는 지금까지 바뀐 것이 담겨 있습니다.",
  "The check after its last turn found what is listed below.": "마지막 차례 뒤의 검사에서 아래 사항이 발견되었습니다.",
  "{0} on the issue ends it, and makes this ready for review. The {1} tells how it stands.":
    "이슈에 {0} 댓글을 쓰면 대화가 끝나고 이 풀 리퀘스트를 검토할 수 있게 됩니다. 지금 상태는 {1}에서 볼 수 있습니다.",
  "The agent adds a commit for each step. Please do not merge before the checks have passed: this text then says so. The {0} tells how far the agent is.":
    "에이전트가 세부 단계마다 커밋을 추가합니다. 검사를 통과하기 전에는 병합하지 마세요. 통과하면 이 글에서 알려 드립니다. 에이전트가 어디까지 했는지는 {0}에서 볼 수 있습니다.",
  "The checks found faults, listed below. The {0} says whether another attempt runs or a person must decide.":
    "검사에서 아래와 같은 문제가 발견되었습니다. 다시 시도하는 중인지, 사람이 결정해야 하는지는 {0}에서 볼 수 있습니다.",
  "To have something changed first, request changes in a review, or comment {0}.":
    "먼저 바꿀 것이 있으면 검토에서 변경을 요청하거나 {0} 댓글을 쓰세요.",
  "**Approve this pull request, and Phasegate merges it as soon as the repository's own checks allow; that {0}.** {1}":
    "**이 풀 리퀘스트를 승인하면 리포지토리의 자체 검사를 통과하는 대로 Phasegate가 병합합니다. 병합되면 {0}.** {1}",
  "**Merging this pull request {0}.** {1}": "**이 풀 리퀘스트를 병합하면 {0}.** {1}",
  "starts phase {0}, {1}": "{0}단계({1})가 시작됩니다",
  "completes the task": "작업이 완료됩니다",
  "opens the last pull request, from {0}": "{0} 브랜치의 마지막 풀 리퀘스트가 열립니다",
  "Approvals by {0}, who asked for this work, do not count here: somebody else with write access approves it.":
    "이 작업을 요청한 {0} 님의 승인은 여기서 인정되지 않습니다. 쓰기 권한이 있는 다른 사람이 승인해야 합니다.",
  "- Merged by {0} before somebody else has approved it, the task waits for somebody else's {1}; then phase {2} starts.":
    "- 다른 사람이 승인하기 전에 {0} 님이 병합하면, 작업은 다른 사람의 {1} 댓글을 기다립니다. 그 뒤에 {2}단계가 시작됩니다.",
  "- You may commit to this branch before the merge.": "- 병합하기 전에 이 브랜치에 직접 커밋해도 됩니다.",
  "- You may commit to this branch before the merge: phase {0} builds on what is merged.":
    "- 병합하기 전에 이 브랜치에 직접 커밋해도 됩니다. {0}단계는 병합된 내용을 바탕으로 합니다.",
  "- A review that requests changes starts a rework by itself. Closing without a merge pauses the task.":
    "- 검토에서 변경을 요청하면 재작업이 저절로 시작됩니다. 병합하지 않고 닫으면 작업이 멈춥니다.",
  "- A comment on the issue takes the conversation up again, until this is merged.":
    "- 병합하기 전까지는 이슈에 댓글을 쓰면 대화가 다시 이어집니다.",
  "- {0} goes on without this phase, and nothing of it is merged.":
    "- {0} 댓글을 쓰면 이 단계 없이 계속하며, 이 단계의 내용은 병합되지 않습니다.",
  "What else you can do here": "여기서 더 할 수 있는 것",
  "- An approving review counts for the commit that it was given on. You may also merge by hand.":
    "- 승인 검토는 승인한 그 커밋에만 적용됩니다. 직접 병합해도 됩니다.",
  "- An approving review by anybody else with write access counts for the commit that it was given on. You may also merge by hand.":
    "- 쓰기 권한이 있는 다른 사람의 승인 검토는 승인한 그 커밋에만 적용됩니다. 직접 병합해도 됩니다.",
  "- An approving review is recorded; merging without one counts as approval.":
    "- 승인 검토는 기록됩니다. 승인 검토 없이 병합하면 병합을 승인으로 봅니다.",
  "- An approving review by anybody else with write access is recorded.":
    "- 쓰기 권한이 있는 다른 사람의 승인 검토는 기록됩니다.",
  "/rework <what to change>": "/rework <바꿀 내용>",
  "Accepted by {0} as it is.": "{0} 님이 그대로 받아들였습니다.",
  "Accepted by {0} although this is not met: {1}.": "{0} 님이 다음이 충족되지 않았는데도 받아들였습니다: {1}.",
  "**The repository's own checks** on {0}, when this was written: {1}.":
    "이 글을 쓸 때 {0} 커밋에 대한 **리포지토리의 자체 검사**: {1}.",
  "**The repository's own checks** run on an empty commit at the end of this branch; the commits of the steps ask GitHub to skip them.":
    "**리포지토리의 자체 검사**는 이 브랜치 끝의 빈 커밋에서 실행됩니다. 세부 단계의 커밋은 검사를 건너뛰도록 GitHub에 요청합니다.",
  "**The repository's own checks** wait. The settings of this repository hold its workflows back here, so it takes an approving review until the app adds an empty commit, on which they run; the commits of the steps ask GitHub to skip them.":
    "**리포지토리의 자체 검사**는 대기 중입니다. 이 리포지토리의 설정이 여기서 워크플로를 보류하므로, 승인 검토가 있어야 앱이 빈 커밋을 추가하고 그 커밋에서 검사가 실행됩니다. 세부 단계의 커밋은 검사를 건너뛰도록 GitHub에 요청합니다.",
  "**The repository's own checks** wait. Your workflows can use secrets or a write token, so it takes an approving review until the app adds an empty commit, on which they run; the commits of the steps ask GitHub to skip them.":
    "**리포지토리의 자체 검사**는 대기 중입니다. 이 리포지토리의 워크플로가 시크릿이나 쓰기 토큰을 쓸 수 있으므로, 승인 검토가 있어야 앱이 빈 커밋을 추가하고 그 커밋에서 검사가 실행됩니다. 세부 단계의 커밋은 검사를 건너뛰도록 GitHub에 요청합니다.",
  "{0} points of feedback": "피드백 {0}개",
  "none was open": "아직 처리되지 않은 것은 없었습니다",
  "{0} were open": "{0}개가 아직 처리되지 않았습니다",
  Feedback: "피드백",
  "Of {0}, {1} when this was written.": "이 글을 쓸 때 {0} 가운데 {1}.",
  "Questions and answers": "질문과 답변",
  Provided: "제공된 것",
  "- This phase: {0} tokens, {1} of {2}.": "- 이 단계: 토큰 {0}개, 예산 {2} 가운데 {1}.",
  "- This phase: {0} tokens, {1} of {2}; {3}.": "- 이 단계: 토큰 {0}개, 예산 {2} 가운데 {1}. {3}.",
  Cost: "비용",
  "Phase {0}, {1}": "{0}단계({1})",
  "- {0}: it may spend {1}. To set another limit with your approval, comment {2}.":
    "- {0}: {1}까지 쓸 수 있습니다. 승인하면서 한도를 다르게 정하려면 {2} 댓글을 쓰세요.",
  "- {0}: {1}, and it may spend {2}. To set another limit with your approval, comment {3}.":
    "- {0}: {1}. {2}까지 쓸 수 있습니다. 승인하면서 한도를 다르게 정하려면 {3} 댓글을 쓰세요.",
  Steps: "세부 단계",
  Delivered: "제출된 것",
  Documents: "문서",
  Files: "파일",
  "Other files": "다른 파일",
  Deleted: "삭제된 파일",
  "More are on the *Files changed* page.": "나머지는 *Files changed* 화면에 있습니다.",
  "Issue: {0}": "이슈: {0}",
  "Started by {0}": "{0} 님이 시작",
  "Model: {0}": "모델: {0}",
  "The rest is too long for this page.": "나머지는 너무 길어 이 페이지에 담지 못했습니다.",
};

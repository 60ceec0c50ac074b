export const status = {
  "Phasegate: {0} had this task deleted, and with it the texts and logs that the app kept of it. Its phase branches are deleted, too, where the repository's rules allow it.":
    "Phasegate: {0} 님이 이 작업을 삭제했습니다. 앱이 보관하던 이 작업의 텍스트와 로그도 함께 지워졌습니다. 리포지토리 규칙이 허용하면 단계 브랜치도 삭제됩니다.",
  "**Waits for you.** {0}": "**응답을 기다리고 있습니다.** {0}",
  "**Paused.** {0}": "**멈춰 있습니다.** {0}",
  "**Not started.** {0} set the label {1} without write access to this repository, or the issue lacks something that a comment here names.":
    "**아직 시작하지 않았습니다.** {0} 님이 이 리포지토리의 쓰기 권한 없이 {1} 레이블을 붙였거나, 이슈에 빠진 내용이 있습니다. 빠진 내용은 이 이슈의 댓글에 적혀 있습니다.",
  "somebody with write access reads the issue and comments {0} here. What such a comment names has to be mended before.":
    "쓰기 권한이 있는 사람이 이슈를 읽고 여기에 {0} 댓글을 쓰세요. 빠진 내용을 알리는 댓글이 있으면 그 내용을 먼저 고쳐야 합니다.",
  "**Completed** on {0}. {1}": "{0}에 **완료했습니다**. {1}",
  "nothing.": "할 일이 없습니다.",
  "nothing. The result is on {0}.": "할 일이 없습니다. 결과는 {0}에 있습니다.",
  "**Failed** on {0}: {1}": "{0}에 **실패했습니다**: {1}",
  "take the label {0} off and set it again to start a new task on this issue.":
    "이 이슈에서 새 작업을 시작하려면 {0} 레이블을 떼었다가 다시 붙이세요.",
  "**Cancelled** by {0} on {1}.": "{0} 님이 {1}에 **취소했습니다**.",
  "nothing more happens here. To start a new task on this issue, take the label {0} off and set it again.":
    "여기서는 더 진행되는 것이 없습니다. 이 이슈에서 새 작업을 시작하려면 {0} 레이블을 떼었다가 다시 붙이세요.",
  "There was nothing to merge.": "병합할 것이 없었습니다.",
  "All {0} merged.": "{0}를 모두 병합했습니다.",
  "{0} phases are": "단계 {0}개",
  "{0} merged, {1} skipped.": "{0}를 병합했고 {1}를 건너뛰었습니다.",
  "{0} were": "{0}개",
  "**Question {0}**": "**질문 {0}**",
  "its value does not work: {0}": "값이 작동하지 않습니다: {0}",
  "nothing to do now. {0} stops the task for a while, {1} ends it.":
    "지금은 할 일이 없습니다. {0} 명령은 작업을 잠시 멈추고, {1} 명령은 작업을 끝냅니다.",
  "**Starting.**": "**시작하고 있습니다.**",
  "Phase {0} of {1}, {2}": "{1}단계 중 {0}단계, {2}",
  "{0} the agent is done; what it delivered is being checked.":
    "{0} 에이전트가 일을 마쳤고, 제출한 내용을 검사하고 있습니다.",
  "{0} about to start.": "{0} 곧 시작합니다.",
  "a run is being asked for.": "실행을 요청하고 있습니다.",
  "the run": "실행",
  "{0} waits for a machine of GitHub Actions.": "{0}이 GitHub Actions 머신을 기다리고 있습니다.",
  "Watch the run": "실행 보기",
  "Right now: {0}": "지금: {0}",
  "Document: {0}": "문서: {0}",
  "This is attempt {0}, to mend what the checks found.": "이번은 {0}번째 시도이며, 검사에서 발견된 것을 고칩니다.",
  "the agent works on its reply.": "에이전트가 답글을 쓰고 있습니다.",
  "the agent finishes.": "에이전트가 마무리하고 있습니다.",
  "the agent works on step {0} of {1}, {2}.": "에이전트가 세부 단계 {1}개 중 {0}번째 {2} 작업을 하고 있습니다.",
  "**All phases are accepted**; {0} brings them into {1}.":
    "**모든 단계가 승인되었습니다**. {0} 풀 리퀘스트를 병합하면 {1}에 반영됩니다.",
  "review {0} and merge it to complete the task.": "{0} 풀 리퀘스트를 검토하고 병합하면 작업이 완료됩니다.",
  "**Waits for review.**": "**검토를 기다리고 있습니다.**",
  "comment {0} here.": "여기에 {0} 댓글을 쓰세요.",
  "{0} is approved by {1}.": "{0}: {1} 님이 승인했습니다.",
  "{0} was reviewed, and {1} asked for changes in {2}.":
    "{0}: 검토에서 {1} 님이 {2} 풀 리퀘스트의 변경을 요청했습니다.",
  "nothing to do now: the agent takes the changes up by itself, and the pull request then waits for another review.":
    "지금은 할 일이 없습니다. 에이전트가 요청받은 변경을 스스로 처리하고, 그 뒤에 풀 리퀘스트가 다시 검토를 기다립니다.",
  "{0} passed its checks and waits for review in {1}.":
    "{0}: 검사를 통과했고 {1} 풀 리퀘스트에서 검토를 기다리고 있습니다.",
  "{0} was accepted by {1} and waits for review in {2}.":
    "{0}: {1} 님이 받아들였고 {2} 풀 리퀘스트에서 검토를 기다리고 있습니다.",
  "review and approve {0}; Phasegate then merges it {1}.":
    "{1} {0} 풀 리퀘스트를 검토하고 승인하세요. 그러면 Phasegate가 병합합니다.",
  "review {0} and merge it {1}.": "{1} {0} 풀 리퀘스트를 검토하고 병합하세요.",
  "A review that requests changes, or {0} with what to change, sends the agent back to work.":
    "변경을 요청하는 검토나, 바꿀 내용을 적은 {0} 댓글을 쓰면 에이전트가 다시 작업합니다.",
  "A comment on the issue takes the conversation up again, until the merge.":
    "병합하기 전까지는 이슈에 댓글을 쓰면 대화가 다시 이어집니다.",
  "to start phase {0}, {1}": "{0}단계({1})를 시작하려면",
  "to complete the task": "작업을 완료하려면",
  "to have the last pull request opened": "마지막 풀 리퀘스트를 열려면",
  "Approvals by {0} do not count here.": "여기서 {0} 님의 승인은 인정되지 않습니다.",
  "somebody else reviews and approves {0} {1}.": "{1} 다른 사람이 {0} 풀 리퀘스트를 검토하고 승인해야 합니다.",
  "merge {0} {1}.": "{1} {0} 풀 리퀘스트를 병합하세요.",
  "Phasegate merges {0} {1} as soon as nothing stands against it: the repository's own checks, a veto, a newer commit. You may also merge it by hand.":
    "{1} {0} 풀 리퀘스트가 병합되어야 합니다. 리포지토리의 자체 검사, 거부, 더 새로운 커밋처럼 막는 것이 없어지면 Phasegate가 바로 병합합니다. 직접 병합해도 됩니다.",
  "nothing to do: Phasegate merges {0} {1}.":
    "할 일이 없습니다. {1} {0} 풀 리퀘스트가 병합되어야 하며, 이것은 Phasegate가 합니다.",
  "The repository's own checks: {0}.": "리포지토리의 자체 검사: {0}.",
  "| Phase | State | Steps | PR | Tokens, cost |": "| 단계 | 상태 | 세부 단계 | PR | 토큰, 비용 |",
  "○ to come": "○ 예정",
  "✔ merged": "✔ 병합됨",
  "✔ nothing to change": "✔ 바꿀 것 없음",
  "↷ skipped": "↷ 건너뜀",
  "✖ cancelled": "✖ 취소됨",
  "✖ failed": "✖ 실패",
  "‖ waits for you": "‖ 응답 대기",
  "‖ paused": "‖ 멈춤",
  "● in review": "● 검토 중",
  "● being checked": "● 검사 중",
  "● at work": "● 작업 중",
  "● starting": "● 시작 중",
  "Spent on this task: {0} tokens, {1} of {2}": "이 작업에 쓴 비용: 토큰 {0}개, {2} 가운데 {1}",
  "of this on phase {0}: {1} of {2}": "이 가운데 {0}단계: {2} 가운데 {1}",
  "- Model: {0}": "- 모델: {0}",
  "- What the agent goes by in this phase: {0}.": "- 에이전트가 이 단계에서 따르는 가이드: {0}.",
  "- The agent reads the issue as it was when {0} started the task (SHA-256 {1}); later edits change nothing.":
    "- 에이전트는 {0} 님이 작업을 시작했을 때의 이슈 내용을 읽습니다(SHA-256 {1}). 그 뒤에 이슈를 고쳐도 달라지지 않습니다.",
  "- {0} taken out before.": "- {0} 미리 제거했습니다.",
  "{0} hidden pieces of the issue's text (invisible characters, comments, alternative texts) were":
    "이슈 본문에 숨어 있던 내용(보이지 않는 문자, 주석, 대체 텍스트) {0}개를",
  "- The last check found {0}:": "- 마지막 검사에서 {0}를 발견했습니다:",
  "Details and what happened last": "자세한 내용과 최근에 일어난 일",
  "What happened last, newest first:": "최근에 일어난 일(최신순):",
  "Commands, for people with write access: {0}.": "쓰기 권한이 있는 사람이 쓸 수 있는 명령: {0}.",
  "Questions and answers:": "질문과 답변:",
  "What the agent needed:": "에이전트에게 필요했던 것:",
  "Errors that the agent reported, newest first:": "에이전트가 보고한 오류(최신순):",
  "- {0} earlier": "- 그 이전에 {0}개",
  "What the agent did last, newest first:": "에이전트가 최근에 한 일(최신순):",
  "Verification, attempt {0}: {1}.": "{0}번째 시도의 검증: {1}.",
  "The agent took {0} in this phase.": "에이전트가 이 단계에서 내린 결정: {0}.",
  "The agent took {0} in this phase; {1} vetoed.":
    "에이전트가 이 단계에서 내린 결정: {0}. 이 가운데 {1} 거부되었습니다.",
  "{0} are": "{0}개가",
  "{0} of {1} of feedback is open.": "피드백 {1} 가운데 {0}개가 아직 처리되지 않았습니다.",
  "{0} of {1} of feedback are open.": "피드백 {1} 가운데 {0}개가 아직 처리되지 않았습니다.",
  "{0} points": "{0}개",
};

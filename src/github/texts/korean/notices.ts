export const notices = {
  "*Next:* {0}": "*다음 할 일:* {0}",
  "{0} faults": "문제 {0}개",
  "The label {0} starts nothing: {1} is at work on this issue.":
    "{0} 레이블로 아무것도 시작하지 않았습니다. 이 이슈에서 {1} 작업이 진행 중입니다.",
  "One task runs on an issue at a time.": "한 이슈에서는 한 번에 작업 하나만 실행됩니다.",
  "let it end or comment `/cancel` here, then take {0} off and set it again. For two tasks at once, open a second issue.":
    "작업이 끝나기를 기다리거나 여기에 `/cancel` 댓글을 쓴 뒤, {0} 레이블을 떼었다가 다시 붙이세요. 두 작업을 동시에 하려면 이슈를 하나 더 여세요.",
  "The label {0} started nothing: what a task needs could not be looked up, however often the app tried.":
    "{0} 레이블로 아무것도 시작하지 못했습니다. 여러 번 시도했지만 작업에 필요한 정보를 읽지 못했습니다.",
  "The last try ended with: {0}": "마지막 시도의 결과: {0}",
  "comment {0} here to see what is missing, mend it, then take {1} off and set it again.":
    "여기에 {0} 댓글을 써서 무엇이 빠졌는지 확인하고 고친 뒤, {1} 레이블을 떼었다가 다시 붙이세요.",
  "The label {0} starts nothing: its playbook has {1} in this repository.":
    "{0} 레이블로 아무것도 시작하지 않았습니다. 이 리포지토리에 있는 이 레이블의 플레이북에 {1}가 있습니다.",
  "mend what stands below in the default branch, then take {0} off and set it again.":
    "아래에 적힌 것을 기본 브랜치에서 고친 뒤, {0} 레이블을 떼었다가 다시 붙이세요.",
  "**Phasegate looked at this repository: {0}.**": "**Phasegate가 이 리포지토리를 살펴보았습니다: {0}.**",
  "Phasegate knows no command {0}, so nothing was done. These are the commands:":
    "{0} 명령은 Phasegate에 없으므로 아무것도 하지 않았습니다. 쓸 수 있는 명령은 다음과 같습니다:",
  "{0} was not carried out: {1}": "{0} 명령을 실행하지 않았습니다: {1}",
  "the status comment of the issue says how the task stands and what it waits for; `/help` lists the commands.":
    "작업의 상태와 작업이 무엇을 기다리는지는 이슈의 상태 댓글에 있습니다. `/help` 댓글을 쓰면 명령 목록을 볼 수 있습니다.",
  "Your approval is recorded, but GitHub does not let {0} be merged yet.":
    "승인은 기록했지만, GitHub가 아직 {0} 풀 리퀘스트의 병합을 허용하지 않습니다.",
  "A rule of its base branch wants an approving review, and GitHub counts only one that is given on the pull request itself. The app cannot give it for you.":
    "대상 브랜치의 규칙에 따라 승인 검토가 필요하고, GitHub는 풀 리퀘스트에 직접 남긴 승인 검토만 인정합니다. 앱이 대신 남길 수는 없습니다.",
  "open {0}, choose *Approve* under *Review changes*, submit it, then merge {1}.":
    "{0} 화면을 열고 *Review changes*에서 *Approve*를 선택해 제출한 뒤, {1} 풀 리퀘스트를 병합하세요.",
  "{0} approved {1}, which holds commits that were not verified, so the app does not merge {2} by itself.":
    "{0} 님이 {1} 커밋을 승인했지만, 여기에는 검증되지 않은 커밋이 들어 있어 앱이 {2} 풀 리퀘스트를 스스로 병합하지 않습니다.",
  "They were pushed on top of what the app verified. This repository's settings say `merge: auto`, which merges nothing that nobody verified.":
    "앱이 검증한 내용 위에 푸시된 커밋입니다. 이 리포지토리의 설정은 `merge: auto`이며, 이 설정은 검증되지 않은 것을 병합하지 않습니다.",
  "merge {0} yourself, or comment `/rework` with what to change to have all of it verified.":
    "{0} 풀 리퀘스트를 직접 병합하거나, 바꿀 내용을 적은 `/rework` 댓글을 써서 전체를 검증하게 하세요.",
  "{0} answered a question of the agent, but that answer was not taken.":
    "{0} 님이 에이전트의 질문에 답했지만, 그 답변은 받아들여지지 않았습니다.",
  "Answers to this task count from people with write access to the repository, and from {0}, who opened the issue.":
    "이 작업에서는 리포지토리에 쓰기 권한이 있는 사람과 이슈를 연 {0} 님의 답변만 인정됩니다.",
  "if the answer is right, one of them says it again: `/answer` and the answer. This is said once.":
    "그 답변이 맞으면 그중 한 사람이 `/answer` 뒤에 답변을 적어 다시 알려 주세요. 이 안내는 한 번만 합니다.",
  "{0} vetoed decision {1}: {2}": "{0} 님이 결정 {1}번을 거부했습니다: {2}",
  "Without a reason the agent could only guess what would be better, so nothing is changed yet.":
    "이유가 없으면 에이전트가 무엇이 더 나은지 짐작할 수밖에 없으므로, 아직 아무것도 바꾸지 않았습니다.",
  "comment {0} here, with your reason. Or take the tick away to let the decision stand.":
    "이유를 적은 {0} 댓글을 여기에 쓰세요. 결정을 그대로 두려면 확인란의 선택을 해제하세요.",
  "This pull request conflicts with {0}, and can't be merged as it is.":
    "이 풀 리퀘스트는 {0} 브랜치와 충돌하여 이대로는 병합할 수 없습니다.",
  "merge {0} into this branch by hand and push it here.":
    "{0} 브랜치를 이 풀 리퀘스트의 브랜치에 직접 병합해 푸시하세요.",
  "The agent has brought the two together {0}, and {1} went on. It does not try again by itself.":
    "에이전트가 두 브랜치를 {0} 합쳤지만 {1} 브랜치가 그 뒤에 또 바뀌었습니다. 에이전트는 스스로 다시 시도하지 않습니다.",
  "{0} times": "{0}번",
  "merge {0} into this branch by hand and push it here; or comment {1} here, after which the agent resolves conflicts again.":
    "{0} 브랜치를 이 풀 리퀘스트의 브랜치에 직접 병합해 푸시하거나, 여기에 {1} 댓글을 쓰세요. 댓글을 쓰면 에이전트가 다시 충돌을 해결합니다.",
  "Both sides changed what the agent may not change in this phase, or what can't be merged as text: {0}.":
    "에이전트가 이 단계에서 바꿀 수 없거나 텍스트로 병합할 수 없는 파일을 양쪽에서 모두 바꾸었습니다: {0}.",
  "No file was found that both sides changed, so the agent has nothing to go by.":
    "양쪽에서 모두 바꾼 파일을 찾지 못해 에이전트가 무엇을 고쳐야 할지 알 수 없습니다.",
  "The repository's own checks never started on {0}.": "{0} 커밋에서 리포지토리의 자체 검사가 시작되지 않았습니다.",
  "See {0}.": "{0} 결과를 보세요.",
  "mend that and push a commit to this branch, which makes them start; or review the pull request without them and merge it.":
    "문제를 고치고 이 브랜치에 커밋을 푸시하면 검사가 시작됩니다. 검사 없이 풀 리퀘스트를 검토하고 병합해도 됩니다.",
  "The agent does not go at them again by itself.": "에이전트는 스스로 다시 고치려고 하지 않습니다.",
  "The repository's own checks failed on {0}.": "{0} 커밋에서 리포지토리의 자체 검사가 실패했습니다.",
  "The repository's own checks failed on {0}: {1}": "{0} 커밋에서 리포지토리의 자체 검사가 실패했습니다: {1}",
  "The agent was sent back for them {0}.": "에이전트가 이 때문에 {0} 재작업했습니다.",
  "have the failed ones run again if they fail now and then; comment {0} here to send the agent back with your words; push the repair to this branch yourself; or merge all the same.":
    "가끔 실패하는 검사라면 실패한 것만 다시 실행하세요. 에이전트에게 다시 맡기려면 여기에 {0} 댓글을 쓰세요. 직접 고쳐서 이 브랜치에 푸시하거나, 이대로 병합해도 됩니다.",
  "The repository's own checks on {0}: {1}.": "{0} 커밋에 대한 리포지토리의 자체 검사: {1}.",
  "nothing to do now.": "지금은 할 일이 없습니다.",
  "- **Question {0}:** {1}": "- **질문 {0}:** {1}",
  "The agent has waited for a day for an answer:": "에이전트가 하루째 답변을 기다리고 있습니다:",
  "The agent has waited for a day for answers:": "에이전트가 하루째 다음 질문들의 답변을 기다리고 있습니다:",
  "This is the only reminder: the task waits for as long as it takes.":
    "다시 알리지는 않습니다. 작업은 답변이 올 때까지 기다립니다.",
  "**The value of {0} was tried before the agent got it, and does not work.**":
    "**{0} 값을 에이전트에게 주기 전에 시험해 보았으나 작동하지 않습니다.**",
  "The task waits for another one.": "작업은 다른 값을 기다리고 있습니다.",
  "give it a new value among the {0} or {1}. It is tried again as soon as it is there; the request for it says more.":
    "{0} 또는 {1} 화면에서 새 값을 넣으세요. 값이 들어오는 대로 다시 시험합니다. 자세한 내용은 이 값을 요청한 댓글에 있습니다.",
  "repository secrets": "리포지토리 시크릿",
  variables: "변수",
  "a repository secret": "리포지토리 시크릿",
  "**A comment here holds what looks like a credential: {0}.** It was not taken as an answer, and the agent did not get it.":
    "**여기 댓글에 자격 증명으로 보이는 것이 들어 있습니다: {0}.** 답변으로 받아들이지 않았고, 에이전트에게도 전달하지 않았습니다.",
  "Phasegate hid the comment. Everybody can still unfold it, and GitHub has sent it out by mail: whoever follows this repository may have it.":
    "Phasegate가 댓글을 숨겼습니다. 그래도 누구나 펼쳐 볼 수 있고, GitHub가 이미 메일로 보냈습니다. 이 리포지토리를 지켜보는 사람은 모두 그 값을 가지고 있을 수 있습니다.",
  "GitHub did not let Phasegate hide the comment. Everybody can still read it, and GitHub has sent it out by mail: whoever follows this repository may have it.":
    "GitHub가 허용하지 않아 Phasegate가 댓글을 숨기지 못했습니다. 누구나 읽을 수 있고, GitHub가 이미 메일로 보냈습니다. 이 리포지토리를 지켜보는 사람은 모두 그 값을 가지고 있을 수 있습니다.",
  "whoever it belongs to": "자격 증명의 주인은 다음과 같이 하세요.",
  "1. revokes it where it was made, and makes a new one,": "1. 발급한 곳에서 폐기하고 새로 만드세요.",
  "2. deletes the comment (*⋯*, then *Delete*),": "2. 댓글을 삭제하세요(*⋯*, *Delete* 순서로 선택).",
  "3. adds the new one as {0}, never as a comment.": "3. 새로 만든 것은 댓글이 아니라 {0} 화면에서 추가하세요.",
  "3. adds the new one as {0} with the name {1}, never as a comment.":
    "3. 새로 만든 것은 댓글이 아니라 {0} 화면에서 {1} 이름으로 추가하세요.",
  "The current {0}, to be copied": "복사할 현재 {0} 내용",
  "Write a command at the start of a line of its own, in a comment on the issue or on a pull request of its task. People with write access may give commands; questions may also be answered by whoever opened the issue.":
    "명령은 이슈나 그 작업의 풀 리퀘스트에 다는 댓글에서, 따로 한 줄을 써서 줄 맨 앞에 적으세요. 쓰기 권한이 있는 사람이 명령할 수 있고, 질문에는 이슈를 연 사람도 답할 수 있습니다.",
  "What was asked for outside of threads is answered:": "스레드 밖에서 요청한 것에 대한 답입니다:",
  "look at the changes in the pull request. Where something is still missing, request changes in a review or comment `/rework` with what to change.":
    "풀 리퀘스트에서 바뀐 내용을 살펴보세요. 아직 빠진 것이 있으면 검토에서 변경을 요청하거나, 바꿀 내용을 적은 `/rework` 댓글을 쓰세요.",
  "The repository's own checks": "리포지토리의 자체 검사",
  "A conflict with the base branch": "대상 브랜치와의 충돌",
  "What follows from a changed item": "바뀐 항목에 따라 달라지는 것",
  "{0}, who vetoed decision {1}": "결정 {1}번을 거부한 {0} 님",
  "{0} in a review": "{0} 님의 검토",
  "{0} with `/rework`": "{0} 님의 `/rework`",
  "This repository runs an older Phasegate action than the app: it speaks version {0} of their protocol, the app version {1}.":
    "이 리포지토리에서 실행되는 Phasegate 액션이 앱보다 오래되었습니다. 프로토콜 버전이 액션은 {0}, 앱은 {1}입니다.",
  "Runs still work, but what came with the newer version is missing, and an app after this one may refuse the old action.":
    "실행은 되지만 새 버전에 들어온 기능이 빠져 있고, 앞으로 앱이 더 새로워지면 오래된 액션을 거부할 수 있습니다.",
  "{0}: let the line with {1} say {2}, and commit it to {3}. The next run takes it.":
    "{0} 링크를 열어 {1} 줄을 {2} 내용으로 바꾸고 {3} 브랜치에 커밋하세요. 다음 실행부터 적용됩니다.",
  "edit {0}": "{0} 편집",
};

export const blocked = {
  "What was delivered so far is kept.": "지금까지 제출된 것은 그대로 남아 있습니다.",
  "The run could not start: {0} is missing on {1}.": "실행을 시작하지 못했습니다: {1} 브랜치에 {0} 파일이 없습니다.",
  "The agent works inside GitHub Actions of this repository, and this file is what runs there. Phasegate has no permission to write workflow files, so a person must.":
    "에이전트는 이 리포지토리의 GitHub Actions 안에서 작업하고, 거기서 실행되는 것이 이 파일입니다. Phasegate에는 워크플로 파일을 쓸 권한이 없으므로 사람이 해야 합니다.",
  "create the file with its content filled in": "내용이 채워진 파일 만들기",
  "{0}, commit it to {1}, then comment `/run` here.":
    "{0} 링크에서 파일을 만들어 {1} 브랜치에 커밋한 뒤, 여기에 `/run` 댓글을 쓰세요.",
  "The run could not start: GitHub Actions, or the Phasegate workflow, is switched off in this repository.":
    "실행을 시작하지 못했습니다: 이 리포지토리에서 GitHub Actions 또는 Phasegate 워크플로가 꺼져 있습니다.",
  "The agent works inside GitHub Actions of this repository, so nothing can start without them.":
    "에이전트는 이 리포지토리의 GitHub Actions 안에서 작업하므로, 꺼져 있으면 아무것도 시작할 수 없습니다.",
  "Phasegate workflow": "Phasegate 워크플로",
  "allow Actions under {0}, and if the {1} says that it is disabled, press *Enable workflow*. Then comment `/run` here.":
    "{0} 화면에서 Actions를 허용하고, {1} 화면에 비활성화되었다고 나오면 *Enable workflow*를 누르세요. 그런 다음 여기에 `/run` 댓글을 쓰세요.",
  "The run could not start: this repository has no key for Claude.":
    "실행을 시작하지 못했습니다: 이 리포지토리에 Claude 키가 없습니다.",
  "The agent needs a secret named `ANTHROPIC_API_KEY` or `CLAUDE_CODE_OAUTH_TOKEN`, of this repository or shared with it by its organisation. The key stays in GitHub: the app sees its name, never its value.":
    "에이전트에게는 이 리포지토리에 있거나 조직이 이 리포지토리에 공유한 `ANTHROPIC_API_KEY` 또는 `CLAUDE_CODE_OAUTH_TOKEN` 시크릿이 필요합니다. 키는 GitHub에만 있습니다. 앱은 이름만 보고 값은 보지 않습니다.",
  "add the secret": "시크릿 추가",
  "{0}, then comment `/run` here.": "{0} 화면에서 추가한 뒤, 여기에 `/run` 댓글을 쓰세요.",
  "The run could not start: this repository has no commit yet.":
    "실행을 시작하지 못했습니다: 이 리포지토리에는 아직 커밋이 없습니다.",
  "Each phase is a pull request, and that needs a branch to merge into.":
    "단계마다 풀 리퀘스트를 하나씩 만들기 때문에, 병합할 브랜치가 있어야 합니다.",
  "make a first commit": "첫 커밋 만들기",
  "{0} (a README will do), then comment `/run` here.":
    "{0} 링크에서 첫 커밋을 만든 뒤(README 하나면 됩니다), 여기에 `/run` 댓글을 쓰세요.",
  "The run": "실행",
  "{0} ended without ever reaching the Phasegate app.": "{0}이 Phasegate 앱에 한 번도 연결하지 못하고 끝났습니다.",
  "the run's log": "실행 로그",
  "Runners must be able to open {0}. The app may be down, its `PUBLIC_URL` may be wrong, or a firewall stands between. The first lines of {1} say which.":
    "러너에서 {0} 주소를 열 수 있어야 합니다. 앱이 꺼져 있거나, 앱의 `PUBLIC_URL`이 잘못되었거나, 방화벽에 막혀 있을 수 있습니다. 어느 것인지는 {1}의 첫 몇 줄에 나옵니다.",
  "have the operator of the app check `PUBLIC_URL`, compare it with {0} in {1}, then comment `/run` here.":
    "앱 운영자에게 `PUBLIC_URL`을 확인하고 {1} 파일의 {0} 값과 비교해 달라고 요청한 뒤, 여기에 `/run` 댓글을 쓰세요.",
  "The run did not go ahead: {0}": "실행이 진행되지 않았습니다: {0}",
  "GitHub decides whether a run goes ahead: by the workflow file on the default branch, by the repository's Actions settings and rulesets, and by whoever presses *Cancel workflow*. What was delivered so far is kept.":
    "실행을 진행할지는 GitHub가 정합니다. 기본 브랜치의 워크플로 파일, 리포지토리의 Actions 설정과 규칙 세트, 그리고 누군가 누른 *Cancel workflow*가 영향을 줍니다. 지금까지 제출된 것은 그대로 남아 있습니다.",
  "if somebody cancelled it, comment `/retry` here to go on or `/cancel` to end the task. Otherwise mend what the message above names, in the {0} or under {1}, then comment `/retry` here.":
    "누군가 취소한 것이라면, 계속하려면 여기에 `/retry` 댓글을, 작업을 끝내려면 `/cancel` 댓글을 쓰세요. 그렇지 않으면 위 메시지가 알리는 것을 {0} 또는 {1} 화면에서 고친 뒤, 여기에 `/retry` 댓글을 쓰세요.",
  "The run broke off {0} in a row, last because of this: {1}":
    "실행이 연달아 {0} 중단되었습니다. 마지막 이유는 다음과 같습니다: {1}",
  "The machine, the network or the model's provider failed, not the agent. What was delivered so far is kept.":
    "에이전트가 아니라 머신이나 네트워크, 모델 제공자에 문제가 있었습니다. 지금까지 제출된 것은 그대로 남아 있습니다.",
  "the last run": "마지막 실행",
  "if the message above speaks of authentication or billing, renew the key under {0}; otherwise see how {1} ended. Then comment `/retry` here to go on from the last finished step.":
    "위 메시지가 인증이나 결제에 관한 것이면 {0} 화면에서 키를 갱신하고, 그렇지 않으면 {1}이 어떻게 끝났는지 확인하세요. 그런 다음 여기에 `/retry` 댓글을 쓰면 마지막으로 끝난 세부 단계부터 계속합니다.",
  "Claude's usage limit is reached: {0}": "Claude의 사용 한도에 도달했습니다: {0}",
  "The limit belongs to the account behind this repository's key for Claude, and holds for all tasks that use it. What was delivered so far is kept.":
    "이 한도는 이 리포지토리의 Claude 키가 속한 계정의 한도이며, 그 키를 쓰는 모든 작업에 적용됩니다. 지금까지 제출된 것은 그대로 남아 있습니다.",
  "nothing to do: it is tried again every now and then, and the task goes on by itself when the limit has lifted.":
    "할 일이 없습니다. 가끔 다시 시도하며, 한도가 풀리면 작업이 저절로 계속됩니다.",
  "nothing to do: the task goes on by itself at {0}.": "할 일이 없습니다. 작업은 {0}에 저절로 계속됩니다.",
  "The agent waits for an answer.": "에이전트가 답변을 기다리고 있습니다.",
  "The agent waits for answers.": "에이전트가 답변들을 기다리고 있습니다.",
  "It asked what it cannot decide for you. Nothing runs meanwhile, so waiting costs nothing.":
    "에이전트가 대신 정할 수 없는 것을 물었습니다. 그동안 아무것도 실행되지 않으므로, 기다려도 비용이 들지 않습니다.",
  "your words": "답변 내용",
  "answer here, for example {0}. The task goes on by itself when nothing is open any more.":
    "여기에 답하세요. 예: {0}. 남은 것이 없으면 작업이 저절로 계속됩니다.",
  "The agent needs what only people can provide.": "에이전트에게 사람만 제공할 수 있는 것이 필요합니다.",
  "It cannot go on without. Nothing runs meanwhile, so waiting costs nothing.":
    "그것 없이는 계속할 수 없습니다. 그동안 아무것도 실행되지 않으므로, 기다려도 비용이 들지 않습니다.",
  "provide it as its comment says, or comment {0} to have the agent go on without. The task goes on by itself when nothing is open any more.":
    "해당 댓글에 적힌 대로 제공하거나, 에이전트가 그것 없이 계속하게 하려면 {0} 댓글을 쓰세요. 남은 것이 없으면 작업이 저절로 계속됩니다.",
  "The agent has replied, and waits for what you say next.": "에이전트가 답했고, 다음 말씀을 기다리고 있습니다.",
  "This task is a conversation: each comment on the issue is its next turn. Nothing runs meanwhile, so waiting costs nothing.":
    "이 작업은 대화입니다. 이슈에 쓰는 댓글 하나하나가 다음 차례가 됩니다. 그동안 아무것도 실행되지 않으므로, 기다려도 비용이 들지 않습니다.",
  "Pull request {0} was closed without a merge, so the task waits.":
    "{0} 풀 리퀘스트가 병합되지 않고 닫혀서 작업이 기다리고 있습니다.",
  "A phase is accepted by merging its pull request; closing it says that something is wrong with it.":
    "단계는 풀 리퀘스트를 병합해서 승인합니다. 닫았다는 것은 무언가 잘못되었다는 뜻입니다.",
  "comment `/run` here to reopen it and go on (if its branch was deleted, restore that first, on the pull request's page), or `/cancel` to end the task.":
    "다시 열고 계속하려면 여기에 `/run` 댓글을 쓰세요(브랜치를 삭제했다면 먼저 풀 리퀘스트 화면에서 복원하세요). 작업을 끝내려면 `/cancel` 댓글을 쓰세요.",
  "The run could not start, because of what {0} says:": "{0} 파일의 내용 때문에 실행을 시작하지 못했습니다:",
  "It says who may approve and who merges, so nothing starts on a guess of it. What was delivered so far is kept.":
    "누가 승인할 수 있고 누가 병합하는지를 정하는 파일이므로, 짐작으로 시작하지 않습니다. 지금까지 제출된 것은 그대로 남아 있습니다.",
  "mend {0}": "{0} 고치기",
  "{0} on {1} (or the file that is named above), or delete it to have the defaults. Then comment `/run` here.":
    "{1} 브랜치에서 {0} 링크로 파일을(또는 위에 적힌 파일을) 고치거나, 기본값을 쓰려면 삭제하세요. 그런 다음 여기에 `/run` 댓글을 쓰세요.",
  "{0} cells or files are": "칸 또는 파일 {0}개가",
  "The plan of phase {0}, {1}, can't be worked by: {2} not as expected. {3}":
    "{0}단계({1})의 계획대로 작업할 수 없습니다: {2} 예상과 다릅니다. {3}",
  "Its tables are what the next phases are made of, so nothing starts on a guess of them. What is merged stays.":
    "다음 단계들은 이 계획의 표로 만들어지므로, 짐작으로 시작하지 않습니다. 병합된 것은 그대로 있습니다.",
  "mend the tables on {0} and comment `/run` here to have them read again, or `/cancel` to end the task.":
    "{0} 브랜치의 표를 고치고 여기에 `/run` 댓글을 쓰면 다시 읽습니다. 작업을 끝내려면 `/cancel` 댓글을 쓰세요.",
  "The task was stopped, because {0} things happened to it within a minute.":
    "1분 안에 이 작업에 {0}가지 일이 일어나서 작업을 멈췄습니다.",
  "Work does not do that, so something goes in circles: most often another app, or a workflow of this repository, that answers what this app writes. What was delivered so far is kept.":
    "정상적인 작업에서는 일어나지 않는 일이므로, 무언가가 맴돌고 있습니다. 대개는 이 앱이 쓴 글에 다른 앱이나 이 리포지토리의 워크플로가 반응하는 경우입니다. 지금까지 제출된 것은 그대로 남아 있습니다.",
  "runs of the workflows": "워크플로 실행 목록",
  "see who wrote or changed something here again and again (the {0} may tell), and switch that off. Then comment `/resume` here to go on, or `/cancel` to end the task.":
    "여기서 무엇이 되풀이해서 쓰거나 바꾸었는지 확인하고({0}에서 알 수 있습니다) 그것을 끄세요. 그런 다음 계속하려면 여기에 `/resume` 댓글을, 작업을 끝내려면 `/cancel` 댓글을 쓰세요.",
  "{0} paused the task, and its run was stopped.": "{0} 님이 작업을 일시 중지했고, 실행을 멈췄습니다.",
  "Finished steps are kept. An open pull request can still be merged, but the next phase waits.":
    "끝난 세부 단계는 남아 있습니다. 열린 풀 리퀘스트는 병합할 수 있지만, 다음 단계는 기다립니다.",
  "comment `/resume` here to go on, or `/cancel` to end the task.":
    "계속하려면 여기에 `/resume` 댓글을, 작업을 끝내려면 `/cancel` 댓글을 쓰세요.",
  "The task waits, because {0} closed its issue.": "{0} 님이 이슈를 닫아서 작업이 기다리고 있습니다.",
  "A closed issue asks for no more work. What was delivered so far is kept.":
    "닫힌 이슈는 더 이상 작업을 요청하지 않습니다. 지금까지 제출된 것은 그대로 남아 있습니다.",
  "reopen the issue; when somebody with write access does, the task goes on by itself. Or comment `/run` here to go on although it is closed, or `/cancel` to end the task.":
    "이슈를 다시 여세요. 쓰기 권한이 있는 사람이 다시 열면 작업이 저절로 계속됩니다. 닫힌 채로 계속하려면 여기에 `/run` 댓글을, 작업을 끝내려면 `/cancel` 댓글을 쓰세요.",
  "The task waits, because this repository is archived.": "이 리포지토리가 보관 처리되어서 작업이 기다리고 있습니다.",
  "GitHub lets nobody write to an archived repository, not even a comment. What was delivered so far is kept.":
    "GitHub에서는 보관된 리포지토리에 누구도 쓸 수 없고, 댓글도 쓸 수 없습니다. 지금까지 제출된 것은 그대로 남아 있습니다.",
  "press *Unarchive this repository* at the end of {0}. The task then goes on by itself.":
    "{0} 화면의 맨 아래에서 *Unarchive this repository*를 누르세요. 그러면 작업이 저절로 계속됩니다.",
  "The task waits, because Phasegate is suspended here.":
    "여기서 Phasegate 설치가 일시 중단되어서 작업이 기다리고 있습니다.",
  "The task waits, because Phasegate has no access to this repository any more.":
    "Phasegate가 더 이상 이 리포지토리에 접근할 수 없어서 작업이 기다리고 있습니다.",
  "Without its installation the app can neither read nor write here. What was delivered so far is kept.":
    "설치되어 있지 않으면 앱은 여기서 읽을 수도 쓸 수도 없습니다. 지금까지 제출된 것은 그대로 남아 있습니다.",
  "end the suspension under {0}. The task then goes on by itself.":
    "{0} 화면에서 일시 중단을 해제하세요. 그러면 작업이 저절로 계속됩니다.",
  "give Phasegate access to this repository again under {0}. The task then goes on by itself.":
    "{0} 화면에서 Phasegate가 이 리포지토리에 다시 접근하게 하세요. 그러면 작업이 저절로 계속됩니다.",
  "Phasegate could not go on: {0}": "Phasegate가 계속하지 못했습니다: {0}",
  "It was tried several times, and each try failed ({0}). Nothing is lost.":
    "여러 번 시도했지만 매번 실패했습니다({0}). 잃어버린 것은 없습니다.",
  "if the message above names a permission, accept it for Phasegate under {0}; if it names a rule or a branch, mend that. Then comment `/retry` here to try again, or `/cancel` to end the task.":
    "위 메시지에 권한이 나오면 {0} 화면에서 Phasegate에 그 권한을 허용하고, 규칙이나 브랜치가 나오면 그것을 고치세요. 그런 다음 다시 시도하려면 여기에 `/retry` 댓글을, 작업을 끝내려면 `/cancel` 댓글을 쓰세요.",
  "to go on": "계속하려면",
  "somebody else with write access comments `/approve` here {0}.":
    "{0} 쓰기 권한이 있는 다른 사람이 여기에 `/approve` 댓글을 써야 합니다.",
  "somebody else with write access looks at {0} and comments `/approve` here {1}.":
    "{1} 쓰기 권한이 있는 다른 사람이 {0} 풀 리퀘스트를 보고 여기에 `/approve` 댓글을 써야 합니다.",
  "Or comment `/cancel` to end the task.": "작업을 끝내려면 `/cancel` 댓글을 쓰세요.",
  "Phase {0}, {1}, was merged by {2}, and nobody else has approved it.":
    "{2} 님이 {0}단계({1})를 병합했지만, 다른 사람의 승인이 없습니다.",
  "The settings of this repository ({0}) ask for the approval of somebody who neither opened the issue nor started the task. The merge stays.":
    "이 리포지토리의 설정({0})은 이슈를 열지도 작업을 시작하지도 않은 사람의 승인을 요구합니다. 병합은 그대로 있습니다.",
  "the log of {0} says what the agent did instead": "에이전트가 대신 무엇을 했는지는 {0}의 로그에 나옵니다",
  ", `/skip-phase` to go on without this phase": ", 이 단계 없이 계속하려면 `/skip-phase` 댓글을",
  "Or commit what is wanting yourself to {0}, then {1} {2}.":
    "또는 부족한 것을 {0} 브랜치에 직접 커밋하세요. 그런 다음 {2} {1}.",
  "Two attempts in a row at {0} changed no file; {1} are spent on the phase.":
    "{0}에서 연달아 두 번의 시도가 파일을 하나도 바꾸지 않았습니다. 이 단계에 {1} 썼습니다.",
  "The last {0} spent on {1} changed no file.": "{1}에 마지막으로 쓴 {0} 동안 파일이 하나도 바뀌지 않았습니다.",
  "Going on like this would only cost more; {0}. What was delivered so far is kept.":
    "이대로 계속하면 비용만 더 듭니다. {0}. 지금까지 제출된 것은 그대로 남아 있습니다.",
  "comment `/retry` here to have it tried again{0}, or `/cancel` to end the task.":
    "다시 시도하려면 여기에 `/retry` 댓글을{0}, 작업을 끝내려면 `/cancel` 댓글을 쓰세요.",
  "{0} attempts": "{0}번의 시도",
  ", each time for the same faults: another attempt would bring them once more":
    ". 매번 같은 문제였으므로, 다시 시도해도 같은 결과가 나올 것입니다",
  "write a comment to go on with the conversation,": "대화를 이어 가려면 댓글을 쓰세요.",
  "The details of the status comment list what is wanting.": "부족한 것은 상태 댓글의 자세한 내용에 있습니다.",
  "{0} lists what is wanting.": "부족한 것은 {0} 풀 리퀘스트에 있습니다.",
  ", `/accept` to take the phase as it is": ", 단계를 지금 그대로 받아들이려면 `/accept` 댓글을",
  "Or commit the repair yourself to {0}, then {1} {2}.":
    "또는 고친 것을 {0} 브랜치에 직접 커밋하세요. 그런 다음 {2} {1}.",
  "{0} did not pass its checks in {1}{2}.": "{0}: {1} 안에 검사를 통과하지 못했습니다{2}.",
  "{0} was not finished in {1}.": "{0}: {1} 안에 끝나지 않았습니다.",
  "The agent ended before its work was done; the log of {0} says where.":
    "에이전트가 일을 다 끝내기 전에 멈췄습니다. 어디서 멈췄는지는 {0}의 로그에 나옵니다.",
  "the default branch, {0}": "기본 브랜치인 {0}",
  "{0}, the branch that this task is for": "이 작업의 대상 브랜치인 {0}",
  "Each phase starts from {0}, so what is not merged there is missing in the next one.":
    "각 단계는 {0} 브랜치에서 시작하므로, 거기에 병합되지 않은 것은 다음 단계에 없습니다.",
  "Pull request {0} was merged into {1}, so the task waits.":
    "{0} 풀 리퀘스트가 {1} 브랜치에 병합되어서 작업이 기다리고 있습니다.",
  "bring {0} into {1} and comment `/accept` here to go on, or `/cancel` to end the task.":
    "{0} 브랜치를 {1} 브랜치에 반영한 뒤 계속하려면 여기에 `/accept` 댓글을, 작업을 끝내려면 `/cancel` 댓글을 쓰세요.",
  "Pull request {0} now points at {1}, so the task waits.":
    "{0} 풀 리퀘스트의 대상이 이제 {1} 브랜치여서 작업이 기다리고 있습니다.",
  "press *Edit* beside the title of {0} and set its base back to {1}. The task then goes on by itself. Or comment `/cancel` here to end it.":
    "{0} 제목 옆의 *Edit*를 누르고 대상 브랜치를 {1} 브랜치로 되돌리세요. 그러면 작업이 저절로 계속됩니다. 작업을 끝내려면 여기에 `/cancel` 댓글을 쓰세요.",
  "{0}, or put the content in the place of what is there":
    "{0} 링크에서 파일을 만들거나 이미 있는 파일의 내용을 바꾸고",
  "create the file": "파일 만들기",
  "{0} with the content that the comment of this pause shows, or put it in the place of what is there":
    "{0} 링크에서 일시 중지를 알린 댓글에 있는 내용으로 파일을 만들거나 이미 있는 파일의 내용을 그것으로 바꾸고",
  "The task waits for {0} on {1}.": "작업이 {1} 브랜치의 {0} 파일을 기다리고 있습니다.",
  "It is what runs the workflow, made from its definition. Phasegate has no permission to write workflow files, so a person must.":
    "워크플로의 정의로 만든, 워크플로를 실행하는 파일입니다. Phasegate에는 워크플로 파일을 쓸 권한이 없으므로 사람이 해야 합니다.",
  "{0}, and commit it to {1}; the task goes on by itself once it is there, or comment `/run` here. With the permission *Workflows: write* the app does this by itself the next time.":
    "{0} {1} 브랜치에 커밋하세요. 파일이 생기면 작업이 저절로 계속되며, 여기에 `/run` 댓글을 써도 됩니다. *Workflows: write* 권한이 있으면 다음부터는 앱이 직접 합니다.",
  "The run could not start: {0}": "실행을 시작하지 못했습니다: {0}",
  "{0} on {1}: put the current file in the place of all that is there, commit it, then comment `/retry` here.":
    "{1} 브랜치에서 {0} 링크를 열어 전체 내용을 현재 파일로 바꾸고 커밋한 뒤, 여기에 `/retry` 댓글을 쓰세요.",
  "It said: {0}": "받은 메시지: {0}",
  "Claude does not take this repository's key.": "Claude가 이 리포지토리의 키를 받아들이지 않습니다.",
  "The key may be wrong, revoked or expired.": "키가 잘못되었거나, 취소되었거나, 만료되었을 수 있습니다.",
  "whoever holds the account renews the secret `ANTHROPIC_API_KEY` or `CLAUDE_CODE_OAUTH_TOKEN` under {0}. Then comment `/run` here.":
    "계정 소유자가 {0} 화면에서 `ANTHROPIC_API_KEY` 또는 `CLAUDE_CODE_OAUTH_TOKEN` 시크릿을 갱신해야 합니다. 그런 다음 여기에 `/run` 댓글을 쓰세요.",
  "The account behind this repository's key for Claude has nothing left to pay with.":
    "이 리포지토리의 Claude 키가 속한 계정에 남은 크레딧이 없습니다.",
  "Unlike a usage limit this does not lift by itself.": "사용 한도와 달리 이것은 저절로 풀리지 않습니다.",
  "whoever holds the account adds credit or a means of payment at its provider. Then comment `/run` here.":
    "계정 소유자가 제공자에서 크레딧이나 결제 수단을 추가해야 합니다. 그런 다음 여기에 `/run` 댓글을 쓰세요.",
  "The account behind this repository's key for Claude cannot use the model that the app asks for.":
    "이 리포지토리의 Claude 키가 속한 계정은 앱이 요청하는 모델을 쓸 수 없습니다.",
  "The name of the model is a setting of the app.": "모델 이름은 앱의 설정입니다.",
  "the operator of the app sets `CLAUDE_MODEL` to a model that the account has. Then comment `/run` here.":
    "앱 운영자가 `CLAUDE_MODEL`을 그 계정이 쓸 수 있는 모델로 설정해야 합니다. 그런 다음 여기에 `/run` 댓글을 쓰세요.",
  "To go on today, raise {0} in {1} and comment {2} here.":
    "오늘 계속하려면 {1} 파일의 {0} 값을 올리고 여기에 {2} 댓글을 쓰세요.",
  "The operator of the app can raise `DAY_BUDGET_USD`.": "앱 운영자가 `DAY_BUDGET_USD`를 올릴 수 있습니다.",
  "The agent stops before a call that could cost more than what is left. What was delivered so far is kept.":
    "에이전트는 남은 예산보다 비용이 더 들 수 있는 호출 전에 멈춥니다. 지금까지 제출된 것은 그대로 남아 있습니다.",
  "The day's budget of this repository's key for Claude is used up: {0} of {1} spent by all tasks that use it.":
    "이 리포지토리의 Claude 키에 정해진 하루 예산을 모두 썼습니다. 이 키를 쓰는 모든 작업이 {1} 가운데 {0} 썼습니다.",
  "A day lasts from midnight to midnight, UTC.": "하루는 UTC 자정부터 다음 자정까지입니다.",
  "nothing to do: the task goes on by itself after midnight, UTC.":
    "할 일이 없습니다. 작업은 UTC 자정이 지나면 저절로 계속됩니다.",
  "Or, to accept what is there, {0} {1}.": "또는 지금 있는 결과를 받아들여 {1} {0}.",
  "this task": "이 작업",
  "The budget of {0} is used up: {1} of {2} spent.": "{0}의 예산을 모두 썼습니다. {2} 가운데 {1} 썼습니다.",
  "the phase": "이 단계",
  "the task": "이 작업",
  "comment `/budget {0}` here to let {1} spend up to {2} in all and go on, or `/cancel` to end the task.":
    "{1}에서 모두 합쳐 {2}까지 쓰고 계속하게 하려면 여기에 `/budget {0}` 댓글을, 작업을 끝내려면 `/cancel` 댓글을 쓰세요.",
  "press *Ready for review* on {0} and merge it": "{0} 풀 리퀘스트에서 *Ready for review*를 누르고 병합하세요",
  "merge {0}": "{0} 풀 리퀘스트를 병합하세요",
  "this phase": "이 단계",
  "phase {0}, {1},": "{0}단계({1})",
};

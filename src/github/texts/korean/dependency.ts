export const dependency = {
  "Provided: {0}": "제공됨: {0}",
  "Skipped: {0}": "건너뜀: {0}",
  "Not provided: {0}": "제공되지 않음: {0}",
  "The value of {0} does not work": "{0} 값이 작동하지 않습니다",
  "The agent needs {0}": "에이전트에게 필요한 항목: {0}",
  "The agent could use {0}": "에이전트에게 있으면 좋은 항목: {0}",
  open: "기다리는 중",
  "not there; the agent goes on without": "없음, 에이전트가 그것 없이 계속합니다",
  "provided, and noticed": "제공된 것을 확인함",
  "provided by {0}": "{0} 님이 제공함",
  "{0}, asked for in {1}.": "{0}. 요청한 곳: {1}.",
  "The agent asked for {0}. That name cannot be used on GitHub or in a job, so it is called {1} here, and the agent gets it under this name.":
    "에이전트는 {0} 이름으로 요청했습니다. 그 이름은 GitHub나 작업 환경에서 쓸 수 없어서 여기서는 {1} 이름을 쓰고, 에이전트도 이 이름으로 받습니다.",
  "What for: {0}": "용도: {0}",
  "A key": "키",
  "A setting": "설정값",
  "A service": "서비스",
  "A file": "파일",
  "A permission": "권한",
  "A package": "패키지",
  "The task waits until it is there. Nothing runs meanwhile, so waiting costs nothing.":
    "제공될 때까지 작업이 기다립니다. 그동안 아무것도 실행되지 않으므로, 기다려도 비용이 들지 않습니다.",
  "The agent goes on without it meanwhile, and gets it should it come later.":
    "에이전트는 그동안 그것 없이 계속하고, 나중에 제공되면 받습니다.",
  "To have the agent go on without it:": "에이전트가 그것 없이 계속하게 하려면:",
  "**Tried before the agent got it:** {0}": "**에이전트에게 전달하기 전에 시험한 결과:** {0}",
  "Make a key at {0}. {1}": "{0} 화면에서 키를 만드세요. {1}",
  "That is all: Phasegate sees within minutes that it is there, and the agent gets it. It reads the name, never the value.":
    "이것으로 충분합니다. Phasegate가 몇 분 안에 추가된 것을 확인하고 에이전트에게 전달합니다. Phasegate는 이름만 읽고 값은 읽지 않습니다.",
  "Say so in a comment, since Phasegate may not list names here (the permission *Secrets: read* is missing):":
    "Phasegate에 여기의 이름을 조회할 권한(*Secrets: read*)이 없으므로, 추가했다고 댓글로 알려 주세요:",
  "Was {0} there before the agent asked? Then it was meant for something else and is not lent by itself. Somebody with write access lends it to this task with:":
    "에이전트가 요청하기 전부터 {0} 값이 있었나요? 그렇다면 다른 용도로 만든 것이므로 저절로 빌려주지 않습니다. 쓰기 권한이 있는 사람이 다음 댓글로 이 작업에 빌려줄 수 있습니다:",
  "Is the value right as it is (the service was out of order, for instance)? Then have it tried again with:":
    "값이 맞나요(예를 들어 서비스에 장애가 있었나요)? 그렇다면 다음 댓글로 다시 시험하게 하세요:",
  "*Next:* somebody with admin access to this repository adds it:":
    "*다음 할 일:* 이 리포지토리의 관리자 권한이 있는 사람이 다음과 같이 추가하세요:",
  "Never write the value into a comment: everybody who can read this issue would have it.":
    "값을 댓글에 쓰지 마세요. 이 이슈를 읽을 수 있는 사람은 누구나 볼 수 있습니다.",
  "a repository variable": "리포지토리 변수",
  "One of the organisation that this repository may use will do, too.":
    "이 리포지토리에서 쓸 수 있는 조직의 것도 됩니다.",
  "Add it as {0} with the name {1}.": "{1} 이름의 {0}으로 추가하세요.",
  "Add it with the name {0}: as {1} where anybody may read it, as {2} where nobody should.":
    "{0} 이름으로 추가하세요. 누구나 읽어도 되면 {1}로, 그렇지 않으면 {2}으로 추가하세요.",
  "Give {0} a new value among the {1}.": "{1} 화면에서 {0} 항목에 새 값을 넣으세요.",
  "Give {0} a new value among the {1} or {2}.": "{1} 또는 {2} 화면에서 {0} 항목에 새 값을 넣으세요.",
  "*Next:* {0} Then somebody with write access says so in a comment:":
    "*다음 할 일:* {0} 그런 다음 쓰기 권한이 있는 사람이 댓글로 알려 주세요:",
  "upload it there": "업로드하기",
  "commit the file to {0} ({1}). The command confirms that it is on that branch, where the agent's next run finds it. A file that is attached to a comment does not reach the agent.":
    "파일을 {0} 브랜치에 커밋하세요({1}). 아래 명령은 파일이 그 브랜치에 있다는 것을 확인하며, 에이전트의 다음 실행이 거기서 파일을 찾습니다. 댓글에 첨부한 파일은 에이전트에게 전달되지 않습니다.",
  "give the permission where it is missing: what GitHub may ask of Phasegate stands under {0}, rights of an account or a key at its service. The command confirms that it is given.":
    "권한이 없는 곳에 권한을 주세요. GitHub에서 Phasegate에 필요한 권한은 {0} 화면에, 계정이나 키의 권한은 해당 서비스에 있습니다. 아래 명령은 권한을 주었다는 것을 확인합니다.",
  "start the service, or make it reachable from the machine that the runs are on. The command confirms that it answers there.":
    "서비스를 시작하거나, 실행하는 머신에서 접속할 수 있게 하세요. 아래 명령은 서비스가 거기서 응답한다는 것을 확인합니다.",
  "have the package put where the runs can get it: into their machine's image, or into a registry that they reach. The command confirms that it may be used, licence included.":
    "실행에서 가져올 수 있는 곳에 패키지를 두세요. 머신의 이미지나 접속할 수 있는 레지스트리면 됩니다. 아래 명령은 라이선스를 포함해 써도 된다는 것을 확인합니다.",
  "Its value reaches the agent only in the steps that asked: {0}.":
    "값은 요청한 세부 단계에서만 에이전트에게 전달됩니다: {0}.",
  "It was added after the agent had asked for it, so it is lent to this task.":
    "에이전트가 요청한 뒤에 추가되었으므로 이 작업에 빌려줍니다.",
  "{0} lent it to this task.": "{0} 님이 이 작업에 빌려주었습니다.",
  "{0} says that it is there.": "{0} 님이 제공했다고 알렸습니다.",
  "The agent goes on without {0}.": "에이전트가 {0} 없이 계속합니다.",
  "The agent goes on without {0}, says {1}.": "{1} 님의 결정에 따라 에이전트가 {0} 없이 계속합니다.",
  "The task has ended, so it is not needed any more.": "작업이 끝났으므로 더 이상 필요하지 않습니다.",
  "*Next:* nothing. To provide it after all:": "*다음 할 일:* 없습니다. 그래도 제공하려면:",
  "*Next:* nothing. To take it back:": "*다음 할 일:* 없습니다. 취소하려면:",
};

export const commands = {
  "| Command | What it does |": "| 명령 | 하는 일 |",
  "starts a draft, or goes on after a pause": "초안을 시작하거나, 멈춘 작업을 계속합니다",
  "stops the run and waits; finished steps are kept": "실행을 멈추고 기다립니다. 끝난 세부 단계는 남아 있습니다",
  "goes on after a pause": "멈춘 작업을 계속합니다",
  "tries again what failed, with all attempts anew": "실패한 것을 시도 횟수를 처음부터 다시 세며 다시 시도합니다",
  "has the agent change what you say, and what open threads say":
    "말한 내용과 열린 스레드의 내용을 에이전트가 바꾸게 합니다",
  "answers a question of the agent, by option or in words": "에이전트의 질문에 보기 번호나 글로 답합니다",
  "says that what the agent asked for is there, and lends it to this task":
    "에이전트가 요청한 것이 준비되었다고 알리고 이 작업에 빌려줍니다",
  "has the agent go on without what it asked for": "에이전트가 요청한 것 없이 계속하게 합니다",
  "sets what the phase, or the task, may spend in US dollars, and goes on":
    "단계나 작업에 쓸 수 있는 금액을 미국 달러로 정하고 계속합니다",
  "says whose turn comes first where several tasks wait for the same model account":
    "여러 작업이 같은 모델 계정을 기다릴 때 먼저 할 순서를 정합니다",
  "approves the pull request that waits for review; with an amount, sets what the next phase may spend":
    "검토를 기다리는 풀 리퀘스트를 승인합니다. 금액을 쓰면 다음 단계에 쓸 수 있는 금액을 정합니다",
  "takes a phase as it is although its checks failed": "검사에 실패한 단계를 그대로 받아들입니다",
  "has the agent take another decision, and change what follows from it":
    "에이전트가 다른 결정을 내리고 그에 따라 달라지는 것을 바꾸게 합니다",
  "goes on without the phase, where its playbook allows that": "플레이북이 허용하면 그 단계 없이 계속합니다",
  "ends a conversation: what it changed is checked and waits for your review":
    "대화를 끝냅니다. 바뀐 것은 검사를 거쳐 검토를 기다립니다",
  "ends the task, its run and its open pull request": "작업과 실행을 끝내고 열린 풀 리퀘스트를 닫습니다",
  "ends the task, deletes its phase branches, and erases what the app keeps of its texts and logs":
    "작업을 끝내고 단계 브랜치를 삭제하며, 앱이 보관하는 텍스트와 로그를 지웁니다",
  "brings the status comment up to date": "상태 댓글을 최신으로 바꿉니다",
  "looks whether this repository has all that tasks need, and says what to mend":
    "작업에 필요한 것이 이 리포지토리에 모두 있는지 확인하고 고칠 것을 알립니다",
  "shows the settings in force, and where each comes from": "적용 중인 설정과 그 출처를 보여 줍니다",
  "lists the commands": "명령 목록을 보여 줍니다",
};

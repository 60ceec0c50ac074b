export const onboarding = {
  "Set up Phasegate": "Phasegate 설정하기",
  "Phasegate looks at this repository. What it finds is written here in a moment.":
    "Phasegate가 이 리포지토리를 살펴보고 있습니다. 결과는 잠시 뒤 여기에 적습니다.",
  "Phasegate turns a labelled issue into reviewed software, phase by phase. This pull request brings what it needs in this repository. Nothing starts before it is merged.":
    "Phasegate는 레이블을 붙인 이슈를 단계마다 검토를 거쳐 소프트웨어로 만듭니다. 이 풀 리퀘스트는 그러기 위해 이 리포지토리에 필요한 것을 담고 있습니다. 병합하기 전에는 아무것도 시작되지 않습니다.",
  "What is in it": "담긴 내용",
  "Is this repository ready? ({0})": "이 리포지토리는 준비되었나요? ({0})",
  "`/doctor` as a comment on an issue looks again.": "이슈에 `/doctor` 댓글을 쓰면 다시 살펴봅니다.",
  "When you merge": "병합하고 나면",
  "1. The files are on {0}, and the app finds them there by itself.":
    "1. 파일이 {0} 브랜치에 들어가고, 앱이 거기서 스스로 찾습니다.",
  "2. Open an issue with one of the forms, or set a label such as {0} on an issue of somebody who described what is wanted. Only people with write access start tasks.":
    "2. 양식 가운데 하나로 이슈를 열거나, 원하는 것을 설명한 이슈에 {0} 같은 레이블을 붙이세요. 쓰기 권한이 있는 사람만 작업을 시작할 수 있습니다.",
  "3. The app answers with a status comment, and each phase ends in a pull request for you to review.":
    "3. 앱이 상태 댓글로 답하고, 단계가 끝날 때마다 검토할 풀 리퀘스트가 열립니다.",
  "Close this pull request if you don't want it: it is not opened again. While it is open the app keeps it up to date, until somebody commits to its branch.":
    "원하지 않으면 이 풀 리퀘스트를 닫으세요. 다시 열지 않습니다. 열려 있는 동안에는, 누군가 이 브랜치에 커밋하기 전까지 앱이 내용을 최신으로 유지합니다.",
  "- {0} runs the agent as a job of GitHub Actions, when the app asks for it. The job can read this repository and nothing else; commits, pull requests and comments are written by the app. It uses the one version of the action that is named in it.":
    "- {0} 파일은 앱이 요청할 때 에이전트를 GitHub Actions 잡으로 실행합니다. 이 잡은 이 리포지토리를 읽을 수만 있고, 커밋과 풀 리퀘스트와 댓글은 앱이 씁니다. 액션은 파일에 적힌 그 버전만 씁니다.",
  "- {0} holds every setting as a comment: without a change it sets nothing.":
    "- {0} 파일에는 모든 설정이 주석으로 들어 있습니다. 고치지 않으면 아무것도 설정하지 않습니다.",
  "- {0} holds a form for each type of task, which sets its label: {1}. Delete those that you don't want to offer.":
    "- {0} 폴더에는 작업 유형마다 알맞은 레이블을 붙여 주는 이슈 양식이 있습니다: {1}. 쓰지 않을 양식은 지우세요.",
  "{0}, and commit it to {1}.": "{0} 링크를 열어 {1} 브랜치에 커밋하세요.",
  "Open it here, filled in": "내용이 채워진 파일 열기",
  "{0}, paste the text below into it, and commit it to {1}.":
    "{0} 링크를 열어 아래 내용을 붙여 넣고 {1} 브랜치에 커밋하세요.",
  "Open an empty one here": "빈 파일 열기",
  "> **One file is missing: {0}.** The app may not write workflow files here (the permission *workflows: write* is optional), so you add it. {1} Without it no task can start.":
    "> **파일 하나가 빠져 있습니다: {0}.** 앱은 여기에 워크플로 파일을 쓸 수 없으므로(*workflows: write* 권한은 선택 사항입니다) 직접 추가하세요. {1} 이 파일이 없으면 어떤 작업도 시작할 수 없습니다.",
  "The text of {0}": "{0} 파일의 내용",
  "Starts a Phasegate task of the type {0}": "{0} 유형의 Phasegate 작업을 시작합니다",
  "- {0} holds a template for each kind of specification: {1}. Whoever writes one, the agent included, copies it to {2}, and the check *Phasegate specifications* says what is wrong there. Change them as you like.":
    "- {0} 폴더에 명세 종류별 템플릿이 있습니다: {1}. 명세를 쓸 때는 에이전트를 포함해 누구나 템플릿을 {2} 폴더로 복사하며, 잘못된 것은 *Phasegate specifications* 검사가 알려 줍니다. 마음대로 바꿔도 됩니다.",
};

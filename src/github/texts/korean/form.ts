export const form = {
  "**The issue says all that the task needs.** What was missing here is there now.":
    "**작업에 필요한 내용이 이슈에 모두 있습니다.** 빠졌던 내용이 이제 채워졌습니다.",
  "- **{0}:** it is empty; expected {1}.": "- **{0}:** 비어 있습니다. 필요한 내용: {1}.",
  "- **{0}:** got {1}; expected {2}.": "- **{0}:** 입력된 내용은 {1} 입니다. 필요한 내용: {2}.",
  "**The task can't start yet: one thing is missing or can't be read.**":
    "**아직 작업을 시작할 수 없습니다: 1가지 내용이 빠졌거나 읽을 수 없습니다.**",
  "**The task can't start yet: {0} things are missing or can't be read.**":
    "**아직 작업을 시작할 수 없습니다: {0}가지 내용이 빠졌거나 읽을 수 없습니다.**",
  "*Next:* edit the text of the issue (*⋯*, then *Edit*), and leave the headings as they are. It is read again at once, and this comment with it. The task starts by itself when somebody with write access mends it; else such a person comments {0}.":
    "*다음 할 일:* 제목 줄은 그대로 두고 이슈 본문을 고치세요(*⋯*, 그다음 *Edit*). 고치면 바로 다시 읽고 이 댓글도 바뀝니다. 쓰기 권한이 있는 사람이 고치면 작업이 저절로 시작됩니다. 그렇지 않으면 쓰기 권한이 있는 사람이 {0} 댓글을 써야 합니다.",
  "English or 한국어 (Korean)": "English 또는 한국어 (Korean)",
  "critical, high, normal or low": "critical, high, normal, low 가운데 하나",
  "an amount in US dollars from 0.01 to {0}, e.g. {1}; somebody with write access can allow more with /budget once the task is there":
    "0.01 이상 {0} 이하의 미국 달러 금액(예: {1}). 작업이 만들어진 뒤에 쓰기 권한이 있는 사람이 /budget 명령으로 더 허용할 수 있습니다",
  "an amount in US dollars from 0.01 to {0}, e.g. {1}": "0.01 이상 {0} 이하의 미국 달러 금액(예: {1})",
  "a folder inside this repository, e.g. apps/shop, at most {0} characters long":
    "이 리포지토리 안의 폴더(예: apps/shop), 최대 {0}자",
  "the name of a branch, e.g. develop: letters, digits and . _ - / # + only":
    "브랜치 이름(예: develop). 글자, 숫자, . _ - / # + 기호만 쓸 수 있습니다",
  "links that begin with https://, one on a line, at most {0}": "https:// 로 시작하는 링크, 한 줄에 하나씩 최대 {0}개",
  "every block of code to be closed by a line of its own with {0}: the fields behind it can't be read":
    "모든 코드 블록을 {0} 만 있는 줄로 닫기. 닫지 않으면 그 뒤의 항목을 읽을 수 없습니다",
  "what you want, in a sentence or more: what it is, for whom, and what it must be able to do":
    "원하는 것을 한 문장 이상으로 설명한 내용: 무엇이고, 누구를 위한 것이며, 무엇을 할 수 있어야 하는지",
  'one part with the heading "{0}", not several': '"{0}" 제목이 여러 개가 아니라 하나',
  "a branch of this repository, or nothing for the default one":
    "이 리포지토리의 브랜치. 기본 브랜치를 쓰려면 비워 두기",
};

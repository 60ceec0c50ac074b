export const config = {
  "add {0}": "{0} 추가",
  "These settings are in force:": "지금 적용되는 설정입니다:",
  "| Setting | Value | From |": "| 설정 | 값 | 출처 |",
  "Budgets of a phase and of a task count for tasks that begin afterwards, and `integration` for tasks without a commit; `/budget` sets those of this task. Everything else counts from the next run on.":
    "단계와 작업의 예산은 그 뒤에 시작하는 작업에, `integration` 설정은 아직 커밋이 없는 작업에 적용됩니다. 이 작업의 예산은 `/budget` 명령으로 정하세요. 나머지는 다음 실행부터 적용됩니다.",
  "*Next:* to change something, {0} on {1}.": "*다음 할 일:* 바꿀 것이 있으면 {1} 브랜치에서 하세요: {0}.",
  "**No run starts before this is mended in {0}, and nothing of the file counts until then:**":
    "**{0} 파일의 다음 문제를 고치기 전에는 실행이 시작되지 않고, 그때까지 이 파일의 내용은 적용되지 않습니다:**",
  "{0} of {1}": "{1}의 {0}",
  "the installation, which allows no more; {0} says {1}":
    "설치 환경(이보다 큰 값은 허용되지 않음, {0} 파일의 값은 {1})",
  "the default": "기본값",
  "the installation": "설치 환경",
  "as each phase has it": "단계마다 정해진 값",
  "the playbook": "플레이북",
  "ready, or approved where workflows hold secrets or a write token":
    "ready, 워크플로에 시크릿이나 쓰기 토큰이 있으면 approved",
  "as the agent has it": "에이전트의 기본값",
  "the root": "최상위 폴더",
  nobody: "없음",
  none: "없음",
};

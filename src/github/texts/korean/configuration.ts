export const configuration = {
  "- and {0} more": "- 그 밖에 {0}개",
  "{0} (built in)": "{0} (기본 제공)",
  "Playbooks, guides and agents in {0} hold for tasks that are created after the merge, the settings for all.":
    "{0} 폴더의 플레이북, 가이드, 에이전트는 병합 뒤에 만드는 작업부터 적용되고, 설정은 모든 작업에 적용됩니다.",
  "The configuration can be read": "구성에 문제 없음",
  "Labels of its own playbooks: {0}.": "이 리포지토리의 플레이북이 쓰는 레이블: {0}.",
  "{0} faults in the configuration": "구성에 문제 {0}개",
  "After a merge, labels of playbooks with a fault would start nothing, and faulty settings would hold up every run.":
    "이대로 병합하면 문제가 있는 플레이북의 레이블로는 아무것도 시작되지 않고, 설정에 문제가 있으면 모든 실행이 막힙니다.",
  "The specifications are valid": "명세가 올바릅니다",
  "{0} specifications": "명세 {0}개",
  "{0} in {1}, and nothing is wrong there.": "{1} 폴더에 {0}가 있고, 잘못된 것이 없습니다.",
  "{0} faults in the specifications": "명세의 문제 {0}개",
  "A faulty specification starts no task, and its progress is not kept. Mend these in {0}.":
    "문제가 있는 명세는 작업을 시작하지 않고, 진행 상황도 기록되지 않습니다. {0} 폴더에서 다음을 고치세요.",
};

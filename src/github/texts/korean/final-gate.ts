export const finalGate = {
  "All {0}: {1}": "전체 {0}: {1}",
  "{0} phases": "{0}개 단계",
  "**Merging this pull request completes the task**: it brings into {0} what was accepted phase by phase on this branch.":
    "**이 풀 리퀘스트를 병합하면 작업이 끝납니다**: 이 브랜치에서 단계마다 승인된 내용이 {0} 브랜치로 들어갑니다.",
  "- Every change in it passed one of the gates below, unless somebody committed to this branch by hand.":
    "- 누군가 이 브랜치에 직접 커밋한 것이 아니라면, 모든 변경은 아래 게이트 가운데 하나를 통과했습니다.",
  "- To change something first, commit to this branch. The agent's work on this issue is done; what it should change later is a new issue.":
    "- 먼저 고칠 것이 있으면 이 브랜치에 커밋하세요. 이 이슈에서 에이전트가 할 일은 끝났습니다. 나중에 바꿀 것은 새 이슈로 여세요.",
  "- *Squash and merge*: take the lines that ask to skip CI out of the proposed message, or your workflows will not run on the merge.":
    "- *Squash and merge*를 쓸 때는 제안된 메시지에서 CI를 건너뛰라는 줄을 지우세요. 지우지 않으면 병합 뒤에 워크플로가 실행되지 않습니다.",
  Phases: "단계",
  "| Phase | Gate | Accepted by | Cost |": "| 단계 | 게이트 | 승인한 사람 | 비용 |",
  "Issue: {0} · In all {1} · Model: {2}": "이슈: {0} · 합계 {1} · 모델: {2}",
  skipped: "건너뜀",
};

export const decisions = {
  "**Decisions:** the agent named none for this phase.": "**결정:** 에이전트가 이 단계에서 밝힌 결정이 없습니다.",
  "**Decisions** that the agent took. To have one taken another way, with all that follows from it, tick its box and say why in a comment: {0}":
    "에이전트가 내린 **결정**입니다. 다르게 정하려면 그 결정의 확인란을 선택하고 댓글로 이유를 알려 주세요(예: {0}). 그 결정에 따른 내용도 함께 바뀝니다.",
  "/veto {0} because …": "/veto {0} 이유 …",
  "{0} instead of: {1}": "{0} (택하지 않은 대안: {1})",
  "Why: {0}": "이유: {0}",
  "Confidence: {0}": "확신도: {0}",
  "Confidence: {0}. Shows in {1}": "확신도: {0}. 반영된 곳: {1}",
  high: "높음",
  medium: "보통",
  low: "낮음",
  "**Vetoed** by {0}, who has not said why: without a reason nothing is changed.":
    "{0} 님이 **거부**했지만 이유를 알려 주지 않았습니다. 이유가 없으면 아무것도 바뀌지 않습니다.",
  "**Vetoed** by {0}: {1}": "{0} 님이 **거부**함: {1}",
  "**Vetoed** by {0}: {1} *(given to the agent)*": "{0} 님이 **거부**함: {1} *(에이전트에게 전달됨)*",
};

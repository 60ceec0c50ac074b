export const summary = {
  "Done: {0}": "완료: {0}",
  "The conversation is over, and changed nothing that could be merged.":
    "대화가 끝났고, 병합할 만한 변경은 없었습니다.",
  "The result is on {0}.": "결과는 {0} 브랜치에 있습니다.",
  "- In all {0} tokens, {1} of {2}.": "- 합계: 토큰 {0}개, 예산 {2} 가운데 {1}.",
  "- People were asked {0}, and vetoed {1}.": "- 사람에게 한 질문: {0}, 거부된 결정: {1}.",
  "{0} questions": "{0}개",
  "{0} decisions": "{0}개",
  "*Next:* nothing. What should change now is a new issue; `/delete` erases what the app keeps of this task's texts and logs.":
    "*다음 할 일:* 없습니다. 이제 바꿀 것이 있으면 새 이슈를 여세요. `/delete` 댓글을 쓰면 앱이 보관하는 이 작업의 텍스트와 로그를 지웁니다.",
  "{0} phases were merged": "병합된 단계 {0}개",
  "{0} were skipped": "건너뛴 단계 {0}개",
  "{0}, and brought in by {1}.": "{0}; 최종 반영: {1}.",
  "| Phase | PR | End | Tokens, cost |": "| 단계 | PR | 결과 | 토큰, 비용 |",
  "nothing to merge": "병합할 것 없음",
  "skipped by {0}": "{0} 님이 건너뜀",
  "merged by {0}": "{0} 님이 병합",
  "merged by {0} in {1}": "{0} 님이 {1} 커밋으로 병합",
  "- From {0} to {1}: {2}.": "- {0}부터 {1}까지: {2}.",
  "- Phase {0} was accepted by {1} although checks had failed.":
    "- {0}단계: 검사를 통과하지 못했지만 {1} 님이 받아들였습니다.",
};

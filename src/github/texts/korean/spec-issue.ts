export const specIssue = {
  "It is done when:": "다음을 만족하면 완료입니다:",
  "From the specification {0}, which says more and goes before this text.":
    "명세 {0} 파일에서 만든 이슈입니다. 명세에 더 자세한 내용이 있으며, 이 글보다 명세가 우선합니다.",
};

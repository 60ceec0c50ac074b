export const ci = {
  "there are none": "없음",
  "held back until an approval": "승인할 때까지 보류 중",
  "under way": "진행 중",
  "never started": "시작되지 않음",
  "never started: {0}": "시작되지 않음: {0}",
  "failed: {0}": "실패: {0}",
};

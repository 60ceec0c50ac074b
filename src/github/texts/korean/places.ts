export const places = {
  "phase {0}, {1}, step *{2}*": "{0}단계({1})의 세부 단계 *{2}*",
  "the default branch": "기본 브랜치",
  "people with write access, and {0}, who opened the issue": "쓰기 권한이 있는 사람, 그리고 이슈를 연 {0} 님",
  "{0} and {1}": "{0} 및 {1}",
};

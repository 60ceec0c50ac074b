export const findingsList = {
  "Mend it here": "여기에서 고치기",
  link: "링크",
  "all is well": "문제 없음",
  "{0} things to mend": "고칠 것 {0}개",
  "{0} to know": "알아 둘 것 {0}개",
};

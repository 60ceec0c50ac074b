export const agentMarkdown = {
  "*(The rest is too long for a comment.)*": "*(나머지는 댓글에 담기에 너무 깁니다.)*",
};

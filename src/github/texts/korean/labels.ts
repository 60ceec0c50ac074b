export const labels = {
  "Waits for somebody with write access to start it": "쓰기 권한이 있는 사람이 시작하기를 기다립니다",
  "Phasegate is at work": "Phasegate가 작업하고 있습니다",
  "A pull request waits for your review": "풀 리퀘스트가 검토를 기다립니다",
  "The agent asked something; answer on the issue": "에이전트가 질문했습니다. 이슈에서 답하세요",
  "The agent needs something; the issue says what and where": "에이전트에게 필요한 것이 있습니다. 이슈에 적혀 있습니다",
  "Merged; the next phase waits for somebody else's /approve":
    "병합됨. 다음 단계가 다른 사람의 /approve 명령을 기다립니다",
  "The agent has replied; write a comment, or /done to end":
    "에이전트가 답했습니다. 댓글을 쓰거나 /done 명령으로 끝내세요",
  "Waits for somebody; the status comment says for what": "멈춰 있습니다. 이유는 상태 댓글에 있습니다",
  "All phases are done": "모든 단계를 마쳤습니다",
  "Ended without success": "실패로 끝났습니다",
  "Ended by somebody": "누군가 끝냈습니다",
};

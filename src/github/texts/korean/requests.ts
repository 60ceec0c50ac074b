export const requests = {
  "{0} had this task deleted, and with it what the agent asked here.":
    "{0} 님이 이 작업을 삭제했습니다. 에이전트가 여기서 요청한 것도 함께 삭제되었습니다.",
};

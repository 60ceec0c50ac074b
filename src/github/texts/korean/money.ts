export const money = {
  "Such phases have cost about {0} in this repository.": "이 리포지토리에서 같은 단계를 실행하는 데 약 {0} 들었습니다.",
  "The playbook reckons with {0}.": "플레이북은 이 단계의 비용을 {0} 정도로 잡고 있습니다.",
  "such phases have cost about {0} in this repository": "이 리포지토리에서 같은 단계를 실행하는 데 약 {0} 들었습니다",
  "the playbook reckons with {0}": "플레이북은 이 단계의 비용을 {0} 정도로 잡고 있습니다",
};

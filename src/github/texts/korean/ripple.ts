export const ripple = {
  "As of {0} all requirements, decisions and screens read as they were approved again, so nothing follows from the change that was announced here before.":
    "{0} 커밋에서 모든 요구 사항, 결정, 화면이 승인된 내용으로 되돌아왔습니다. 따라서 앞서 여기에 알린 변경 때문에 할 일은 없습니다.",
  "**Approved items were changed** in {0}:": "{0} 커밋에서 **승인된 항목이 바뀌었습니다**:",
  "**Approved items were changed** in {0} by {1}:": "{1} 님의 {0} 커밋에서 **승인된 항목이 바뀌었습니다**:",
  "No approved part cites them, so no gate opens again.":
    "승인된 부분 가운데 이 항목을 인용하는 곳이 없으므로 게이트를 다시 열지 않습니다.",
  "**What happens next:** phase {0} opens these parts again, and nothing else, as one small pull request. {1}":
    "**다음에 일어날 일:** {0}단계에서 이 부분만 작은 풀 리퀘스트 하나로 다시 엽니다. {1}",
  "It has begun. To leave them as they are, comment {0}.": "이미 시작되었습니다. 그대로 두려면 {0} 댓글을 쓰세요.",
  "It begins once the phase that is under way is merged. To leave them as they are, comment {0} when it has begun.":
    "지금 진행 중인 단계가 병합되면 시작됩니다. 그대로 두려면 시작된 뒤에 {0} 댓글을 쓰세요.",
  "No approved part cites them.": "승인된 부분 가운데 이 항목을 인용하는 곳은 없습니다.",
  "With the merge these parts open again as one small pull request, before anything else:":
    "병합하면 다른 일보다 먼저, 다음 부분을 작은 풀 리퀘스트 하나로 다시 엽니다:",
  "Changes what was approved before": "앞서 승인된 것을 바꿈",
  "All parts that cite {0} hold as they are, so there is no pull request. What the agent says of each:":
    "{0} 항목을 인용하는 부분은 모두 그대로 두어도 되므로 풀 리퀘스트를 만들지 않았습니다. 각 부분에 대한 에이전트의 설명입니다:",
  "If you see it otherwise, edit the document and commit: a change of an item is looked at again.":
    "생각이 다르면 문서를 고쳐 커밋하세요. 항목이 바뀌면 다시 살펴봅니다.",
  "- {0} was removed from {1} (approved in phase {2})": "- {0} 삭제됨: {1} ({2}단계에서 승인)",
  "- {0} was changed in {1} (approved in phase {2})": "- {0} 바뀜: {1} ({2}단계에서 승인)",
  "Gates that this touches:": "영향을 받는 게이트:",
  "- {0}: {1} in {2}": "- {0}: {1}, 파일 {2}",
  "None of the approved phases could be checked again.": "승인된 단계 가운데 다시 검사할 수 있는 것이 없었습니다.",
  "{0} approved phases": "승인된 단계 {0}개",
  "The checks of {0} were run again, and all pass.": "{0}의 검사를 다시 실행했고 모두 통과했습니다.",
  "The checks of {0} were run again; these no longer pass: {1}.":
    "{0}의 검사를 다시 실행했고, 더는 통과하지 못하는 단계가 있습니다: {1}.",
};

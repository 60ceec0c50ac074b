export const knownServices = {
  "A project key restricted to the models that the project calls is enough.":
    "프로젝트가 호출하는 모델로 제한한 프로젝트 키면 충분합니다.",
  "A key of a workspace of its own, with a spending limit; not the key that Phasegate itself works with.":
    "지출 한도가 있는 별도 워크스페이스의 키를 쓰세요. Phasegate가 쓰는 키는 안 됩니다.",
  "A key of the test mode: a restricted key with the resources that the project uses is best.":
    "테스트 모드의 키를 쓰세요. 프로젝트가 쓰는 리소스로 제한한 키가 가장 좋습니다.",
  "The one of the test mode; a webhook's signing secret stands at the webhook itself.":
    "테스트 모드의 것을 쓰세요. 웹훅의 서명 시크릿은 해당 웹훅 화면에 있습니다.",
  "The publishable (anon) key, unless the name asks for the secret (service_role) one, which passes by every row's rules.":
    "공개(anon) 키를 쓰세요. 이름이 비밀(service_role) 키를 요구하면 그것을 쓰되, 그 키는 모든 행의 규칙을 우회합니다.",
  "The address of the project, like https://abcdefghijklmnopqrst.supabase.co; it is no secret, so a variable will do.":
    "https://abcdefghijklmnopqrst.supabase.co 같은 프로젝트 주소입니다. 비밀이 아니므로 변수면 됩니다.",
  "A personal access token (Security tab) that may read file content.":
    "파일 내용을 읽을 수 있는 개인 액세스 토큰입니다(Security 탭).",
  "The Bot User OAuth Token of an app in your workspace, with the bot scopes that the project needs, e.g. chat:write.":
    "워크스페이스에 있는 앱의 봇 사용자 OAuth 토큰입니다. 프로젝트에 필요한 봇 권한(예: chat:write)을 주세요.",
  "An internal integration that may read content, connected to the pages in question.":
    "콘텐츠를 읽을 수 있는 내부 통합을 해당 페이지에 연결하세요.",
  "A fine-grained token for the repositories in question alone, with an expiry and the least permissions.":
    "해당 리포지토리만 대상으로 하고 만료일과 최소 권한을 정한 세분화된 토큰입니다.",
  "Both halves of an access key of an IAM user of its own, with a policy for what the project uses and nothing else.":
    "별도 IAM 사용자의 액세스 키에서 두 값이 모두 필요합니다. 프로젝트가 쓰는 것만 허용하는 정책을 붙이세요.",
  "A key restricted to the Gemini API.": "Gemini API로 제한한 키입니다.",
  "A key of a workspace with a spending limit.": "지출 한도가 있는 워크스페이스의 키입니다.",
  "Restricted access: Mail Send alone is enough to send.":
    "제한된 액세스를 고르세요. 보내기만 하려면 Mail Send 권한이면 충분합니다.",
  "Sending access, for one domain.": "도메인 하나에 대한 보내기 권한입니다.",
  "A token for the one team or project, with an expiry.":
    "해당 팀이나 프로젝트 하나만 대상으로 하고 만료일을 정한 토큰입니다.",
  "A token for the one account and zone, with the permissions that the project needs; not the global key.":
    "해당 계정과 영역만 대상으로 하고 프로젝트에 필요한 권한을 준 토큰입니다. 전역 키는 안 됩니다.",
  "A token of the type read is enough to download and to call models.":
    "모델을 내려받고 호출하려면 read 유형의 토큰이면 충분합니다.",
  "The token of a bot of its own, invited with the permissions that the project needs.":
    "프로젝트에 필요한 권한으로 초대한 별도 봇의 토큰입니다.",
  "The token of a bot of its own.": "별도 봇의 토큰입니다.",
};

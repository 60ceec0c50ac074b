/**
 * What is known of services whose keys agents ask for: where a key is made, what it must be allowed, and how to see that it works (D1).
 * A good key that is called wrong holds a task up for good, so a probe names only answers that can mean nothing else.
 */
import { phrase, type Phrase } from "./phrase.ts";

export interface KnownService {
  /** e.g. `OpenAI`. */
  readonly title: string;
  /** Names under which its keys go, upper case. */
  readonly names: readonly string[];
  /** Where a person makes a key. */
  readonly keyPage: string;
  /** One sentence: what the key must be allowed, and no more. */
  readonly scopes: Phrase;
  /** Null where nothing that only reads tells a good key from a bad one. */
  readonly probe: Probe | null;
}

/** One request that reads and changes nothing. */
export type Probe =
  | {
      readonly kind: "http";
      readonly method: "GET" | "POST";
      /** Fixed, or that of a project whose address a person gave as another value: then it must match. Never of a value's own making. */
      readonly url: string | { readonly fromName: string; readonly pattern: RegExp; readonly path: string };
      /** `{value}` stands for the value that is tried. */
      readonly headers: Readonly<Record<string, string>>;
      /** Statuses that say that the key is wrong; whatever else is no verdict. */
      readonly refused: readonly number[];
      /** Words of an answer, of any status, that say so. */
      readonly refusedBody: RegExp | null;
      /** Where one of these was lent too, the key may be of another server with the same interface: then nothing is tried. */
      readonly unless: readonly string[];
    }
  /** AWS: GetCallerIdentity, signed with the pair. */
  | {
      readonly kind: "aws";
      readonly keyIdName: string;
      readonly secretName: string;
      readonly tokenName: string;
      readonly unless: readonly string[];
    };

type HttpProbe = Extract<Probe, { kind: "http" }>;

/** Most services: the key in one header, and 401 for a wrong one. */
function get(url: string, headers: Readonly<Record<string, string>>, rest: Partial<HttpProbe> = {}): HttpProbe {
  return { kind: "http", method: "GET", url, headers, refused: [401], refusedBody: null, unless: [], ...rest };
}

const bearer = { authorization: "Bearer {value}" };

export const knownServices: readonly KnownService[] = [
  {
    title: "OpenAI",
    names: ["OPENAI_API_KEY"],
    keyPage: "https://platform.openai.com/api-keys",
    scopes: phrase`A project key restricted to the models that the project calls is enough.`,
    probe: get("https://api.openai.com/v1/models", bearer, {
      unless: ["OPENAI_BASE_URL", "OPENAI_API_BASE", "AZURE_OPENAI_ENDPOINT"],
    }),
  },
  {
    title: "Anthropic",
    names: ["ANTHROPIC_API_KEY", "CLAUDE_API_KEY"],
    keyPage: "https://console.anthropic.com/settings/keys",
    scopes: phrase`A key of a workspace of its own, with a spending limit; not the key that Phasegate itself works with.`,
    probe: get(
      "https://api.anthropic.com/v1/models",
      { "x-api-key": "{value}", "anthropic-version": "2023-06-01" },
      { unless: ["ANTHROPIC_BASE_URL"] },
    ),
  },
  {
    title: "Stripe",
    names: ["STRIPE_SECRET_KEY", "STRIPE_API_KEY"],
    keyPage: "https://dashboard.stripe.com/test/apikeys",
    scopes: phrase`A key of the test mode: a restricted key with the resources that the project uses is best.`,
    probe: get("https://api.stripe.com/v1/balance", bearer),
  },
  {
    title: "Stripe",
    names: ["STRIPE_PUBLISHABLE_KEY", "STRIPE_PUBLIC_KEY", "STRIPE_WEBHOOK_SECRET"],
    keyPage: "https://dashboard.stripe.com/test/apikeys",
    scopes: phrase`The one of the test mode; a webhook's signing secret stands at the webhook itself.`,
    probe: null,
  },
  {
    title: "Supabase",
    names: [
      "SUPABASE_ANON_KEY",
      "SUPABASE_KEY",
      "SUPABASE_PUBLISHABLE_KEY",
      "SUPABASE_SERVICE_ROLE_KEY",
      "SUPABASE_SECRET_KEY",
    ],
    keyPage: "https://supabase.com/dashboard/project/_/settings/api-keys",
    scopes: phrase`The publishable (anon) key, unless the name asks for the secret (service_role) one, which passes by every row's rules.`,
    probe: {
      kind: "http",
      method: "GET",
      url: {
        fromName: "SUPABASE_URL",
        pattern: /^https:\/\/[a-z0-9]{15,30}\.supabase\.co\/?$/u,
        path: "/auth/v1/settings",
      },
      headers: { apikey: "{value}" },
      refused: [],
      refusedBody: /"Invalid API key"/u,
      unless: [],
    },
  },
  {
    title: "Supabase",
    names: ["SUPABASE_URL", "SUPABASE_PROJECT_URL"],
    keyPage: "https://supabase.com/dashboard/project/_/settings/api",
    scopes: phrase`The address of the project, like https://abcdefghijklmnopqrst.supabase.co; it is no secret, so a variable will do.`,
    probe: null,
  },
  {
    title: "Figma",
    names: ["FIGMA_ACCESS_TOKEN", "FIGMA_TOKEN", "FIGMA_API_KEY", "FIGMA_API_TOKEN"],
    keyPage: "https://www.figma.com/settings",
    scopes: phrase`A personal access token (Security tab) that may read file content.`,
    // 403 may also mean that a scope is missing, which the project need not mind.
    probe: get(
      "https://api.figma.com/v1/me",
      { "x-figma-token": "{value}" },
      { refused: [], refusedBody: /"(?:err|message)":\s*"(?:Invalid token|Token expired)"/u },
    ),
  },
  {
    title: "Slack",
    names: ["SLACK_BOT_TOKEN", "SLACK_TOKEN", "SLACK_API_TOKEN"],
    keyPage: "https://api.slack.com/apps",
    scopes: phrase`The Bot User OAuth Token of an app in your workspace, with the bot scopes that the project needs, e.g. chat:write.`,
    // Slack answers 200 to a wrong token.
    probe: get("https://slack.com/api/auth.test", bearer, {
      method: "POST",
      refused: [],
      refusedBody: /"error":\s*"(?:invalid_auth|account_inactive|token_revoked|token_expired)"/u,
    }),
  },
  {
    title: "Notion",
    names: ["NOTION_TOKEN", "NOTION_API_KEY", "NOTION_API_TOKEN", "NOTION_SECRET"],
    keyPage: "https://www.notion.so/profile/integrations",
    scopes: phrase`An internal integration that may read content, connected to the pages in question.`,
    probe: get("https://api.notion.com/v1/users/me", { ...bearer, "notion-version": "2022-06-28" }),
  },
  {
    title: "GitHub",
    names: ["GITHUB_TOKEN", "GH_TOKEN", "GITHUB_PAT"],
    keyPage: "https://github.com/settings/personal-access-tokens/new",
    scopes: phrase`A fine-grained token for the repositories in question alone, with an expiry and the least permissions.`,
    probe: get(
      "https://api.github.com/rate_limit",
      { ...bearer, accept: "application/vnd.github+json" },
      { unless: ["GH_HOST", "GITHUB_API_URL", "APP_GITHUB_API_URL"] },
    ),
  },
  {
    title: "AWS",
    names: ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"],
    keyPage: "https://console.aws.amazon.com/iam/home#/users",
    scopes: phrase`Both halves of an access key of an IAM user of its own, with a policy for what the project uses and nothing else.`,
    probe: {
      kind: "aws",
      keyIdName: "AWS_ACCESS_KEY_ID",
      secretName: "AWS_SECRET_ACCESS_KEY",
      tokenName: "AWS_SESSION_TOKEN",
      unless: ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_STS", "S3_ENDPOINT"],
    },
  },
  {
    title: "Google Gemini",
    names: ["GEMINI_API_KEY", "GOOGLE_API_KEY", "GOOGLE_GENERATIVE_AI_API_KEY"],
    keyPage: "https://aistudio.google.com/apikey",
    scopes: phrase`A key restricted to the Gemini API.`,
    probe: get(
      "https://generativelanguage.googleapis.com/v1beta/models?pageSize=1",
      { "x-goog-api-key": "{value}" },
      { refused: [], refusedBody: /"API_KEY_INVALID"/u },
    ),
  },
  {
    title: "Mistral",
    names: ["MISTRAL_API_KEY"],
    keyPage: "https://console.mistral.ai/api-keys",
    scopes: phrase`A key of a workspace with a spending limit.`,
    probe: get("https://api.mistral.ai/v1/models", bearer),
  },
  {
    title: "SendGrid",
    names: ["SENDGRID_API_KEY"],
    keyPage: "https://app.sendgrid.com/settings/api_keys",
    scopes: phrase`Restricted access: Mail Send alone is enough to send.`,
    probe: get("https://api.sendgrid.com/v3/scopes", bearer),
  },
  {
    title: "Resend",
    names: ["RESEND_API_KEY"],
    keyPage: "https://resend.com/api-keys",
    scopes: phrase`Sending access, for one domain.`,
    // A key that may only send is refused here with 401, and is right all the same.
    probe: get("https://api.resend.com/domains", bearer, { refused: [], refusedBody: /"API key is invalid\.?"/u }),
  },
  {
    title: "Vercel",
    names: ["VERCEL_TOKEN", "VERCEL_ACCESS_TOKEN", "VERCEL_API_TOKEN"],
    keyPage: "https://vercel.com/account/settings/tokens",
    scopes: phrase`A token for the one team or project, with an expiry.`,
    probe: get("https://api.vercel.com/v2/user", bearer, { refused: [], refusedBody: /"invalidToken":\s*true/u }),
  },
  {
    title: "Cloudflare",
    names: ["CLOUDFLARE_API_TOKEN", "CF_API_TOKEN"],
    keyPage: "https://dash.cloudflare.com/profile/api-tokens",
    scopes: phrase`A token for the one account and zone, with the permissions that the project needs; not the global key.`,
    // Tokens of a user and of an account are checked at different addresses, and each is wrong at the other's.
    probe: null,
  },
  {
    title: "Hugging Face",
    names: [
      "HF_TOKEN",
      "HUGGINGFACE_TOKEN",
      "HUGGINGFACE_API_KEY",
      "HUGGINGFACEHUB_API_TOKEN",
      "HUGGING_FACE_HUB_TOKEN",
    ],
    keyPage: "https://huggingface.co/settings/tokens",
    scopes: phrase`A token of the type read is enough to download and to call models.`,
    probe: get("https://huggingface.co/api/whoami-v2", bearer, { unless: ["HF_ENDPOINT"] }),
  },
  {
    title: "Discord",
    names: ["DISCORD_TOKEN", "DISCORD_BOT_TOKEN"],
    keyPage: "https://discord.com/developers/applications",
    scopes: phrase`The token of a bot of its own, invited with the permissions that the project needs.`,
    probe: get("https://discord.com/api/v10/users/@me", { authorization: "Bot {value}" }),
  },
  {
    title: "Telegram",
    names: ["TELEGRAM_BOT_TOKEN", "TELEGRAM_TOKEN"],
    keyPage: "https://t.me/BotFather",
    scopes: phrase`The token of a bot of its own.`,
    // It would stand in the address, where logs show it.
    probe: null,
  },
];

/** A name that had to be changed for GitHub's sake belongs to the same service. */
export function serviceOf(name: string): KnownService | null {
  const bare = bareName(name);
  return knownServices.find(({ names }) => names.includes(bare) || names.includes(name.toUpperCase())) ?? null;
}

/** As the service itself calls it. */
export function bareName(name: string): string {
  return name.toUpperCase().replace(/^APP_/u, "");
}

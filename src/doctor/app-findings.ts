import type { Clock } from "../control/ports/surroundings.ts";
import type { Api } from "../github/api.ts";
import { RequestFailed } from "../github/request-failed.ts";
import type { AppRights } from "../setup/app-manifest.ts";
import { compareRights } from "./compare-rights.ts";
import { fault, guarded, ok, warning, type Finding } from "./finding.ts";

export interface AppExamination {
  readonly api: Api;
  readonly rights: AppRights;
  readonly webUrl: string;
  /** Where GitHub should send webhooks: `PUBLIC_URL` with the path. */
  readonly webhookUrl: string;
  readonly clock: Clock;
}

export interface KnownApp {
  readonly slug: string;
  /** The App's page in the settings of its owner. */
  readonly settingsUrl: string;
}

const deliveriesPerPage = 100;
const installationsPerPage = 100;
const recentMs = 24 * 60 * 60_000;

/** Whether id and key fit together. Without an answer nothing else can be asked: then `app` is null. */
export async function examineApp(
  examination: AppExamination,
): Promise<{ readonly app: KnownApp | null; readonly findings: readonly Finding[] }> {
  const { api, rights, webUrl } = examination;
  try {
    const { data } = await api.asApp("asking GitHub who the app is", (octokit) => octokit.rest.apps.getAuthenticated());
    if (data === null || data.slug === undefined) throw new Error("GitHub's answer names no App");
    const { slug, owner } = data;
    const login = "login" in owner ? owner.login : null;
    const isOrganisation = "type" in owner && owner.type === "Organization" && login !== null;
    const settingsUrl = `${webUrl}${isOrganisation ? `/organizations/${login}` : ""}/settings/apps/${slug}`;
    const given = { permissions: data.permissions, events: data.events };
    const about = { check: "app", who: "the App", mend: `${settingsUrl}/permissions` };
    return {
      app: { slug, settingsUrl },
      findings: [
        ok("app", `APP_ID and PRIVATE_KEY belong to the App "${slug}"${login === null ? "" : ` of ${login}`}`),
        ...compareRights(rights, given, about),
      ],
    };
  } catch (error) {
    return { app: null, findings: [unknownApp(error, webUrl)] };
  }
}

function unknownApp(error: unknown, webUrl: string): Finding {
  const why = error instanceof Error ? error.message : String(error);
  if (error instanceof RequestFailed && (error.status === 401 || error.status === 404)) {
    return fault(
      "app",
      `APP_ID and PRIVATE_KEY do not belong together, the key was deleted, or this machine's clock is off (${why})`,
      `Compare "App ID" and the private keys on ${webUrl}/settings/apps, and the time that "date -u" prints`,
    );
  }
  return fault(
    "app",
    why,
    "Let this machine reach GitHub's API over https (firewall, proxy, name server), then run npm run doctor again.",
  );
}

export async function examineWebhook(examination: AppExamination, app: KnownApp): Promise<readonly Finding[]> {
  return [
    ...(await guarded("webhook-address", () => examineHook(examination, app))),
    ...(await guarded("webhook-deliveries", () => examineDeliveries(examination, app))),
  ];
}

async function examineHook({ api, webhookUrl }: AppExamination, app: KnownApp): Promise<readonly Finding[]> {
  const mend = `${app.settingsUrl}: set "Webhook URL" to ${webhookUrl}, content type application/json, and SSL verification on`;
  const { data } = await api.asApp("reading the App's webhook", (octokit) =>
    octokit.rest.apps.getWebhookConfigForApp(),
  );
  const findings: Finding[] = [];
  if (data.url === undefined || data.url === "") return [fault("webhook-address", "the App has no webhook", mend)];
  if (data.url !== webhookUrl)
    findings.push(fault("webhook-address", `GitHub sends webhooks to ${data.url}, not to ${webhookUrl}`, mend));
  if (data.content_type !== undefined && data.content_type !== "json")
    findings.push(fault("webhook-address", `GitHub sends webhooks as "${data.content_type}", not as JSON`, mend));
  if (String(data.insecure_ssl ?? "0") !== "0")
    findings.push(warning("webhook-address", "GitHub does not verify the certificate of PUBLIC_URL", mend));
  if (data.secret === undefined || data.secret === "")
    findings.push(
      fault("webhook-secret", "the webhook has no secret on GitHub", `${app.settingsUrl}: set it to WEBHOOK_SECRET`),
    );
  return findings.length > 0 ? findings : [ok("webhook-address", `GitHub sends webhooks to ${webhookUrl}`)];
}

/** Of each delivery only its newest attempt counts: what a redelivery mended is no fault. */
async function examineDeliveries({ api, clock }: AppExamination, app: KnownApp): Promise<readonly Finding[]> {
  const { data } = await api.asApp("listing the App's deliveries", (octokit) =>
    octokit.rest.apps.listWebhookDeliveries({ per_page: deliveriesPerPage }),
  );
  const newest = new Map<string, (typeof data)[number]>();
  for (const delivery of data) if (!newest.has(delivery.guid)) newest.set(delivery.guid, delivery);
  const since = clock.now().getTime() - recentMs;
  const recent = [...newest.values()].filter(({ delivered_at }) => Date.parse(delivered_at) >= since);
  const failed = recent.filter(({ status_code }) => status_code < 200 || status_code > 299);
  const [last] = failed;
  if (last === undefined) {
    const count = recent.length === 0 ? "no deliveries" : `all of ${recent.length} deliveries were taken`;
    return [ok("webhook-deliveries", `${count} in the last 24 hours`)];
  }
  const mend = `${app.settingsUrl}/advanced shows each with its answer, and sends it again`;
  const told = `${failed.length} of ${recent.length} deliveries of the last 24 hours failed, the latest with ${last.status_code} (${last.status})`;
  if (last.status_code === 401)
    return [
      fault(
        "webhook-secret",
        `${told}: the secret on GitHub is not WEBHOOK_SECRET`,
        `${app.settingsUrl}: set "Webhook secret" to WEBHOOK_SECRET`,
      ),
    ];
  // The newest one got through: what was wrong is over, and the app asks for the lost ones again by itself.
  const isOver = recent[0] !== last;
  return [isOver ? warning("webhook-deliveries", told, mend) : fault("webhook-deliveries", told, mend)];
}

export async function examineInstallations(examination: AppExamination, app: KnownApp): Promise<readonly Finding[]> {
  const { api, rights, webUrl } = examination;
  return await guarded("installations", async () => {
    const { data } = await api.asApp("listing the App's installations", (octokit) =>
      octokit.rest.apps.listInstallations({ per_page: installationsPerPage }),
    );
    if (data.length === 0) {
      const mend = `${webUrl}/apps/${app.slug}/installations/new`;
      return [warning("installations", "the App is installed nowhere yet", mend)];
    }
    return data.flatMap((installation): readonly Finding[] => {
      const { account, html_url: mend } = installation;
      const who = account !== null && "login" in account ? account.login : `installation ${installation.id}`;
      if (installation.suspended_at !== null)
        return [warning("installation", `the installation of ${who} is suspended`, mend)];
      const short = Object.entries(rights.permissions).filter(
        ([name]) =>
          Reflect.get(installation.permissions, name) === undefined && !rights.optionalPermissions.includes(name),
      );
      if (short.length === 0) return [ok("installation", `${who} has the App`)];
      const names = short.map(([name]) => name).join(", ");
      return [fault("installation", `${who} has not accepted the permissions ${names}`, mend)];
    });
  });
}

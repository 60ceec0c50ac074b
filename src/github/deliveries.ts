import type { WebhookDelivery } from "../control/ports/github.ts";
import type { Api } from "./api.ts";
import { RequestFailed } from "./request-failed.ts";

const deliveriesPerPage = 100;
/** Each page is a request; a busy app has some thousand deliveries a day. */
const pagesMax = 30;

/**
 * Deliveries since then, newest first, of events that never arrived: each try of an event has its guid, and one that arrived is enough.
 * GitHub's own filter leaves out tries without an answer, so all are read.
 */
export async function failedDeliveries(api: Api, since: string, limit: number): Promise<readonly WebhookDelivery[]> {
  return (await deliveriesSince(api, since)).failed.slice(0, limit);
}

/** The others: of each event its newest try. */
export async function arrivedDeliveries(api: Api, since: string): Promise<readonly WebhookDelivery[]> {
  return (await deliveriesSince(api, since)).arrived;
}

async function deliveriesSince(
  api: Api,
  since: string,
): Promise<{ readonly arrived: readonly WebhookDelivery[]; readonly failed: readonly WebhookDelivery[] }> {
  const arrived = new Set<string>();
  const newest = new Map<string, number>();
  let cursor: string | null = null;
  for (let page = 1; page <= pagesMax; page += 1) {
    const at: string | null = cursor;
    const { data, headers } = await api.asApp("reading the deliveries of the webhook", (octokit) =>
      octokit.rest.apps.listWebhookDeliveries({
        per_page: deliveriesPerPage,
        ...(at === null ? {} : { cursor: at }),
      }),
    );
    for (const { id, guid, status_code: status, delivered_at: deliveredAt } of data) {
      if (Date.parse(deliveredAt) < Date.parse(since)) continue;
      if (status >= 200 && status < 300) arrived.add(guid);
      if (!newest.has(guid)) newest.set(guid, id);
    }
    const last = data.at(-1);
    cursor = nextCursorOf(headers.link);
    if (cursor === null || last === undefined || Date.parse(last.delivered_at) < Date.parse(since)) break;
  }
  const events = [...newest].map(([guid, deliveryId]) => ({ deliveryId, guid }));
  return {
    arrived: events.filter(({ guid }) => arrived.has(guid)),
    failed: events.filter(({ guid }) => !arrived.has(guid)),
  };
}

/** A delivery that GitHub keeps no longer is left alone. */
export async function redeliver(api: Api, deliveryId: number): Promise<void> {
  try {
    await api.asApp(`asking for delivery ${deliveryId} again`, (octokit) =>
      octokit.rest.apps.redeliverWebhookDelivery({ delivery_id: deliveryId }),
    );
  } catch (error) {
    if (!(error instanceof RequestFailed) || (error.status !== 404 && error.status !== 422)) throw error;
  }
}

function nextCursorOf(link: string | undefined): string | null {
  const next = /<(?<url>[^>]+)>;\s*rel="next"/u.exec(link ?? "")?.groups?.["url"];
  return next === undefined ? null : new URL(next).searchParams.get("cursor");
}

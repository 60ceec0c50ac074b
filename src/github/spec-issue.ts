import type { SpecToStart } from "../core/spec-to-start.ts";
import type { Repository } from "../core/events.ts";
import type { Api } from "./api.ts";
import { markedBody, markerOf } from "./marker.ts";
import { nameOf, pathOf } from "./repository.ts";
import { specIssueBody } from "./texts/spec-issue.ts";
import type { Say } from "./texts/words.ts";

const issuesPerPage = 100;

/** The issue of a specification, found again by its marker among the newest of its label. */
export async function openSpecIssue(
  api: Api,
  repository: Repository,
  spec: SpecToStart,
  { label, say }: { readonly label: string; readonly say: Say },
): Promise<{ readonly number: number; readonly title: string; readonly body: string }> {
  const marker = markerOf("spec", spec.id);
  const { data: issues } = await api.read({
    repository,
    permissions: { issues: "read" },
    doing: `looking for the issue of ${spec.id} in ${nameOf(repository)}`,
    send: (octokit) =>
      octokit.rest.issues.listForRepo({
        ...pathOf(repository),
        labels: label,
        state: "all",
        sort: "created",
        direction: "desc",
        per_page: issuesPerPage,
      }),
  });
  // A person may quote the marker; only a bot's issue can be ours.
  const there = issues.find(({ body, user }) => user?.type === "Bot" && body?.startsWith(marker) === true);
  if (there !== undefined) return { number: there.number, title: there.title, body: there.body ?? "" };
  const { data: made } = await api.write({
    repository,
    permissions: { issues: "write" },
    doing: `opening the issue of ${spec.id} in ${nameOf(repository)}`,
    made: marker,
    send: (octokit) =>
      octokit.rest.issues.create({
        ...pathOf(repository),
        title: spec.title,
        body: markedBody(marker, specIssueBody(spec, say)),
        labels: [label],
      }),
  });
  return { number: made.number, title: made.title, body: made.body ?? "" };
}

import { z } from "zod";
import type { Repository } from "../core/events.ts";
import type { Api } from "./api.ts";
import { nameOf, pathOf, readOrNull } from "./repository.ts";

const editorsQuery = `query Editors($owner: String!, $repo: String!, $number: Int!) {
  repository(owner: $owner, name: $repo) {
    pullRequest(number: $number) {
      userContentEdits(first: 100) { nodes { editedAt editor { __typename login } } }
    }
  }
}`;

const EditorsAnswer = z.object({
  repository: z
    .object({
      pullRequest: z
        .object({
          userContentEdits: z
            .object({
              nodes: z
                .array(
                  z
                    .object({
                      editedAt: z.string(),
                      editor: z.object({ __typename: z.string(), login: z.string() }).nullable(),
                    })
                    .nullable(),
                )
                .nullable(),
            })
            .nullable(),
        })
        .nullable(),
    })
    .nullable(),
});

/** The person who last edited the text of a pull request: the app's own edits are passed over. Null where GitHub names none. */
export async function lastEditorOf(api: Api, repository: Repository, pullRequest: number): Promise<string | null> {
  const answer: unknown = await readOrNull(api, {
    repository,
    permissions: { pull_requests: "read" },
    doing: `asking who edited #${pullRequest} of ${nameOf(repository)}`,
    send: (octokit) => octokit.graphql(editorsQuery, { ...pathOf(repository), number: pullRequest }),
  });
  const pull = answer === null ? null : EditorsAnswer.parse(answer).repository?.pullRequest;
  const edits = (pull?.userContentEdits?.nodes ?? []).flatMap((edit) =>
    edit?.editor?.__typename === "User" ? [{ at: Date.parse(edit.editedAt), login: edit.editor.login }] : [],
  );
  return edits.toSorted((one, other) => other.at - one.at)[0]?.login ?? null;
}

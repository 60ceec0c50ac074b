/** Where a file of a repository's `.github/phasegate/` goes among the guides. */
import { nearestOf } from "../core/edit-distance.ts";
import { repositoryFolder } from "../core/repository-files.ts";

export type Placed =
  /** Its path in a guide folder. */
  | { readonly kind: "guide"; readonly path: string }
  /** It belongs nowhere: nothing of it would count, and nobody would know. */
  | {
      readonly kind: "stray";
      readonly message: string;
      /** The label that somebody probably thinks it starts. */
      readonly label: string | null;
    };

const NAME = "[A-Za-z0-9][A-Za-z0-9._-]*";
const PLACES: readonly { readonly form: RegExp; readonly path: (found: readonly string[]) => string }[] = [
  { form: new RegExp(`^playbooks/(${NAME}\\.yml)$`, "u"), path: ([file]) => `playbooks/${file}` },
  { form: new RegExp(`^agents/(${NAME}\\.md)$`, "u"), path: ([file]) => `agents/${file}` },
  // What has a folder of its own would come in by a back door.
  {
    form: new RegExp(`^guides/((?!playbooks/|agents/)${NAME}/${NAME}\\.md)$`, "u"),
    path: ([place]) => place ?? "",
  },
];
const FOLDERS = ["playbooks", "agents", "guides", "workflows"];
const PLAYBOOK_ENDING = /\.(?:ya?ml|json)$/iu;

export function placeRepositoryFile(path: string): Placed {
  const place = path.slice(repositoryFolder.length + 1);
  for (const { form, path: pathOf } of PLACES) {
    const [found, ...groups] = form.exec(place) ?? [];
    if (found !== undefined) return { kind: "guide", path: pathOf(groups) };
  }
  const meant = meantBy(place);
  const hint = meant === null ? "" : `; did you mean "${repositoryFolder}/${meant}"?`;
  const message = `expected playbooks/<name>.yml, agents/<name>.md or guides/<folder>/<file>.md in ${repositoryFolder}, got "${place}", which is not read${hint}`;
  const label = PLAYBOOK_ENDING.test(place) && !place.startsWith("guides/") ? (/([^/]+?)\.[^./]+$/u.exec(place)?.[1] ?? null) : null;
  return { kind: "stray", message, label };
}

/** The place that is almost the same; null where there is none. */
function meantBy(place: string): string | null {
  const [first = "", ...rest] = place.split("/");
  const file = rest.at(-1) ?? first;
  if (rest.length === 0) {
    if (PLAYBOOK_ENDING.test(file)) return `playbooks/${file.replace(PLAYBOOK_ENDING, ".yml")}`;
    return file.endsWith(".md") ? `agents/${file}` : null;
  }
  // `guides/agents/x.md`: the folder is right, and stands in the wrong place.
  if (first === "guides" && rest.length === 2 && (rest[0] === "agents" || rest[0] === "playbooks")) {
    return rest[0] === "agents" ? `agents/${file}` : `playbooks/${file.replace(/\.md$/u, ".yml")}`;
  }
  const folder = FOLDERS.includes(first) ? first : (nearestOf(first.toLowerCase(), FOLDERS) ?? (FOLDERS.includes(first.toLowerCase()) ? first.toLowerCase() : null));
  // A folder of guides that lacks the `guides` before it.
  if (folder === null) return rest.length === 1 && file.endsWith(".md") ? `guides/${place}` : null;
  const mended = folder === "playbooks" ? file.replace(PLAYBOOK_ENDING, ".yml") : file.replace(/\.(?:markdown|mdx?|txt)$/iu, ".md");
  if (folder === "guides" && rest.length !== 2) return `guides/<folder>/${mended}`;
  const wanted = folder === "guides" ? `guides/${rest[0]}/${mended}` : `${folder}/${mended}`;
  return wanted === place ? null : wanted;
}

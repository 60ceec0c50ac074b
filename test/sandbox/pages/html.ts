/** Text that is HTML already: made by `html`, so that everything put into it was escaped. */
export type Html = { readonly html: string };
type Value = string | number | Html | null | readonly Html[];

/** A template in which plain values are escaped and HTML is kept. Attributes must stand in double quotes. */
export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Html {
  let text = strings[0] ?? "";
  values.forEach((value, index) => {
    text += htmlOf(value) + (strings[index + 1] ?? "");
  });
  return { html: text };
}

/** For text that a renderer of ours has made safe. */
export function trustedHtml(text: string): Html {
  return { html: text };
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

export const nothing: Html = { html: "" };

function htmlOf(value: Value): string {
  if (value === null) return "";
  if (typeof value === "string") return escapeHtml(value);
  if (typeof value === "number") return String(value);
  return "html" in value ? value.html : value.map((each) => each.html).join("");
}

/** By its hidden first line one of our comments is found again. A key may hold anything; two hyphens would end the HTML comment. */
export function markerOf(kind: "status" | "notice" | "answer" | "request" | "form" | "spec", key: string): string {
  return `<!-- phasegate:${kind}:${encodeURIComponent(key).replaceAll("--", "%2D%2D")} -->`;
}

/** GitHub takes more, but not from everybody. */
const commentCharactersMax = 60_000;

export function markedBody(marker: string, text: string): string {
  const body = `${marker}\n${text}`;
  return body.length <= commentCharactersMax ? body : `${body.slice(0, commentCharactersMax - 1)}…`;
}

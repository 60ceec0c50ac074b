import type { Finding } from "../../core/report.ts";
import { code, plain } from "./escape.ts";

/** One line of a list: where it is and what is wanting. */
export function findingLine({ step, path, line, message }: Finding): string {
  const place = path === null ? (step ?? "") : `${path}${line === null ? "" : `:${line}`}`;
  return `- ${place === "" ? "" : `${code(place, 200)}: `}${plain(message, 400)}`;
}

/** The scripted model of the demos of the other types: it asks what the script has it ask, and makes the product. */

import { askFirst, toolOfRunner } from "../model/ask-first.ts";
import type { ProductFile, ProductScript } from "../model/load-product.ts";
import type { ModelAnswer } from "../model/model-answer.ts";
import type { ModelRequest } from "../model/model-request.ts";
import type { Decide } from "../model/model-server.ts";
import { scriptedDecide } from "../model/script.ts";

/** A specification is named after the day on which its task was made; the product has one of some day. */
const specId = /\bspec-\d{4}-\d{2}-\d{2}-\d{3,6}\b/u;

export function typeAgent(product: ProductScript): Decide {
  const asks = product.steps.flatMap(({ phase, slug, asks: questions = [] }) =>
    questions.length === 0 ? [] : [[`${phase}/${slug}`, [toolOfRunner("ask_user", { questions })]] as const],
  );
  const decide = (request: ModelRequest): ModelAnswer => scriptedDecide(ofToday(product, request))(request);
  return askFirst(decide, Object.fromEntries(asks));
}

function ofToday({ steps }: ProductScript, { messages }: ModelRequest): ProductScript {
  const id = messages.map(({ role, text }) => (role === "user" ? specId.exec(text)?.[0] : undefined)).find(Boolean);
  if (id === undefined) return { steps };
  const named = ({ path, text }: ProductFile): ProductFile => ({
    path: path.replace(specId, id),
    text: text.replace(specId, id),
  });
  return { steps: steps.map((step) => ({ ...step, files: step.files.map(named) })) };
}

// Trains one model. The checkpoint says how far it is; a new start goes on from there.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";

const [, , team, model] = process.argv;
const folder = `/srv/training/${model}`;
const checkpoint = `${folder}/checkpoint.json`;

mkdirSync(folder, { recursive: true });
let { round } = read();
setInterval(() => {
  round += 1;
  writeFileSync(checkpoint, JSON.stringify({ team, model, round }));
  console.log(`${model}: round ${round}`);
}, 5 * 60_000);

function read() {
  try {
    return JSON.parse(readFileSync(checkpoint, "utf8"));
  } catch {
    return { round: 0 };
  }
}

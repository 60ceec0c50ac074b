// Takes jobs over HTTP, and starts a training for each.
import { spawn } from "node:child_process";
import { createServer } from "node:http";

const server = createServer((request, response) => {
  let body = "";
  request.on("data", (piece) => {
    body += piece;
  });
  request.on("end", () => {
    const { team, model } = JSON.parse(body);
    const trainer = spawn(process.execPath, ["src/trainer.mjs", team, model], { env: process.env, stdio: "inherit" });
    response.end(`${JSON.stringify({ team, model, process: trainer.pid })}\n`);
  });
});

server.listen(8080);

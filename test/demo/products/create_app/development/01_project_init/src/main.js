import { createServer } from "node:http";
import { parseConfig } from "./config.js";

const config = parseConfig(process.env);

const server = createServer((request, response) => {
  const healthy = request.method === "GET" && request.url === "/healthz";
  response.writeHead(healthy ? 200 : 404, { "content-type": "application/json; charset=utf-8" });
  response.end(JSON.stringify(healthy ? { status: "ok" } : { error: { code: "not-found" } }));
});

server.listen(config.port, config.host, () => {
  console.log(`linklet listening on http://${config.host}:${server.address().port}`);
});

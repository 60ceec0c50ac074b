import { createServer } from "node:net";

/** A port of loopback that nobody listens on, for programs that must know their own address before they start. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => {
        if (address === null || typeof address === "string") reject(new Error("taking a free port: got no number"));
        else resolve(address.port);
      });
    });
  });
}

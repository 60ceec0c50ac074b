import { createHttpServer } from "./http/server.js";
import { createLinkService } from "./links/link-service.js";
import { openLinkStore } from "./store/link-store.js";

const DRAIN_MS_MAX = 4_000;

/**
 * Wires the parts and listens. `log` gets one line for each fault.
 * Returns the address and `close`, which answers what has begun, refuses what is new, and writes the last counts.
 */
export async function startApp(config, { log }) {
  const store = await openLinkStore(config.dataFile, { onError: (error) => log(`writing links: ${error.stack}`) });
  let ownOrigin = config.publicUrl;
  const links = createLinkService({ store, maxLinks: config.maxLinks, ownOrigin: () => ownOrigin });
  const server = createHttpServer({ links, config, log });

  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(config.port, config.host, resolve);
  });
  const { port } = server.address();
  ownOrigin ||= `http://localhost:${port}`;

  return {
    url: `http://${config.host}:${port}`,
    async close() {
      const drained = new Promise((resolve) => server.close(resolve));
      server.closeIdleConnections();
      const timer = setTimeout(() => server.closeAllConnections(), DRAIN_MS_MAX);
      await drained;
      clearTimeout(timer);
      await store.close();
    },
  };
}

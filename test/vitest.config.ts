import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    globalSetup: ["test/store/offer-postgres.ts"],
    root: new URL("..", import.meta.url).pathname,
    include: ["test/**/*.test.ts"],
    exclude: ["test/demo/products/**"],
    isolate: false,
    maxWorkers: 2,
    // The real CLI is an ELF of 377 MB: under contention its start alone takes seconds.
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});

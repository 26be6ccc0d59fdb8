import { defineConfig } from "vitest/config";

/** One browser test at a time: they measure. */
export default defineConfig({
  test: {
    include: ["test/browser/**/*.test.ts"],
    environment: "node",
    fileParallelism: false,
    testTimeout: 90_000,
    hookTimeout: 180_000,
    globalSetup: ["test/browser/server.ts"],
  },
});

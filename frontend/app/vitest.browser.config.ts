import { defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";

/** The page in a browser, before the chat server: `make test-browser`. */
export default defineConfig({
  resolve: { conditions: ["tightwire-source", ...defaultServerConditions] },
  ssr: { resolve: { conditions: ["tightwire-source", ...defaultServerConditions] } },
  test: {
    root: `${import.meta.dirname}/browser`,
    include: ["**/*.test.ts"],
    globalSetup: "support/setup.ts",
    testTimeout: 40_000,
    // They wait more than they work.
    maxWorkers: 3,
  },
});

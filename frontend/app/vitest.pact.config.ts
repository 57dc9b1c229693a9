import { defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";

/** What the page relies on, with the real client before a provider that records it: `make pact-capture`. */
export default defineConfig({
  resolve: { conditions: ["tightwire-source", ...defaultServerConditions] },
  ssr: { resolve: { conditions: ["tightwire-source", ...defaultServerConditions] } },
  test: {
    root: `${import.meta.dirname}/pact`,
    // `PACT_TESTS` makes a contract of some of them only: for the tests of that.
    include: [process.env.PACT_TESTS ?? "**/*.test.ts"],
    globalSetup: `${import.meta.dirname}/pact/support/setup.ts`,
    testTimeout: 20_000,
  },
});

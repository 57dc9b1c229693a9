import { defaultServerConditions } from "vite";
import { mergeConfig } from "vitest/config";
import application from "./vite.config.js";

export default mergeConfig(application, {
  // Tests without a page are run as a server would run the code.
  ssr: { resolve: { conditions: ["tightwire-source", ...defaultServerConditions] } },
  test: {
    include: ["test/**/*.test.{ts,tsx}"],
  },
});

import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { conditions: ["tightwire-source"] },
  test: {
    include: ["test/**/*.test.ts"],
  },
});

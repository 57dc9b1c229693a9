import { mergeConfig } from "vitest/config";
import pact from "./vitest.pact.config.js";

/** The same tests with another text in them, as somebody would have who expects something else. */
export default mergeConfig(pact, {
  plugins: [
    {
      name: "altered",
      transform(code: string, file: string): string | undefined {
        const { ALTERED_FROM, ALTERED_TO } = process.env;
        const isAltered = file.endsWith(".test.ts") && ALTERED_FROM !== undefined && ALTERED_TO !== undefined;
        return isAltered ? code.replaceAll(ALTERED_FROM, ALTERED_TO) : undefined;
      },
    },
  ],
});

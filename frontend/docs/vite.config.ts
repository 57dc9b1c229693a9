import { defineConfig } from "vite";

/** One script for every protocol: the generator carries it, so that making a page needs no Node.js. */
export default defineConfig({
  build: {
    target: "es2022",
    outDir: "../../crates/tightwire-codegen/src/docs/assets",
    emptyOutDir: false,
    // A page that is opened from a disk may have no modules.
    lib: { entry: "src/main.ts", name: "docs", formats: ["iife"], fileName: () => "docs.js" },
  },
});

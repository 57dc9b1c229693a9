import react from "@vitejs/plugin-react";
import { defaultClientConditions, defineConfig } from "vite";

/** The server that `make run` starts, for `npm run dev`. */
const SERVER = "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react()],
  // The client's sources are used as they are: nothing has to be built before the application.
  resolve: { conditions: ["tightwire-source", ...defaultClientConditions] },
  build: {
    target: "es2022",
    // The Content-Security-Policy allows what the server serves, and nothing inline.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: Object.fromEntries(
      ["/ws", "/sse", "/api", "/docs", "/health", "/asyncapi.yml"].map((path) => [
        path,
        { target: SERVER, ws: path === "/ws" },
      ]),
    ),
  },
});

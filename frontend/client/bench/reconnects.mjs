// What a server sees whose clients all lose it at once: connections per second, for both ways to spread them.
//
//     npm run simulate --workspace frontend/client

import { fileURLToPath } from "node:url";
import { createServer } from "vite";

const server = await createServer({ configFile: false, logLevel: "error", server: { middlewareMode: true } });
const { report } = await server.ssrLoadModule(fileURLToPath(new URL("reconnects.ts", import.meta.url)));
console.log(report());
await server.close();

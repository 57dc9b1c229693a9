// How large each entry is in a page: bundled from `dist`, minified, compressed. Fails if the client's core is larger than
// it may be.
//
//     npm run build --workspace frontend/client

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "vite";

/** 8 KiB. */
const CORE_BYTES = 8192;

const dist = fileURLToPath(new URL("../dist", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "size-"));

/** Bundles what an entry exports, as an application that uses all of it would; gives the sizes of the first and of later loads. */
async function sizes(entry, names = "*") {
  const file = join(folder, "page.js");
  const path = JSON.stringify(join(dist, entry));
  const used =
    names === "*" ? `import * as used from ${path};` : `import { ${names} } from ${path}; const used = ${names};`;
  writeFileSync(file, `${used}\nglobalThis.used = used;\n`);
  const { output } = await build({
    configFile: false,
    logLevel: "error",
    build: {
      write: false,
      target: "es2022",
      modulePreload: false,
      rolldownOptions: { input: file, external: [/^react/] },
    },
  });
  const bytes = (chunks) => chunks.reduce((sum, { code }) => sum + gzipSync(code, { level: 9 }).length, 0);
  return {
    first: bytes(output.filter(({ isEntry }) => isEntry)),
    later: bytes(output.filter(({ isEntry }) => !isEntry)),
  };
}

function line(name, { first, later }) {
  const lazily = later > 0 ? `, and ${later} when it is opened` : "";
  console.log(`${name.padEnd(12)}${String(first).padStart(6)} bytes gzipped${lazily}`);
}

const core = await sizes("index.js", "createClient");
line("core", core);
for (const entry of ["fallback", "react", "devtools", "remote-log"]) {
  line(entry, await sizes(`${entry}/index.js`));
}
rmSync(folder, { recursive: true });
if (core.first > CORE_BYTES) {
  console.error(`the core has ${core.first} bytes and may have ${CORE_BYTES}`);
  process.exitCode = 1;
}

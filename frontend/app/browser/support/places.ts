/** Where things are that tests start. */
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { delimiter, join } from "node:path";

const root = join(import.meta.dirname, "../../../..");
const built = join(process.env.CARGO_TARGET_DIR ?? join(root, "target"), "debug");

/** The chat server. `TIGHTWIRE_CHAT` names another. */
export const CHAT_SERVER: string = process.env.TIGHTWIRE_CHAT ?? join(built, "tightwire-chat");
/** The command. `TIGHTWIRE` names another. */
export const TIGHTWIRE: string = process.env.TIGHTWIRE ?? join(built, "tightwire");
/** The page, as it was built. */
export const APP: string = join(root, "frontend/app/dist");
/** Where pictures are put. */
export const PICTURES: string = join(root, "frontend/app/pictures");

/** The first of these programs that is installed. */
export function onPath(...names: readonly string[]): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path));
}

/** A port that is free now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() =>
        typeof address === "object" && address ? resolve(address.port) : reject(new Error("no port")),
      );
    });
  });
}

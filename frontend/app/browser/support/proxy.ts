/** A network that fails as it is told to, between the browser and a server. */
import { connect, createServer, type Server, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import type { ChatServer } from "./chat-server.js";

/** Which way bytes go. */
export type Way = "toServer" | "toClient";

export interface Proxy {
  /** What the browser is given instead of the server's address. */
  readonly url: string;
  /** Resets all connections, and those to come until `restore()`. */
  cut(): void;
  /** Holds what goes that way, or both, until `restore()`; both ends believe that all is well. */
  stall(...ways: readonly Way[]): void;
  /** Answers requests to upgrade to a WebSocket as some companies' proxies do, until `restore()`. */
  refuseUpgrades(): void;
  /** All is well again. What was held goes on its way. */
  restore(): void;
}

/** Stands in front of a server as long as a test lasts. */
export async function startProxy({ port }: ChatServer): Promise<Proxy> {
  const pairs = new Set<Pair>();
  let isCut = false;
  let refusesUpgrades = false;
  const stalled = new Set<Way>();
  const server: Server = createServer((client) => {
    if (isCut) {
      client.resetAndDestroy();
      return;
    }
    const pair: Pair = { client, server: connect(port, "127.0.0.1") };
    pairs.add(pair);
    for (const [from, to, way] of [
      [pair.client, pair.server, "toServer"],
      [pair.server, pair.client, "toClient"],
    ] as const) {
      from.setNoDelay();
      from.on("data", (bytes: Buffer) => {
        if (way === "toServer" && refusesUpgrades && /^upgrade: *websocket/im.test(bytes.toString("latin1"))) {
          client.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
          return;
        }
        to.write(bytes);
      });
      from.on("end", () => to.end());
      from.on("error", () => {});
      from.on("close", () => {
        to.destroy();
        pairs.delete(pair);
      });
      // A stream that is paused reads nothing: the rest is the kernel's.
      if (stalled.has(way)) {
        from.pause();
      }
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cutAll = (): void => {
    for (const { client, server } of pairs) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
  };
  const apply = (): void => {
    for (const pair of pairs) {
      pair.client[stalled.has("toServer") ? "pause" : "resume"]();
      pair.server[stalled.has("toClient") ? "pause" : "resume"]();
    }
  };
  onTestFinished(() => {
    cutAll();
    server.close();
  });
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`,
    cut() {
      isCut = true;
      cutAll();
    },
    stall(...ways) {
      for (const way of ways) {
        stalled.add(way);
      }
      apply();
    },
    refuseUpgrades() {
      refusesUpgrades = true;
      cutAll();
    },
    restore() {
      isCut = false;
      refusesUpgrades = false;
      stalled.clear();
      apply();
    },
  };
}

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

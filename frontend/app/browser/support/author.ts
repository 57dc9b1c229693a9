/** Somebody else in the chat: a client that talks to the server itself, whatever happens to the page's network. */
import { protocol, topic } from "@tightwire/chat";
import { createClient } from "@tightwire/client";
import { onTestFinished } from "vitest";
import { WebSocket } from "ws";
import type { ChatServer } from "./chat-server.js";

export interface Author {
  /** Writes into a thread, and returns when the server has it. */
  say(thread: string, content: string): Promise<void>;
  /** Everything that was said in a thread, as the server knows it. */
  history(thread: string): Promise<readonly string[]>;
}

/** Somebody who is connected as long as a test lasts, with a token where the server wants one. */
export function connectAuthor({ port }: ChatServer, token?: string): Author {
  const client = createClient(protocol, {
    url: `ws://127.0.0.1:${port}/ws`,
    // Node.js 20 has none of its own.
    webSocket: (url, protocols) => new WebSocket(url, protocols),
    ...(token !== undefined && { token: () => token }),
    backoff: { firstMs: 50, spreadMs: 0, capMs: 100 },
  });
  onTestFinished(() => client.close());
  client.connect();
  return {
    async say(thread, content) {
      await client.request("send_message", topic.thread(thread), { content });
    },
    async history(thread) {
      const { data } = await client.request("subscribe_thread", topic.thread(thread), { limit: 100 });
      return data.messages.map((message) => message.content);
    },
  };
}

/** The recording provider, as a test sees it. */
import { type ChatTypes, protocol } from "@tightwire/chat";
import { type Client, type ClientOptions, createClient, type Protocol } from "@tightwire/client";
import { expect, inject, vi } from "vitest";
import { WebSocket } from "ws";
import type { Draft } from "./interaction.js";

declare module "vitest" {
  interface ProvidedContext {
    /** Where the provider is told what to expect. */
    readonly control: string;
  }
}

/** The provider, for one test. */
export interface Provider {
  /** Adds an interaction. What the contract forbids is an error. */
  expects(interaction: { readonly draft: Draft }): Promise<Pushable>;
  /** The real client, connected to the provider over a WebSocket. */
  client(options?: Partial<ClientOptions>, speaking?: Protocol<ChatTypes>): Client<ChatTypes>;
}

/** An interaction whose frame the provider sends when it is told to. */
export interface Pushable {
  /** Sends it to those who have subscribed to its topic, as soon as there is somebody. */
  push(): Promise<void>;
}

/** What the control API answers. */
interface Answered {
  readonly session?: number;
  readonly url?: string;
  readonly interaction?: number;
  readonly problems?: readonly string[];
  readonly transcript?: readonly string[];
}

/** Runs a test of the client. What it has said it relies on is in the contract if it passes, and was all exercised. */
export async function consumer(run: (provider: Provider) => Promise<void>): Promise<void> {
  const control = inject("control");
  const ask = async (path: string, body: unknown = {}): Promise<Answered> => {
    const response = await fetch(`${control}${path}`, { method: "POST", body: JSON.stringify(body) });
    return (await response.json()) as Answered;
  };
  const test = expect.getState().currentTestName;
  const { session, url = "" } = await ask("sessions");
  const clients: Client<ChatTypes>[] = [];
  const provider: Provider = {
    async expects({ draft }) {
      const { interaction, problems = [] } = await ask(`sessions/${session}/interactions`, { ...draft, test });
      if (interaction === undefined) {
        throw new Error(`"${draft.description}" cannot be relied on:\n  ${problems.join("\n  ")}`);
      }
      return {
        async push() {
          const { problems = [] } = await ask(`sessions/${session}/push/${interaction}`);
          if (problems.length > 0) {
            throw new Error(problems.join("\n"));
          }
        },
      };
    },
    client(options = {}, speaking = protocol) {
      // Node.js 20 has no WebSocket of its own.
      const webSocket = (to: string, protocols: string | string[]) => new WebSocket(to, protocols);
      const client = createClient(speaking, { url, webSocket, backoff: { firstMs: 20, spreadMs: 0 }, ...options });
      clients.push(client);
      client.connect();
      return client;
    },
  };
  let failure: unknown;
  try {
    await run(provider);
  } catch (error) {
    failure = error ?? new Error("the test has thrown nothing");
  }
  const { problems = [], transcript = [] } = await ask(`sessions/${session}/end`, { passed: failure === undefined });
  for (const client of clients) {
    client.close();
  }
  if (problems.length > 0) {
    const lines = ["the provider was not talked to as the test says:", ...problems, "transcript (→ to the provider):"];
    throw new Error([...lines, ...transcript].join("\n  "), { cause: failure });
  }
  if (failure !== undefined) {
    throw failure;
  }
}

/** Waits until something is so. */
export async function eventually(check: () => void | Promise<void>): Promise<void> {
  await vi.waitFor(check, { timeout: 5000, interval: 5 });
}

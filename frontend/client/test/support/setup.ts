/** A client of the chat protocol with a server, and a clock for both. */
import { type ChatTypes, protocol, type ServerFrame } from "../../../chat/src/index.js";
import {
  type Client,
  type ClientOptions,
  type ConnectionState,
  createClient,
  type Gap,
  type LogEntry,
  type Protocol,
  type Refusal,
} from "../../src/index.js";
import { FakeClock, settled } from "./clock.js";
import { FakeServer } from "./server.js";

/** What happens, as it happens. */
export interface Setup {
  readonly clock: FakeClock;
  readonly server: FakeServer;
  readonly client: Client<ChatTypes>;
  readonly states: ConnectionState[];
  readonly frames: ServerFrame[];
  readonly gaps: Gap[];
  readonly refusals: Refusal[];
  readonly log: LogEntry[];
  /** The `delta`s of the pieces that came on a topic, and gaps: in order. */
  follow(topic: `thread:${string}`): { readonly seen: string[]; readonly unsubscribe: () => void };
  /** Connects, and waits until it has. */
  open(): Promise<void>;
}

/** `protocol` without positions: those of other documents need not tell them. */
export const withoutPositions: Protocol<ChatTypes> = {
  ...protocol,
  session: { ...protocol.session, positions: false },
};

/** Sets a client up that has not connected. */
export function setup(options: Partial<ClientOptions> = {}, spoken: Protocol<ChatTypes> = protocol, seed = 1): Setup {
  const clock = new FakeClock(seed);
  const server = new FakeServer(clock);
  const log: LogEntry[] = [];
  const client = createClient(spoken, {
    url: "ws://chat.example/ws",
    clock,
    webSocket: server.webSocket,
    hints: {},
    log: (entry) => log.push(entry),
    ...options,
  });
  const states: ConnectionState[] = [];
  const frames: ServerFrame[] = [];
  const gaps: Gap[] = [];
  const refusals: Refusal[] = [];
  client.onEvent("state", (state) => states.push(state));
  client.onEvent("frame", (frame) => frames.push(frame));
  client.onEvent("gap", (gap) => gaps.push(gap));
  client.onEvent("refused", (refusal) => refusals.push(refusal));
  return {
    clock,
    server,
    client,
    states,
    frames,
    gaps,
    refusals,
    log,
    follow(topic) {
      const seen: string[] = [];
      const offGap = client.onEvent("gap", (gap) => {
        if (gap.topic === topic) {
          seen.push("gap");
        }
      });
      const { unsubscribe } = client.topic(topic).subscribe((frame) => {
        seen.push(frame.type === "stream_chunk" ? (frame.data.delta.split(":")[1] ?? "") : frame.type);
      });
      return {
        seen,
        unsubscribe: () => {
          unsubscribe();
          offGap();
        },
      };
    },
    async open() {
      client.connect();
      await clock.advance(0);
      await settled();
    },
  };
}

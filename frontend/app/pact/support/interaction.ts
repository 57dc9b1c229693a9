/**
 * What a test relies on: what it sends and what answers it, or what comes unasked. Typed by the contract: a reply that the
 * document does not declare for a request, or data that its message does not have, does not compile.
 */
import type {
  ClientFrameOf,
  ClientMessageType,
  Replies,
  ReplySequences,
  ServerFrameOf,
  ServerMessageType,
} from "@tightwire/chat";
import type { Expected } from "./matchers.js";

/** The frames with which a request may be answered, by `type`: its replies, and what the session says of any request. */
export type Answer<Request extends ClientMessageType> =
  | (Request extends keyof Replies ? Replies[Request]["type"] : never)
  | (Request extends keyof ReplySequences ? ReplySequences[Request][number]["type"] : never)
  | "error"
  | "replay_gap";

/** A state of the provider, or what happens to it; docs/contracts.md lists them. */
export interface ProviderState {
  readonly name: string;
  readonly params: { readonly [name: string]: string | number };
}

/** What Pact has no words for; docs/contracts.md says what each member means. */
export interface Ws {
  readonly deadline_ms?: number;
  readonly first_ms?: number;
  readonly bind?: { readonly [name: string]: readonly string[] };
  readonly count?: readonly { readonly index: string; readonly total?: string }[];
  readonly subscribe?: readonly string[];
  readonly trigger?: ProviderState;
  readonly close?: number;
}

/** A frame, as the provider is told of it. */
interface DraftFrame {
  readonly type: string;
  readonly topic: string;
  readonly data: unknown;
  readonly times?: "+" | "*" | "?";
}

/** An interaction, as the provider is told of it. */
export interface Draft {
  readonly description: string;
  readonly states?: readonly ProviderState[];
  readonly request?: DraftFrame;
  readonly responses?: readonly DraftFrame[];
  readonly push?: DraftFrame;
  readonly "x-ws"?: Ws;
}

/** An interaction of which nothing is said yet but what it is about. */
export function interaction(description: string): Begun {
  return new Begun({ description });
}

/** An interaction of which it is not said yet who begins. */
export class Begun {
  readonly #draft: Draft;

  constructor(draft: Draft) {
    this.#draft = draft;
  }

  /** The provider is in this state. */
  given(name: string, params: ProviderState["params"]): Begun {
    return new Begun({ ...this.#draft, states: [...(this.#draft.states ?? []), { name, params }] });
  }

  /** The client sends this. */
  request<Type extends ClientMessageType>(
    type: Type,
    topic: ClientFrameOf<Type>["topic"],
    data: NoInfer<Expected<ClientFrameOf<Type>["data"]>>,
  ): Exchange<Type> {
    return new Exchange({ ...this.#draft, request: { type, topic, data }, responses: [] });
  }

  /** The provider sends this of its own will. */
  pushes<Type extends ServerMessageType>(
    type: Type,
    topic: ServerFrameOf<Type>["topic"],
    data: NoInfer<Expected<ServerFrameOf<Type>["data"]>>,
    ws: Ws = {},
  ): { readonly draft: Draft } {
    return { draft: { ...this.#draft, push: { type, topic, data }, "x-ws": ws } };
  }
}

/** A request, and what answers it. */
export class Exchange<Request extends ClientMessageType> {
  readonly draft: Draft;

  constructor(draft: Draft) {
    this.draft = draft;
  }

  /** It is answered with this; once, unless `times` says otherwise. */
  responds<Type extends Answer<Request> & ServerMessageType>(
    type: Type,
    topic: ServerFrameOf<Type>["topic"],
    data: NoInfer<Expected<ServerFrameOf<Type>["data"]>>,
    times?: DraftFrame["times"],
  ): Exchange<Request> {
    const frame = { type, topic, data, ...(times !== undefined && { times }) };
    return new Exchange({ ...this.draft, responses: [...(this.draft.responses ?? []), frame] });
  }

  /** What Pact has no words for. */
  ws(ws: Ws): Exchange<Request> {
    return new Exchange({ ...this.draft, "x-ws": { ...this.draft["x-ws"], ...ws } });
  }
}

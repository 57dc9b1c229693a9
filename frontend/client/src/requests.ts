/** Requests that wait for their replies, told apart by `correlation_id`. */
import type { Clock, Timer } from "./clock.js";
import { guarded } from "./listeners.js";
import type { FrameBase, ReplyShape, ServerFrameBase, Violation } from "./protocol.js";

/** Why there is no reply. */
export type RequestFailure =
  /** The server answered with an error; `frame` has it. */
  | "refused"
  /** There was no answer in time. It is not known whether the server acted. */
  | "timeout"
  /** The connection broke before the answer came. It is not known whether the server acted. */
  | "lost"
  /** The request was never sent: it had waited too long for a connection. */
  | "expired"
  /** The request was never sent: too much waits already. */
  | "queue_full"
  /** The request was never sent: it does not follow the contract; `violations` says where. */
  | "invalid"
  /** The client was closed, or had stopped. */
  | "closed"
  /** The caller's `signal` was aborted. */
  | "aborted";

/** The reason why a request has no reply. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  /** What went wrong. */
  readonly failure: RequestFailure;
  /** The server's error, if that is what came. */
  readonly frame: ServerFrameBase | undefined;
  /** What was wrong with the request, if it was not sent for that. */
  readonly violations: readonly Violation[];

  constructor(failure: RequestFailure, message: string, { frame, violations = [] }: RequestErrorDetails = {}) {
    super(message);
    this.failure = failure;
    this.frame = frame;
    this.violations = violations;
  }
}

/** What else there is to say of it. */
interface RequestErrorDetails {
  readonly frame?: ServerFrameBase;
  readonly violations?: readonly Violation[];
}

/** How long a request waits for each frame of its reply, where nothing else is said. */
const REQUEST_MS = 10_000;

interface Pending {
  readonly request: FrameBase;
  readonly shape: ReplyShape;
  readonly timeoutMs: number;
  readonly frames: ServerFrameBase[];
  readonly onFrame: ((frame: ServerFrameBase) => void) | undefined;
  readonly resolve: (reply: ServerFrameBase | readonly ServerFrameBase[]) => void;
  readonly reject: (error: RequestError) => void;
  /** How far the sequence has come. */
  step: number;
  /** Runs since the request was sent, or the last frame of the reply came. */
  timer: Timer;
  isSent: boolean;
}

/** The requests of a client. */
export class Requests {
  readonly #clock: Clock;
  readonly #pending = new Map<string, Pending>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many wait. */
  get size(): number {
    return this.#pending.size;
  }

  /** Waits for the reply of a request: once it was sent, no longer than `timeoutMs` without a frame of it. */
  add(
    request: FrameBase,
    shape: ReplyShape,
    timeoutMs: number = REQUEST_MS,
    onFrame?: (frame: ServerFrameBase) => void,
  ): Promise<ServerFrameBase | readonly ServerFrameBase[]> {
    return new Promise((resolve, reject) => {
      this.#pending.set(request.id, {
        request,
        shape,
        timeoutMs,
        frames: [],
        onFrame,
        resolve,
        reject,
        step: 0,
        timer: undefined,
        isSent: false,
      });
    });
  }

  /** A frame was handed to the network. If it is a request, its time begins. */
  sent(id: string): void {
    const pending = this.#pending.get(id);
    if (pending !== undefined) {
      pending.isSent = true;
      this.#restart(pending);
    }
  }

  /** Whether a request waits for several frames of a topic. */
  isAwaited(topic: string): boolean {
    return [...this.#pending.values()].some(
      ({ isSent, request, shape }) => isSent && shape.kind === "sequence" && request.topic === topic,
    );
  }

  /** Gives a frame to the request that it answers. `isError` says that it is the session's error. */
  arrive(frame: ServerFrameBase, isError: boolean): void {
    const id = frame.correlation_id;
    const pending = this.#pending.get(id);
    if (pending === undefined) {
      return;
    }
    if (isError) {
      this.fail(id, "refused", { frame });
      return;
    }
    if (!takes(pending, frame.type)) {
      return;
    }
    pending.frames.push(frame);
    // Before the listener: it may give the request up.
    if (pending.shape.kind === "one" || isComplete(pending, false)) {
      this.#resolve(pending);
    } else {
      this.#restart(pending);
    }
    if (pending.onFrame !== undefined) {
      guarded(pending.onFrame, frame);
    }
  }

  /** Ends a request without a reply. */
  fail(id: string, failure: RequestFailure, details?: RequestErrorDetails): void {
    const pending = this.#pending.get(id);
    if (pending !== undefined) {
      this.#settle(pending);
      const said = (details?.frame?.data as { readonly message?: string } | undefined)?.message ?? failure;
      pending.reject(new RequestError(failure, `${pending.request.type}: ${said}`, details));
    }
  }

  /**
   * The connection broke, or frames are lost: what was sent, and will not be answered for that, ends. What goes on may take
   * `graceMs` until there is a connection.
   */
  lose(isLost: (request: FrameBase, isSequence: boolean) => boolean, graceMs?: number): void {
    for (const pending of [...this.#pending.values()]) {
      const { request, isSent, shape } = pending;
      if (isSent && isLost(request, shape.kind === "sequence")) {
        this.fail(request.id, "lost");
      } else if (isSent && graceMs !== undefined) {
        this.#restart(pending, graceMs);
      }
    }
  }

  /** There is a connection again. */
  resume(): void {
    for (const pending of this.#pending.values()) {
      if (pending.isSent) {
        this.#restart(pending);
      }
    }
  }

  /** Ends all of them. */
  clear(): void {
    for (const id of [...this.#pending.keys()]) {
      this.fail(id, "closed");
    }
  }

  #restart(pending: Pending, timeoutMs: number = pending.timeoutMs): void {
    this.#clock.cancel(pending.timer);
    pending.timer = this.#clock.after(timeoutMs, () => {
      if (isComplete(pending, true)) {
        this.#resolve(pending);
      } else {
        this.fail(pending.request.id, "timeout");
      }
    });
  }

  #resolve(pending: Pending): void {
    this.#settle(pending);
    pending.resolve(pending.shape.kind === "one" ? (pending.frames[0] as ServerFrameBase) : pending.frames);
  }

  #settle(pending: Pending): void {
    this.#clock.cancel(pending.timer);
    this.#pending.delete(pending.request.id);
  }
}

/** Whether a frame of this type can come now; if so the sequence goes on to it. */
function takes(pending: Pending, type: string): boolean {
  const { steps, kind } = pending.shape;
  if (kind === "one") {
    return steps.some((step) => step.type === type);
  }
  for (let at = pending.step; at < steps.length; at += 1) {
    const step = steps[at];
    if (step === undefined) {
      return false;
    }
    const last = pending.frames.at(-1);
    const isRepeated = at === pending.step && last?.type === step.type;
    if (step.type === type && (!isRepeated || step.times === "+" || step.times === "*")) {
      pending.step = at;
      return true;
    }
    if (!mayLack(step) && last?.type !== step.type) {
      return false;
    }
  }
  return false;
}

/**
 * Whether the sequence has come to its end. Where more may follow and nothing says whether it will, only silence tells:
 * `isQuiet` says that there was.
 */
function isComplete({ shape: { kind, steps }, step, frames }: Pending, isQuiet: boolean): boolean {
  const times = steps[step]?.times;
  const isLast = frames.length > 0 && (times === "" || times === "?") && step === steps.length - 1;
  const rest = steps.slice(frames.length > 0 ? step + 1 : 0);
  return kind === "sequence" && (isLast || (isQuiet && rest.every(mayLack)));
}

function mayLack({ times }: ReplyShape["steps"][number]): boolean {
  return times === "*" || times === "?";
}

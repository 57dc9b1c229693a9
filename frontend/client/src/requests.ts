/** Requests that wait for their replies, told apart by `correlation_id`. */
import type { Clock, Timer } from "./clock.js";
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

  constructor(
    failure: RequestFailure,
    message: string,
    { frame, violations = [] }: { frame?: ServerFrameBase; violations?: readonly Violation[] } = {},
  ) {
    super(message);
    this.failure = failure;
    this.frame = frame;
    this.violations = violations;
  }
}

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
  timer: Timer;
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

  /** Waits for the reply of a request, no longer than `timeoutMs` without a frame of it. */
  add(
    request: FrameBase,
    shape: ReplyShape,
    timeoutMs: number,
    onFrame: ((frame: ServerFrameBase) => void) | undefined,
  ): Promise<ServerFrameBase | readonly ServerFrameBase[]> {
    return new Promise((resolve, reject) => {
      const pending: Pending = {
        request,
        shape,
        timeoutMs,
        frames: [],
        onFrame,
        resolve,
        reject,
        step: 0,
        timer: undefined,
      };
      this.#pending.set(request.id, pending);
      this.#restart(pending);
    });
  }

  /** Gives a frame to the request that it answers. `isError` says that it is the session's error. */
  arrive(frame: ServerFrameBase, isError: boolean): void {
    const pending = this.#pending.get(frame.correlation_id);
    if (pending === undefined) {
      return;
    }
    if (isError) {
      const { message } = frame.data as { readonly message?: string };
      this.fail(
        frame.correlation_id,
        new RequestError("refused", message ?? "the server refused the request", { frame }),
      );
      return;
    }
    if (!takes(pending, frame.type)) {
      return;
    }
    pending.onFrame?.(frame);
    if (pending.shape.kind === "one") {
      this.#settle(pending);
      pending.resolve(frame);
      return;
    }
    pending.frames.push(frame);
    if (
      pending.shape.steps.slice(pending.step + 1).every(({ times }) => times === "*" || times === "?") &&
      isLast(pending)
    ) {
      this.#settle(pending);
      pending.resolve(pending.frames);
    } else {
      this.#restart(pending);
    }
  }

  /** Ends a request without a reply. */
  fail(id: string, error: RequestError): void {
    const pending = this.#pending.get(id);
    if (pending !== undefined) {
      this.#settle(pending);
      pending.reject(error);
    }
  }

  /** The connection broke: what is answered to one client only will not come. `goesOn` says whose frames are replayed. */
  lost(goesOn: (request: FrameBase) => boolean): void {
    for (const { request } of [...this.#pending.values()]) {
      if (!goesOn(request)) {
        this.fail(request.id, new RequestError("lost", `the connection broke before ${request.type} was answered`));
      }
    }
  }

  /** Ends all of them. */
  clear(): void {
    for (const id of [...this.#pending.keys()]) {
      this.fail(id, new RequestError("closed", "the client was closed"));
    }
  }

  #restart(pending: Pending): void {
    this.#clock.cancel(pending.timer);
    const { request, timeoutMs } = pending;
    pending.timer = this.#clock.after(timeoutMs, () => {
      this.fail(request.id, new RequestError("timeout", `${request.type} was not answered within ${timeoutMs} ms`));
    });
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
    const maySkip = step.times === "*" || step.times === "?" || last?.type === step.type;
    if (!maySkip) {
      return false;
    }
  }
  return false;
}

/** Whether the step that the sequence has reached comes no more than once. */
function isLast(pending: Pending): boolean {
  const times = pending.shape.steps[pending.step]?.times;
  return times === "" || times === "?";
}

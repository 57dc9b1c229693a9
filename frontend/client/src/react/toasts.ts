/**
 * Which ends of a connection are worth a toast, and for how long. The contract's table of close codes says what each means
 * and whether the client comes back. Pure.
 */
import type { CloseCode } from "../protocol.js";
import type { Closing, ConnectionState } from "../state.js";
import type { Rule } from "./observed.js";

/** A toast. */
export interface Toast {
  /** Tells toasts apart. */
  readonly id: number;
  /** The close code that it is about. */
  readonly code: number;
  /** `red` for what will not come back by itself. */
  readonly tone: "amber" | "red";
  /** What happened, in a word or two. */
  readonly title: string;
  /** What that means. */
  readonly meaning: string;
  /** What happens next. */
  readonly next: string;
  /** How often it has happened since the toast came. */
  readonly times: number;
}

/** The words of a toast. */
export type ToastText = Pick<Toast, "title" | "meaning" | "next">;

/** Words for a code of the contract's table. `willReconnect` says whether the client tries again by itself. */
export type ToastWords = (closing: Closing, name: string, willReconnect: boolean) => ToastText;

/** What the rule remembers. */
export interface ToastMemory {
  /** Every toast, with the time at which it goes by itself. */
  readonly all: readonly { readonly toast: Toast; readonly until: number | undefined }[];
  /** The end that was judged last. */
  readonly closing: Closing | undefined;
  /** Whether somebody is reading: then none goes. */
  readonly held: boolean;
  /** The next toast's id. */
  readonly nextId: number;
}

/** How long toasts stay. Every time is in milliseconds. */
export interface ToastOptions {
  /** For how long an amber one is shown. A red one stays until there is a connection again. Default: 12 000. */
  readonly keepMs: number;
  /** For how long one is shown at least after somebody has stopped reading. Default: 4000. */
  readonly readMs: number;
}

/** What applies where nothing is said. */
export const TOASTS: ToastOptions = { keepMs: 12_000, readMs: 4000 };

const NOTHING: ToastMemory = { all: [], closing: undefined, held: false, nextId: 1 };

/** The contract's own words. */
export const contractWords: ToastWords = (closing, name, willReconnect) => {
  const title = name.charAt(0).toUpperCase() + name.slice(1).replaceAll("_", " ");
  const next = willReconnect
    ? "The connection is made again by itself."
    : "No further attempt is made. Connect again, or reload the page.";
  return { title: `${title} (${closing.code})`, meaning: closing.known?.meaning ?? closing.reason, next };
};

/**
 * The tone of an end, or `undefined` where it is not worth a toast: it was planned, or the contract's table does not have it
 * (a broken network has no close code: that is the banner's), or the client renews its token and goes on without a word.
 */
export function toneOf(closing: Closing, isStopped: boolean): Toast["tone"] | undefined {
  const { known, planned, code } = closing;
  if (planned || known === undefined || code === 1000) {
    return undefined;
  }
  return isStopped ? "red" : known.reconnect ? "amber" : undefined;
}

/** The rule. */
export function toastRule(
  codes: { readonly [name: string]: CloseCode },
  words: ToastWords = contractWords,
  { keepMs }: ToastOptions = TOASTS,
): Rule<ToastMemory, readonly Toast[]> {
  return (before = NOTHING, state, now) => {
    let memory = before;
    const closing = closingOf(state);
    if (closing !== undefined && closing !== memory.closing) {
      memory = { ...add(memory, closing, state.status === "stopped", now + keepMs, codes, words), closing };
    }
    if (state.status === "open") {
      memory = { ...memory, all: memory.all.filter(({ toast }) => toast.tone !== "red") };
    }
    const all = memory.held ? memory.all : memory.all.filter(({ until }) => until === undefined || until > now);
    const ends = all.flatMap(({ until }) => (until === undefined ? [] : [until]));
    return {
      memory: { ...memory, all },
      view: all.map(({ toast }) => toast),
      at: ends.length > 0 && !memory.held ? Math.min(...ends) : undefined,
    };
  };
}

/** Takes a toast away. */
export function dismiss(memory: ToastMemory, id: number): ToastMemory {
  return { ...memory, all: memory.all.filter(({ toast }) => toast.id !== id), held: false };
}

/** Somebody reads. */
export function hold(memory: ToastMemory): ToastMemory {
  return { ...memory, held: true };
}

/** Nobody reads any more. Nobody is hurried: what was read stays a little. */
export function release(memory: ToastMemory, now: number, { readMs }: ToastOptions = TOASTS): ToastMemory {
  const all = memory.all.map(({ toast, until }) => ({ toast, until: until && Math.max(until, now + readMs) }));
  return { ...memory, all, held: false };
}

function closingOf(state: ConnectionState): Closing | undefined {
  return "closing" in state ? state.closing : undefined;
}

/** Adds what there is to say of an end, in the place of what was said of the same code before. */
function add(
  memory: ToastMemory,
  closing: Closing,
  isStopped: boolean,
  until: number,
  codes: { readonly [name: string]: CloseCode },
  words: ToastWords,
): ToastMemory {
  const tone = toneOf(closing, isStopped);
  if (tone === undefined) {
    return memory;
  }
  const { code } = closing;
  const name = Object.keys(codes).find((name) => codes[name]?.code === code) ?? "closed";
  const earlier = memory.all.find(({ toast }) => toast.code === code)?.toast;
  const toast: Toast = {
    id: memory.nextId,
    code,
    tone,
    ...words(closing, name, !isStopped),
    times: (earlier?.times ?? 0) + 1,
  };
  return {
    ...memory,
    nextId: memory.nextId + 1,
    all: [
      ...memory.all.filter(({ toast }) => toast.code !== code),
      { toast, until: tone === "red" ? undefined : until },
    ],
  };
}

/**
 * A thread as it is shown: what was said, answers that are being written, and what was sent here and is not confirmed yet.
 * Pure: frames and what happens to them go in, rows come out.
 *
 * Rows are in the order of the thread; what is not confirmed has no place in it yet and stands at the end.
 */
import type { ChatTypes, ErrorFrame, StreamEnd, ThreadMessage, ThreadTopic } from "@tightwire/chat";
import { assertNever, type FramesOn } from "@tightwire/client";

/** A message of the thread. */
export interface MessageRow {
  readonly kind: "message";
  readonly key: string;
  readonly message: ThreadMessage;
  /** Whether it was seen to be sent from here. */
  readonly isOwn: boolean;
}

/** An answer that is being written, or was while somebody looked. */
export interface AnswerRow {
  readonly kind: "answer";
  readonly key: string;
  readonly agentId: string;
  readonly text: string;
  /** The index of the next piece. */
  readonly next: number;
  /** Whether a piece is missing: then the text is loaded when it is complete. */
  readonly hasHole: boolean;
  /** How it ended, and which message it is now. */
  readonly end: Pick<StreamEnd, "finish_reason" | "message_id"> | undefined;
  readonly startedAt: number;
  /** Whether frames were lost while it was being written, and nothing came of it since: nobody knows what became of it. */
  readonly isCut: boolean;
}

/** A place at which something may be missing. */
export interface BreakRow {
  readonly kind: "break";
  readonly key: string;
}

/** What was sent from here. `sending`: it waits for the network or the server. */
export interface DraftRow {
  readonly kind: "draft";
  /** The frame's `id`, which the confirmation carries. */
  readonly key: string;
  readonly content: string;
  readonly fate: "sending" | "sent" | "unconfirmed" | "refused";
  /** Why it was refused. */
  readonly reason: string | undefined;
}

export type Row = MessageRow | AnswerRow | BreakRow | DraftRow;

/** A thread. */
export interface Thread {
  readonly rows: readonly Row[];
  /** Whether its history has come. */
  readonly isLoaded: boolean;
  /** Whether something is missing, so that the history has to be loaded again. */
  readonly isIncomplete: boolean;
  /** What to read out to those who do not see it; `count` tells repetitions apart. */
  readonly heard: { readonly count: number; readonly text: string };
}

/** What happens to a thread. */
export type ThreadEvent =
  | { readonly kind: "frame"; readonly frame: FramesOn<ChatTypes, ThreadTopic> | ErrorFrame }
  | { readonly kind: "gap" }
  /** Messages were read from the log: as many as it has, so that the history is still to come. */
  | { readonly kind: "replayed"; readonly messages: readonly ThreadMessage[] }
  /** Something is written here. */
  | { readonly kind: "drafted"; readonly id: string; readonly content: string }
  /** It was handed to the network. */
  | { readonly kind: "handed"; readonly id: string }
  /** It was not sent. */
  | { readonly kind: "failed"; readonly id: string; readonly reason: string }
  /** It should have been confirmed by now. */
  | { readonly kind: "overdue"; readonly id: string }
  /** Nobody wants it any more. */
  | { readonly kind: "discarded"; readonly id: string };

/** A thread of which nothing is known yet. */
export const EMPTY_THREAD: Thread = {
  rows: [],
  isLoaded: false,
  isIncomplete: false,
  heard: { count: 0, text: "" },
};

/** How many rows are kept: the oldest go. */
const MOST_ROWS = 500;

/** The key of a message's metadata that says which draft it was. It survives what a correlation does not: a gap. */
export const DRAFT_KEY = "draft";

/** The thread after something has happened. */
export function threadReducer(thread: Thread, event: ThreadEvent): Thread {
  switch (event.kind) {
    case "frame":
      return onFrame(thread, event.frame);
    case "gap": {
      const rows = thread.rows.map((row) => (isUnfinished(row) ? { ...row, isCut: true } : row));
      return { ...thread, rows, isIncomplete: true };
    }
    case "replayed":
      return { ...onHistory(thread, event.messages), isIncomplete: true };
    case "drafted": {
      const { id: key, content } = event;
      const draft: DraftRow = { kind: "draft", key, content, fate: "sending", reason: undefined };
      return { ...thread, rows: [...thread.rows, draft] };
    }
    case "handed":
      return onDraft(thread, event.id, (draft) => (draft.fate === "sending" ? { ...draft, fate: "sent" } : draft));
    case "failed":
      return refuse(thread, event.id, event.reason);
    case "overdue":
      return onDraft(thread, event.id, (draft) => (draft.fate === "sent" ? { ...draft, fate: "unconfirmed" } : draft));
    case "discarded":
      return { ...thread, rows: thread.rows.filter((row) => row.key !== event.id) };
    default:
      return assertNever(event);
  }
}

function onFrame(thread: Thread, frame: FramesOn<ChatTypes, ThreadTopic> | ErrorFrame): Thread {
  switch (frame.type) {
    case "thread_history":
      return onHistory(thread, frame.data.messages);
    case "thread_message_created":
      return onMessage(thread, frame.data.message, frame.correlation_id);
    case "stream_start": {
      const { stream_id: key, agent_id: agentId } = frame.data;
      return has(thread, key) ? thread : place(thread, answer(key, agentId, frame.ts));
    }
    case "stream_chunk": {
      const { stream_id: key, index, delta } = frame.data;
      // Whoever comes in the middle of an answer has not seen its beginning.
      const known = has(thread, key) ? thread : place(thread, answer(key, "", frame.ts));
      return onAnswer(known, key, (row) => {
        const isNext = index === row.next;
        return {
          ...row,
          text: `${row.text}${isNext ? "" : "… "}${delta}`,
          next: index + 1,
          hasHole: row.hasHole || !isNext,
          isCut: false,
        };
      });
    }
    case "stream_end": {
      const { stream_id: key, finish_reason, message_id, chunks } = frame.data;
      const ended = onAnswer(thread, key, (row) => ({
        ...row,
        end: { finish_reason, message_id },
        isCut: false,
        hasHole: row.hasHole || row.next !== chunks,
      }));
      const row = ended.rows.find((row): row is AnswerRow => row.kind === "answer" && row.key === key);
      if (row === undefined) {
        return { ...thread, isIncomplete: true };
      }
      return say(
        { ...ended, isIncomplete: ended.isIncomplete || row.hasHole },
        `${row.agentId || "Agent"} answered: ${row.text}`,
      );
    }
    case "replay_gap":
      // The client tells of it as a gap, too.
      return thread;
    case "error": {
      const { correlation_id: id, data } = frame;
      return refuse(thread, id, data.message);
    }
    default:
      return assertNever(frame);
  }
}

/**
 * The history takes the place of what it has in common with what is shown. Older messages stay; where nothing is in common,
 * too much was missed, or the server has lost what it had: then everything stays, and a break says so.
 */
function onHistory(thread: Thread, messages: readonly ThreadMessage[]): Thread {
  const ids = new Set(messages.map(({ message_id }) => message_id));
  const drafts = thread.rows.filter((row) => row.kind === "draft");
  const shown = thread.rows.filter(
    (row) => row.kind !== "draft" && !(isUnfinished(row) && isAnsweredIn(messages, row)),
  );
  const first = shown.findIndex((row) => ids.has(messageIdOf(row) ?? ""));
  const older = (first < 0 ? shown : shown.slice(0, first)).filter((row) => !isUnfinished(row) || row.isCut);
  const unfinished = shown.filter((row) => isUnfinished(row) && !older.includes(row));
  const last = older.at(-1);
  const isBroken = first < 0 && last !== undefined && last.kind !== "break";
  const own = new Set(shown.flatMap((row) => (row.kind === "message" && row.isOwn ? [row.message.message_id] : [])));
  const arrived = new Set(messages.map(({ metadata }) => metadata?.[DRAFT_KEY]));
  const rows: readonly Row[] = [
    ...older,
    ...(isBroken ? [{ kind: "break", key: `after ${last.key}` } as const] : []),
    ...messages.map((message): MessageRow => {
      const draft = message.metadata?.[DRAFT_KEY];
      const isOwn = own.has(message.message_id) || drafts.some(({ key }) => key === draft);
      return { kind: "message", key: message.message_id, message, isOwn };
    }),
    ...unfinished,
    ...drafts.filter(({ key }) => !arrived.has(key)),
  ];
  return { ...thread, rows: rows.slice(-MOST_ROWS), isLoaded: true, isIncomplete: false };
}

/** Whether it is an answer that is being written. */
function isUnfinished(row: Row): row is AnswerRow {
  return row.kind === "answer" && row.end === undefined;
}

/** Whether an answer of which nobody knows what became of it is among the messages, complete. */
function isAnsweredIn(messages: readonly ThreadMessage[], { isCut, agentId, text }: AnswerRow): boolean {
  return isCut && messages.some(({ author, content }) => author.id === agentId && content.startsWith(text));
}

/** The message that a row is. */
function messageIdOf(row: Row): string | undefined {
  return row.kind === "message" ? row.message.message_id : row.kind === "answer" ? row.end?.message_id : undefined;
}

function onMessage(thread: Thread, message: ThreadMessage, correlationId: string): Thread {
  const { message_id, metadata, author, content } = message;
  if (thread.rows.some((row) => row.kind === "message" && row.message.message_id === message_id)) {
    return thread;
  }
  const draft = thread.rows.find(
    ({ kind, key }) => kind === "draft" && (key === correlationId || key === metadata?.[DRAFT_KEY]),
  );
  const rows = thread.rows.filter((row) => row !== draft);
  const row: MessageRow = { kind: "message", key: draft?.key ?? message_id, message, isOwn: draft !== undefined };
  const placed = place({ ...thread, rows }, row);
  return draft === undefined
    ? say(placed, `${author.kind === "agent" ? author.id : "New message"}: ${content}`)
    : placed;
}

function answer(key: string, agentId: string, startedAt: number): AnswerRow {
  return { kind: "answer", key, agentId, text: "", next: 0, hasHole: false, end: undefined, startedAt, isCut: false };
}

function has(thread: Thread, key: string): boolean {
  return thread.rows.some((row) => row.key === key);
}

/** Puts a row behind all that have a place in the thread. */
function place(thread: Thread, row: MessageRow | AnswerRow): Thread {
  const placed = thread.rows.filter(({ kind }) => kind !== "draft");
  const drafts = thread.rows.filter(({ kind }) => kind === "draft");
  return { ...thread, rows: [...placed, row, ...drafts].slice(-MOST_ROWS) };
}

function onAnswer(thread: Thread, key: string, change: (row: AnswerRow) => AnswerRow): Thread {
  const rows = thread.rows.map((row) => (row.kind === "answer" && row.key === key ? change(row) : row));
  return { ...thread, rows };
}

function onDraft(thread: Thread, key: string, change: (row: DraftRow) => DraftRow): Thread {
  const rows = thread.rows.map((row) => (row.kind === "draft" && row.key === key ? change(row) : row));
  return { ...thread, rows };
}

function refuse(thread: Thread, id: string, reason: string): Thread {
  if (!thread.rows.some(({ kind, key }) => kind === "draft" && key === id)) {
    return thread;
  }
  const refused = onDraft(thread, id, (draft) => ({ ...draft, fate: "refused", reason }));
  return say(refused, `Your message was not sent: ${reason}`);
}

function say(thread: Thread, text: string): Thread {
  return { ...thread, heard: { count: thread.heard.count + 1, text } };
}

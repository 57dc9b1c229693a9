/** What a thread's log still has, for connections on which a history cannot be asked for. */
import { parseServerFrame, type ServerFrame, type ThreadMessage, type ThreadTopic } from "@tightwire/chat";
import { keptToken } from "../connection/token.js";
import { EMPTY_THREAD, threadReducer } from "./thread.js";

/** How many frames a page of it has, and how many pages are read. */
const FRAMES = 1000;
const PAGES = 5;

/** Reads the log from its beginning. What is no frame of the contract is an error. */
export async function readReplay(topic: ThreadTopic, signal: AbortSignal): Promise<readonly ThreadMessage[]> {
  const token = keptToken();
  const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  const frames: ServerFrame[] = [];
  let after: string | undefined;
  for (let page = 0; page < PAGES; page += 1) {
    const query = new URLSearchParams({ topic, limit: `${FRAMES}`, ...(after !== undefined && { after }) });
    const response = await fetch(`/api/ws/replay?${query}`, { headers, signal });
    if (!response.ok) {
      throw new Error(`the replay was answered with ${response.status}`);
    }
    const {
      frames: read,
      next,
      more,
    }: { frames: readonly unknown[]; next: string; more: boolean } = await response.json();
    frames.push(...read.map(checked));
    after = next;
    if (!more) {
      break;
    }
  }
  return messagesIn(frames);
}

function checked(frame: unknown): ServerFrame {
  const parsed = parseServerFrame(JSON.stringify(frame));
  if (!parsed.ok) {
    throw new Error("the replay does not follow the contract");
  }
  return parsed.frame;
}

/** The messages that frames of a thread make, answers that are complete included. */
export function messagesIn(frames: readonly ServerFrame[]): readonly ThreadMessage[] {
  let thread = EMPTY_THREAD;
  const messages: ThreadMessage[] = [];
  for (const frame of frames) {
    switch (frame.type) {
      case "thread_message_created":
        messages.push(frame.data.message);
        break;
      case "stream_start":
      case "stream_chunk":
        thread = threadReducer(thread, { kind: "frame", frame });
        break;
      case "stream_end": {
        const { rows } = threadReducer(thread, { kind: "frame", frame });
        const row = rows.find(({ key }) => key === frame.data.stream_id);
        if (row?.kind === "answer" && !row.hasHole) {
          messages.push({
            message_id: frame.data.message_id,
            thread_id: frame.topic.slice("thread:".length),
            author: { kind: "agent", id: row.agentId },
            content: row.text,
            created_at: new Date(frame.ts).toISOString(),
          });
        }
        thread = threadReducer(thread, { kind: "discarded", id: frame.data.stream_id });
        break;
      }
    }
  }
  return messages;
}

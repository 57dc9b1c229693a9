/** A thread that is open: its frames, its history, and what is sent to it. */
import { ErrorCode, topic as topics } from "@tightwire/chat";
import { type RequestError, type SendResult, uuid } from "@tightwire/client";
import { useClient, useConnectionState, useRequest, useTopic } from "@tightwire/client/react";
import { useCallback, useEffect, useReducer } from "react";
import { readReplay } from "./replay.js";
import { DRAFT_KEY, EMPTY_THREAD, type Thread, threadReducer } from "./thread.js";

/** How many of the newest messages are loaded. */
const HISTORY = 100;
/** After how long a message that was sent should have been confirmed, in milliseconds. */
const CONFIRMED_WITHIN = 10_000;

/** What the view needs. */
export interface OpenThread {
  readonly thread: Thread;
  /** Why the history is not there, if it was asked for in vain. */
  readonly problem: string | undefined;
  /** Asks for the history again. */
  readonly load: () => void;
  /** Sends a message. */
  readonly send: (content: string) => void;
  /** Takes a message that was not confirmed away. */
  readonly discard: (id: string) => void;
}

/** Opens a thread as long as the component is mounted. */
export function useThread(name: string): OpenThread {
  const client = useClient();
  const state = useConnectionState();
  const canWrite = state.status === "open" && state.transport === "websocket";
  const topic = topics.thread(name);
  const [thread, dispatch] = useReducer(threadReducer, EMPTY_THREAD);
  const { request, status: asked, error } = useRequest("subscribe_thread");

  useTopic(topic, (frame) => dispatch({ kind: "frame", frame }), { onGap: () => dispatch({ kind: "gap" }) });
  // What is wrong with a frame is said on the topic of the connection, unless it is about this one.
  useEffect(() => client.on("error", (frame) => dispatch({ kind: "frame", frame })), [client]);
  // A history that is asked for makes the server subscribe us, beside the listener's own subscription.
  useEffect(() => () => client.topic(topic).leave(), [client, topic]);

  const load = useCallback(() => {
    void request(topic, { limit: HISTORY });
  }, [request, topic]);
  const isMissing = !thread.isLoaded || thread.isIncomplete;
  useEffect(() => {
    if (canWrite && isMissing) {
      load();
    }
  }, [canWrite, isMissing, load]);

  const isLimited = state.status === "open" && !canWrite;
  useEffect(() => {
    if (!isLimited || thread.isLoaded) {
      return;
    }
    const asking = new AbortController();
    readReplay(topic, asking.signal).then(
      (messages) => dispatch({ kind: "replayed", messages }),
      // What comes from now on can be read all the same, and the history comes with a better connection.
      () => {},
    );
    return () => asking.abort();
  }, [isLimited, thread.isLoaded, topic]);

  const send = useCallback(
    (content: string) => {
      const id = uuid();
      dispatch({ kind: "drafted", id, content });
      const { clock } = client;
      client.send("send_message", topic, { content, metadata: { [DRAFT_KEY]: id } }, { id }).then((result) => {
        if (result.ok) {
          dispatch({ kind: "handed", id });
          clock.after(CONFIRMED_WITHIN, () => dispatch({ kind: "overdue", id }));
        } else {
          dispatch({ kind: "failed", id, reason: reasonOf(result) });
        }
      });
    },
    [client, topic],
  );
  const discard = useCallback((id: string) => dispatch({ kind: "discarded", id }), []);
  const problem = asked === "failed" && canWrite ? problemOf(error) : undefined;
  return { thread, problem, load, send, discard };
}

function problemOf({ message, frame }: RequestError): string {
  const { code } = (frame?.data ?? {}) as { readonly code?: ErrorCode };
  return code === ErrorCode.topic_forbidden ? "your token does not allow this thread" : message.replace(/\.$/, "");
}

function reasonOf({ reason }: Exclude<SendResult, { readonly ok: true }>): string {
  switch (reason) {
    case "invalid":
      return "the server would not take it as it is.";
    case "queue_full":
      return "too much waits to be sent already.";
    case "expired":
      return "there was no connection for too long.";
    case "closed":
      return "there is no connection.";
  }
}

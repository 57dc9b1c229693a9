import { assertNever } from "@tightwire/client";
import { useConnectionState } from "@tightwire/client/react";
import { memo, type ReactNode } from "react";
import { isOwn } from "../connection/own.js";
import { Time } from "../shell/time.js";
import type { AnswerRow, DraftRow, MessageRow, Row, Thread } from "./thread.js";
import { useFollow } from "./use-follow.js";

interface MessagesProps {
  readonly thread: Thread;
  readonly problem: string | undefined;
  readonly onLoad: () => void;
  readonly onSend: (content: string) => void;
  readonly onRetry: (draft: DraftRow) => void;
  readonly onDiscard: (draft: DraftRow) => void;
}

/** What was said, the newest last. The list follows what comes until somebody scrolls up. */
export function Messages({ thread, problem, onLoad, onSend, onRetry, onDiscard }: MessagesProps): ReactNode {
  const { ref, isFollowing, hasNew, follow } = useFollow(thread.rows);
  return (
    <div className="messages-frame">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be within reach of the keyboard */}
      <section className="messages" ref={ref} aria-label="Messages" tabIndex={0}>
        <History
          thread={thread}
          problem={problem}
          onLoad={onLoad}
          onSend={(content) => {
            onSend(content);
            // The button that had the focus goes.
            ref.current?.focus();
          }}
        />
        <ol>
          {thread.rows.map((row) => (
            <RowItem key={row.key} row={row} onRetry={onRetry} onDiscard={onDiscard} />
          ))}
        </ol>
      </section>
      {!isFollowing && (
        <button type="button" className="follow" onClick={follow}>
          <span aria-hidden="true">↓ </span>
          {hasNew ? "New messages" : "To the newest"}
        </button>
      )}
    </div>
  );
}

/** What the guide has an answer to. */
const QUESTIONS = ["What does close code 4408 mean?", "When does stream_chunk come?", "What can you tell me?"];

/** What there is to say of the history, where it is not simply there. */
function History({
  thread,
  problem,
  onLoad,
  onSend,
}: Pick<MessagesProps, "thread" | "problem" | "onLoad" | "onSend">): ReactNode {
  const state = useConnectionState();
  if (state.status === "open" && state.transport !== "websocket") {
    return (
      <p className="note">
        Your network lets through what comes from the server, and nothing else yet. You can read along; what you write
        is sent when there is a better connection.
      </p>
    );
  }
  if (problem !== undefined) {
    return (
      <p className="note">
        The messages could not be loaded: {problem}.{" "}
        <button type="button" onClick={onLoad}>
          Load them again
        </button>
      </p>
    );
  }
  if (!thread.isLoaded) {
    return (
      <p className="note">
        {state.status === "open" ? "Loading messages…" : "Messages come when there is a connection."}
      </p>
    );
  }
  if (thread.isIncomplete) {
    return <p className="note">Some messages were missed. Loading them…</p>;
  }
  if (thread.rows.length === 0) {
    return (
      <div className="welcome">
        <p className="welcome-title">Nobody has written here yet.</p>
        <p className="note">The guide knows the protocol of this page. Ask it something:</p>
        <ul>
          {QUESTIONS.map((question) => (
            <li key={question}>
              <button type="button" onClick={() => onSend(question)}>
                {question}
              </button>
            </li>
          ))}
        </ul>
      </div>
    );
  }
  return null;
}

interface RowProps {
  readonly row: Row;
  readonly onRetry: (draft: DraftRow) => void;
  readonly onDiscard: (draft: DraftRow) => void;
}

function RowItem({ row, onRetry, onDiscard }: RowProps): ReactNode {
  switch (row.kind) {
    case "message":
      return <MessageItem row={row} />;
    case "answer":
      return <AnswerItem row={row} />;
    case "break":
      return <li className="break">Something may be missing here.</li>;
    case "draft":
      return <DraftItem row={row} onRetry={onRetry} onDiscard={onDiscard} />;
    default:
      return assertNever(row);
  }
}

const MessageItem = memo(function MessageItem({ row }: { readonly row: MessageRow }): ReactNode {
  const { author, content, created_at } = row.message;
  const isMine = row.isOwn || isOwn(author.id);
  const by = author.kind === "agent" ? "agent" : isMine ? "own" : "other";
  return (
    <li className="message" data-by={by}>
      <p className="message-head">
        <span className="message-author">{by === "own" ? "You" : by === "agent" ? author.id : "Someone"}</span>
        <Time at={created_at} />
      </p>
      <p className="message-text">{content}</p>
    </li>
  );
});

const ENDS = {
  stop: undefined,
  length: "The answer was cut off: it got too long.",
  cancelled: "The answer was cancelled.",
  error: "The answer broke off: something went wrong.",
} as const;

const AnswerItem = memo(function AnswerItem({ row }: { readonly row: AnswerRow }): ReactNode {
  const { agentId, text, end, startedAt, isCut } = row;
  const isOver = end !== undefined || isCut;
  const note = end ? ENDS[end.finish_reason] : isCut && "The rest of the answer did not come.";
  return (
    <li className="message" data-by="agent" aria-busy={!isOver}>
      <p className="message-head">
        <span className="message-author">{agentId || "Agent"}</span>
        {isOver ? <Time at={startedAt} /> : <span>is answering</span>}
      </p>
      <p className="message-text">
        {text}
        {!isOver && <span className="caret" aria-hidden="true" />}
      </p>
      {note && <p className="message-note">{note}</p>}
    </li>
  );
});

function DraftItem({
  row,
  onRetry,
  onDiscard,
}: {
  readonly row: DraftRow;
  readonly onRetry: (draft: DraftRow) => void;
  readonly onDiscard: (draft: DraftRow) => void;
}): ReactNode {
  const state = useConnectionState();
  const isGoing = state.status === "open" && state.transport === "websocket";
  const { content, fate, reason } = row;
  const isOver = fate === "unconfirmed" || fate === "refused";
  return (
    <li className="message" data-by="own" data-fate={fate}>
      <p className="message-head">
        <span className="message-author">You</span>
        <span>{isOver ? "" : isGoing ? "sending" : "waits for a connection"}</span>
      </p>
      <p className="message-text">{content}</p>
      {isOver && (
        <div className="message-fate">
          <p>
            {fate === "refused"
              ? `Not sent: ${reason}`
              : "Not confirmed: the server has not said that it has it. Sending it again may double it."}
          </p>
          <button type="button" onClick={() => onRetry(row)}>
            Send again
          </button>
          <button type="button" onClick={() => onDiscard(row)}>
            Discard
          </button>
        </div>
      )}
    </li>
  );
}

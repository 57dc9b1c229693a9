import { StaleData } from "@tightwire/client/react";
import { type ReactNode, useEffect } from "react";
import { Announcer } from "../shell/announcer.js";
import { useViewTitle } from "../shell/title.js";
import { Composer } from "./composer.js";
import { Messages } from "./messages.js";
import { rememberThread } from "./recent.js";
import { ThreadList } from "./thread-list.js";
import { useThread } from "./use-thread.js";

/** Threads, and the one that is open. */
export function ChatView({ thread }: { readonly thread: string }): ReactNode {
  useEffect(() => rememberThread(thread), [thread]);
  return (
    <div className="chat">
      <ThreadList open={thread} />
      <OpenThread key={thread} name={thread} />
    </div>
  );
}

function OpenThread({ name }: { readonly name: string }): ReactNode {
  const heading = useViewTitle(name);
  const open = useThread(name);
  const { thread, problem, load, send, discard } = open;
  return (
    <section className="thread" aria-labelledby="thread-name">
      <h1 id="thread-name" className="thread-name" ref={heading} tabIndex={-1}>
        <span className="visually-hidden">Thread </span>
        {name}
      </h1>
      <StaleData>
        <Messages
          thread={thread}
          problem={problem}
          onLoad={load}
          onSend={send}
          onRetry={(draft) => {
            discard(draft.key);
            send(draft.content);
          }}
          onDiscard={(draft) => discard(draft.key)}
        />
      </StaleData>
      <Composer thread={name} onSend={send} />
      <Announcer id={thread.heard.count} text={thread.heard.text} />
    </section>
  );
}

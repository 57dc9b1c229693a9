import { type FormEvent, type ReactNode, useId, useState } from "react";
import { go, hrefOf, THREAD_NAME } from "../routing.js";
import { useRecentThreads } from "./recent.js";

/** The threads that were opened here, and a way to others. */
export function ThreadList({ open }: { readonly open: string }): ReactNode {
  const threads = useRecentThreads(open);
  const [name, setName] = useState("");
  const [isWrong, setWrong] = useState(false);
  const id = useId();
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const thread = name.trim();
    setWrong(!THREAD_NAME.test(thread));
    if (THREAD_NAME.test(thread)) {
      setName("");
      go({ view: "chat", thread });
    }
  };
  return (
    <aside className="threads" aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`}>Threads</h2>
      <ul>
        {threads.map((thread) => (
          <li key={thread}>
            <a href={hrefOf({ view: "chat", thread })} aria-current={thread === open ? "page" : undefined}>
              {thread}
            </a>
          </li>
        ))}
      </ul>
      <form className="inline-form" onSubmit={submit} noValidate>
        <label htmlFor={id}>Open a thread</label>
        <input
          id={id}
          type="text"
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          placeholder="name"
          aria-invalid={isWrong}
          aria-describedby={isWrong ? `${id}-wrong` : undefined}
          value={name}
          onChange={(event) => {
            setName(event.target.value);
            setWrong(false);
          }}
        />
        <button type="submit">Open</button>
        {isWrong && (
          <p id={`${id}-wrong`} className="wrong" role="alert">
            A name has 1 to 128 letters, digits, dots, dashes, underscores or tildes.
          </p>
        )}
      </form>
    </aside>
  );
}

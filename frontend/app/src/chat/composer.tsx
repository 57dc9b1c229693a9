import { type FormEvent, type KeyboardEvent, type ReactNode, useId, useRef, useState } from "react";

/** How long a message may be, in characters of Unicode: the contract's `maxLength`. */
const LONGEST = 16_000;
/** From how many characters on their number is shown. */
const NEARLY = 15_000;

/** A field to write in. Enter sends, Shift+Enter begins a line. */
export function Composer({
  thread,
  onSend,
}: {
  readonly thread: string;
  readonly onSend: (content: string) => void;
}): ReactNode {
  const [content, setContent] = useState("");
  const field = useRef<HTMLTextAreaElement>(null);
  const id = useId();
  const length = [...content].length;
  const isTooLong = length > LONGEST;
  const submit = (event?: FormEvent): void => {
    event?.preventDefault();
    field.current?.focus();
    if (content.trim() !== "" && !isTooLong) {
      onSend(content.trim());
      setContent("");
    }
  };
  const pressed = (event: KeyboardEvent): void => {
    // While an input method composes, Enter belongs to it.
    if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) {
      event.preventDefault();
      submit();
    }
  };
  return (
    <form className="composer" onSubmit={submit}>
      <label className="visually-hidden" htmlFor={id}>
        Message to {thread}
      </label>
      <div className="composer-field" data-value={content}>
        <textarea
          id={id}
          ref={field}
          rows={1}
          placeholder="Write a message"
          aria-invalid={isTooLong}
          aria-describedby={`${id}-help`}
          value={content}
          onChange={(event) => setContent(event.target.value)}
          onKeyDown={pressed}
        />
      </div>
      <button type="submit" className="primary">
        Send
      </button>
      <p id={`${id}-help`} className="composer-help">
        {isTooLong ? (
          <span className="wrong">{`${length - LONGEST} characters too long`}</span>
        ) : length >= NEARLY ? (
          `${LONGEST - length} characters left`
        ) : (
          "Enter sends, Shift+Enter begins a new line"
        )}
      </p>
    </form>
  );
}

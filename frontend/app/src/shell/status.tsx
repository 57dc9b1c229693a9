import type { ReactNode } from "react";

/** How something is: a word, and a mark that is not a colour alone. */
export function Status({
  tone,
  text,
}: {
  readonly tone: "good" | "neutral" | "busy" | "warn" | "bad";
  readonly text: string;
}): ReactNode {
  return (
    <span className="status" data-tone={tone}>
      <span className="status-mark" aria-hidden="true" />
      {text}
    </span>
  );
}

import { useClient } from "@tightwire/client/react";
import { type ReactNode, useEffect, useState } from "react";

/** For how long a text stands there: whoever reads the page from top to bottom does not find everything twice. */
const STAYS_MS = 5000;

/** Reads a text out to those who do not see where it appears. `id` tells a text from the one before. */
export function Announcer({
  id,
  text,
  isUrgent = false,
}: {
  readonly id: string | number;
  readonly text: string;
  readonly isUrgent?: boolean;
}): ReactNode {
  const { clock } = useClient();
  const [over, setOver] = useState<string | number>();
  useEffect(() => {
    const timer = clock.after(STAYS_MS, () => setOver(id));
    return () => clock.cancel(timer);
  }, [clock, id]);
  return (
    <div className="visually-hidden" aria-live={isUrgent ? "assertive" : "polite"}>
      {text !== "" && over !== id && <p key={id}>{text}</p>}
    </div>
  );
}

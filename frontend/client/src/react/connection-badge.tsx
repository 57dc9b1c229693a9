import type { ReactNode } from "react";
import { badgeOf } from "./badge.js";
import type { Connection } from "./connection.js";
import { useConnectionState } from "./use-connection-state.js";

/** What every piece takes. */
export interface PieceProps {
  /** The client. Default: that of the `ClientProvider` around. */
  readonly client?: Connection | undefined;
  /** Classes beside its own. */
  readonly className?: string | undefined;
}

/**
 * The state of the connection in a word and a colour: `data-colour` is `green`, `amber` or `red`. It is no live region: what
 * has to be heard, the banner says.
 */
export function ConnectionBadge({ client, className }: PieceProps): ReactNode {
  const state = useConnectionState(client);
  const { colour, text } = badgeOf(state);
  return (
    <span className={classes("tw-badge", className)} data-colour={colour} data-status={state.status}>
      <span className="tw-badge-dot" aria-hidden="true" />
      <span className="tw-badge-text">{text}</span>
    </span>
  );
}

/** Class names in a row. */
export function classes(own: string, others: string | undefined): string {
  return others === undefined ? own : `${own} ${others}`;
}

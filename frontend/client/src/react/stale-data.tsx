import { type ReactNode, useMemo } from "react";
import { BANNER } from "./banner.js";
import { classes, type PieceProps } from "./connection-badge.js";
import { useRule } from "./observed.js";
import { staleRule } from "./stale.js";
import { useConnection } from "./use-connection-state.js";

/** What it takes. */
export interface StaleDataProps extends PieceProps {
  readonly children: ReactNode;
  /**
   * When what is shown was true, in milliseconds since the Unix epoch. Default: when live updates stopped, which is right for
   * what they keep up to date.
   */
  readonly asOf?: number | undefined;
  /** How long an interruption lasts before it is shown, in milliseconds. Default: 5000. */
  readonly afterMs?: number | undefined;
  /** The age in words. Default: `12 s old`. */
  readonly text?: ((age: string) => string) | undefined;
}

/** Marks what is inside as stale (`data-stale`) and shows its age while there are no live updates. */
export function StaleData({
  client,
  className,
  children,
  asOf,
  afterMs = BANNER.afterMs,
  text = (age) => `Not live: ${age} old`,
}: StaleDataProps): ReactNode {
  const connection = useConnection(client);
  const rule = useMemo(() => staleRule(asOf, afterMs), [asOf, afterMs]);
  const [view] = useRule(connection, rule);
  return (
    <div className={classes("tw-stale", className)} data-stale={view.isStale}>
      {view.isStale && <p className="tw-stale-age">{text(view.age)}</p>}
      <div className="tw-stale-content">{children}</div>
    </div>
  );
}

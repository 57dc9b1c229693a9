import { type ReactNode, useMemo } from "react";
import { classes, type PieceProps } from "./connection-badge.js";
import { useRule } from "./observed.js";
import { contractWords, dismiss, hold, release, TOASTS, type Toast, type ToastWords, toastRule } from "./toasts.js";
import { useConnection } from "./use-connection-state.js";

/** What it takes. */
export interface ConnectionToastsProps extends PieceProps {
  /** Words of the application's own. It has to be the same function in every render. Default: the contract's. */
  readonly words?: ToastWords | undefined;
  /** What the region is called. Default: `Notifications`. */
  readonly label?: string | undefined;
  /** What the button of a toast is called. Default: `Dismiss`. */
  readonly dismissLabel?: string | undefined;
  /** For how long an amber toast is shown, in milliseconds. Default: 12 000. */
  readonly keepMs?: number | undefined;
}

/**
 * A toast for each end of the connection that means something: what it means, and what happens next. Planned restarts have
 * none. What will not come back by itself is red and an alert (`role="alert"`); the others are read out politely, and
 * stay while the pointer or the focus is on them.
 */
export function ConnectionToasts({
  client,
  className,
  words = contractWords,
  label = "Notifications",
  dismissLabel = "Dismiss",
  keepMs = TOASTS.keepMs,
}: ConnectionToastsProps): ReactNode {
  const connection = useConnection(client);
  const { closeCodes } = connection.protocol;
  const rule = useMemo(() => toastRule(closeCodes, words, { ...TOASTS, keepMs }), [closeCodes, words, keepMs]);
  const [toasts, observed] = useRule(connection, rule);
  const stay = (): void => observed.change(hold);
  const go = (): void => observed.change((memory, now) => release(memory, now));
  const drop = (id: number): void => observed.change((memory) => dismiss(memory, id));
  const show = (toast: Toast): ReactNode => (
    <div
      key={toast.id}
      className="tw-toast"
      data-tone={toast.tone}
      data-code={toast.code}
      role={toast.tone === "red" ? "alert" : undefined}
    >
      <div className="tw-toast-body">
        <p className="tw-toast-title">
          {toast.title}
          {toast.times > 1 && <span className="tw-toast-times"> {toast.times} times</span>}
        </p>
        <p className="tw-toast-meaning">{toast.meaning}</p>
        <p className="tw-toast-next">{toast.next}</p>
      </div>
      <button
        type="button"
        className="tw-toast-dismiss"
        aria-label={`${dismissLabel}: ${toast.title}`}
        onClick={() => drop(toast.id)}
      >
        <span aria-hidden="true">×</span>
      </button>
    </div>
  );
  return (
    <section
      className={classes("tw-toasts", className)}
      aria-label={label}
      onPointerEnter={stay}
      onPointerLeave={go}
      onFocus={stay}
      onBlur={go}
    >
      <div aria-live="polite">{toasts.filter(({ tone }) => tone === "amber").map(show)}</div>
      <div>{toasts.filter(({ tone }) => tone === "red").map(show)}</div>
    </section>
  );
}

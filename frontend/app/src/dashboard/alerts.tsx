import type { CriticalAlert } from "@tightwire/chat";
import type { ReactNode } from "react";
import { Status } from "../shell/status.js";
import { Time } from "../shell/time.js";

const SEVERITY = {
  warning: { tone: "warn", text: "Warning" },
  critical: { tone: "bad", text: "Critical" },
} as const;

/** What needs somebody's attention, the newest first. */
export function Alerts({ alerts }: { readonly alerts: readonly CriticalAlert[] }): ReactNode {
  if (alerts.length === 0) {
    return <p className="note">None since this page was opened.</p>;
  }
  return (
    <ol className="alerts">
      {alerts.map(({ alert_id, severity, source, message, raised_at }) => (
        <li key={alert_id} data-severity={severity}>
          <p className="alert-head">
            <Status {...SEVERITY[severity]} />
            <span>{source}</span>
            <Time at={raised_at} isPrecise />
          </p>
          <p>{message}</p>
        </li>
      ))}
    </ol>
  );
}

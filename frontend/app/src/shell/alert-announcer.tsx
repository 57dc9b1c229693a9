import type { ReactNode } from "react";
import { useOverview } from "../dashboard/use-overview.js";

/** Reads out the newest alert, whichever view is open. */
export function AlertAnnouncer(): ReactNode {
  const [alert] = useOverview().overview.alerts;
  return (
    <div className="visually-hidden" aria-live="assertive">
      {alert && (
        <p key={alert.alert_id}>
          {alert.severity} alert from {alert.source}: {alert.message}
        </p>
      )}
    </div>
  );
}

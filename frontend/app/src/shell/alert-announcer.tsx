import type { ReactNode } from "react";
import { useOverview } from "../dashboard/use-overview.js";
import { Announcer } from "./announcer.js";

/** Reads out the newest alert, whichever view is open. */
export function AlertAnnouncer(): ReactNode {
  const [alert] = useOverview().overview.alerts;
  const text = alert === undefined ? "" : `${alert.severity} alert from ${alert.source}: ${alert.message}`;
  return <Announcer id={alert?.alert_id ?? ""} text={text} isUrgent />;
}

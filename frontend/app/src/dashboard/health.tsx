import type { HealthStatus, SystemHealth } from "@tightwire/chat";
import type { ReactNode } from "react";
import { Status } from "../shell/status.js";

/** Words and tones for health. */
export const HEALTH = {
  healthy: { tone: "good", text: "Healthy" },
  degraded: { tone: "warn", text: "Degraded" },
  unhealthy: { tone: "bad", text: "Unhealthy" },
} as const satisfies { readonly [Status in HealthStatus]: unknown };

/** How well the system is, and its parts. */
export function Health({ health }: { readonly health: SystemHealth }): ReactNode {
  return (
    <>
      <p className="figure">
        <Status {...HEALTH[health.overall_status]} />
      </p>
      <ul className="parts">
        {health.components.map(({ name, status, detail }) => (
          <li key={name}>
            <span className="part-name">{name.replaceAll("_", " ")}</span>
            <span className="part-detail">{detail}</span>
            <Status {...HEALTH[status]} />
          </li>
        ))}
      </ul>
    </>
  );
}

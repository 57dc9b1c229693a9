import { ConnectionBadge } from "@tightwire/client/react";
import type { ReactNode } from "react";
import { lastThread } from "../chat/recent.js";
import { useOverview } from "../dashboard/use-overview.js";
import { hrefOf, type Route, useRoute } from "../routing.js";

/** Name, views and connection. */
export function Header(): ReactNode {
  const route = useRoute();
  const { alerts } = useOverview().overview;
  const link = (to: Route, label: string, count = 0): ReactNode => (
    <li>
      <a href={hrefOf(to)} aria-current={route.view === to.view ? "page" : undefined}>
        {label}
        {count > 0 && (
          <span className="count">
            {count}
            <span className="visually-hidden"> {count === 1 ? "alert" : "alerts"}</span>
          </span>
        )}
      </a>
    </li>
  );
  return (
    <header className="header">
      <p className="brand">
        <svg viewBox="0 0 32 32" aria-hidden="true">
          <rect width="32" height="32" rx="9" className="brand-ground" />
          <path d="M5 20q11-12 22 0" className="brand-wire" />
          <circle cx="16" cy="10" r="4" className="brand-ball" />
        </svg>
        Tightwire
      </p>
      <nav className="nav" aria-label="Views">
        <ul>
          {link({ view: "chat", thread: route.view === "chat" ? route.thread : lastThread() }, "Chat")}
          {link({ view: "agents" }, "Agents")}
          {link({ view: "dashboard" }, "Dashboard", alerts.length)}
        </ul>
      </nav>
      <ConnectionBadge />
    </header>
  );
}

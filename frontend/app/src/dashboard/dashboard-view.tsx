import { StaleData } from "@tightwire/client/react";
import { type ReactNode, useId } from "react";
import { useViewTitle } from "../shell/title.js";
import { AgentsTable } from "./agents-table.js";
import { Alerts } from "./alerts.js";
import { Health } from "./health.js";
import { Metrics } from "./metrics.js";
import { Nodes } from "./nodes.js";
import { useOverview, useRefreshing } from "./use-overview.js";

/** How often everything is asked for while somebody looks, in milliseconds: changes come by themselves. */
const REFRESH_MS = 15_000;

/** The state of agents and system. */
export function DashboardView(): ReactNode {
  const heading = useViewTitle("Dashboard");
  const { overview, canRefresh, refresh } = useOverview();
  useRefreshing(REFRESH_MS);
  const { agents, health, metrics, alerts, rates, problem } = overview;
  return (
    <div className="page">
      <div className="page-head">
        <h1 ref={heading} tabIndex={-1}>
          Dashboard
        </h1>
        <button type="button" aria-disabled={!canRefresh} onClick={() => canRefresh && void refresh()}>
          Refresh
        </button>
      </div>
      {problem !== undefined && <p className="note wrong">{problem}</p>}
      <div className="grid">
        <Card area="health" title="System health">
          {health && <Health health={health} />}
        </Card>
        <Card area="metrics" title="Coordination">
          {metrics && <Metrics metrics={metrics} rates={rates} />}
        </Card>
        <Card area="agents" title="Agents">
          {agents && <AgentsTable agents={agents} />}
        </Card>
        <Card area="alerts" title="Alerts" isKept>
          <Alerts alerts={alerts} />
        </Card>
        <Card area="servers" title="Servers">
          {health && <Nodes health={health} />}
        </Card>
      </div>
    </div>
  );
}

/** A part of the dashboard. */
function Card({
  area,
  title,
  children,
  isKept = false,
}: {
  readonly area: string;
  readonly title: string;
  readonly children: ReactNode;
  /** Whether it shows what came, which does not get old. */
  readonly isKept?: boolean;
}): ReactNode {
  const id = useId();
  const content = children ?? <p className="note">Nothing has come yet.</p>;
  return (
    <section className="card" data-area={area} aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {isKept ? content : <StaleData>{content}</StaleData>}
    </section>
  );
}

import type { SystemHealth } from "@tightwire/chat";
import { ageText } from "@tightwire/client/react";
import type { ReactNode } from "react";
import { TableFrame } from "../shell/table-frame.js";

/** The servers of the system. */
export function Nodes({ health }: { readonly health: SystemHealth }): ReactNode {
  const { nodes = [], complete = true } = health;
  return (
    <>
      {!complete && (
        <p className="note wrong">Other servers cannot be heard of at the moment: this is about one of them.</p>
      )}
      <TableFrame label="Servers in figures">
        <thead>
          <tr>
            <th scope="col">Server</th>
            <th scope="col" className="number">
              Connections
            </th>
            <th scope="col">Subscriptions</th>
            <th scope="col">Contract</th>
            <th scope="col" className="number">
              Heard of
            </th>
          </tr>
        </thead>
        <tbody>
          {nodes.map(({ node_id, name, connections, subscriptions, contract_version, age_ms }) => (
            <tr key={node_id}>
              <th scope="row">{name}</th>
              <td className="number">{connections}</td>
              <td>
                {subscriptions
                  .filter(({ count }) => count > 0)
                  .map(({ channel, count }) => `${channel} ${count}`)
                  .join(", ") || "none"}
              </td>
              <td>{contract_version}</td>
              <td className="number">{ageText(age_ms)} ago</td>
            </tr>
          ))}
        </tbody>
      </TableFrame>
    </>
  );
}

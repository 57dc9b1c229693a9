import type { AgentState } from "@tightwire/chat";
import type { ReactNode } from "react";
import { TableFrame } from "../shell/table-frame.js";

/** The agents in figures. */
export function AgentsTable({ agents }: { readonly agents: readonly AgentState[] }): ReactNode {
  return (
    <TableFrame label="Agents in figures">
      <thead>
        <tr>
          <th scope="col">Agent</th>
          <th scope="col">Status</th>
          <th scope="col" className="number">
            Active
          </th>
          <th scope="col" className="number">
            Done
          </th>
          <th scope="col" className="number">
            Failed
          </th>
        </tr>
      </thead>
      <tbody>
        {agents.map(({ agent_id, name, status, active_streams, completed, failed }) => (
          <tr key={agent_id}>
            <th scope="row">{name}</th>
            <td>{status}</td>
            <td className="number">{active_streams}</td>
            <td className="number">{completed}</td>
            <td className="number">{failed}</td>
          </tr>
        ))}
      </tbody>
    </TableFrame>
  );
}

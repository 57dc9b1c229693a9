import { useEffect, useState } from "react";
import { type Client, createClient } from "../client.js";
import type { ClientOptions } from "../options.js";
import type { Protocol, ProtocolTypes } from "../protocol.js";

/**
 * Makes a client that belongs to the component: it connects when the component is mounted and closes when it is not any
 * more. `protocol` and `options` are read once; a component with another `key` has another client.
 *
 * On a server that renders the page the client is made and does nothing.
 */
export function useResilientWebSocket<Types extends ProtocolTypes>(
  protocol: Protocol<Types>,
  options: ClientOptions,
): Client<Types> {
  const [client] = useState(() => createClient(protocol, options));
  useEffect(() => {
    client.connect();
    return () => client.close();
  }, [client]);
  return client;
}

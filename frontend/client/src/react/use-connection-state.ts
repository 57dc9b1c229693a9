import { useCallback, useSyncExternalStore } from "react";
import type { ConnectionState } from "../state.js";
import { type Connection, IDLE } from "./connection.js";
import { useClient } from "./context.js";

/** Where the connection is, of the client that is given or that of the `ClientProvider` around. */
export function useConnectionState(client?: Connection): ConnectionState {
  const connection = useConnection(client);
  const subscribe = useCallback((listener: () => void) => connection.onEvent("state", listener), [connection]);
  return useSyncExternalStore(
    subscribe,
    () => connection.state,
    () => IDLE,
  );
}

/** The client that is given, or that of the `ClientProvider` around, as far as its connection goes. */
export function useConnection(client: Connection | undefined): Connection {
  return useClient(client as never);
}

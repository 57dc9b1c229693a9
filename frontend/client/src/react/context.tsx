/** The client that the components of a tree share. */
import { createContext, type ReactNode, useContext } from "react";
import type { Client } from "../client.js";
import type { ProtocolTypes } from "../protocol.js";
import type { RegisteredTypes } from "./register.js";

/** Whatever protocol it speaks: `useClient` gives it back as what it is. */
const ClientContext = createContext<unknown>(undefined);

/** Gives a client to everything inside. */
export function ClientProvider<Types extends ProtocolTypes>({
  client,
  children,
}: {
  readonly client: Client<Types>;
  readonly children: ReactNode;
}): ReactNode {
  return <ClientContext value={client}>{children}</ClientContext>;
}

/** The client that is given, or that of the `ClientProvider` around. */
export function useClient<Types extends ProtocolTypes = RegisteredTypes>(
  client?: Client<Types> | undefined,
): Client<Types> {
  const shared = useContext(ClientContext) as Client<Types> | undefined;
  const found = client ?? shared;
  if (found === undefined) {
    throw new Error("there is no client: put a <ClientProvider> around, or hand one in");
  }
  return found;
}

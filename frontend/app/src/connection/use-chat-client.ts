/** The one connection of this page. */
import { type ChatTypes, protocol } from "@tightwire/chat";
import type { Client } from "@tightwire/client";
import { installDevtools } from "@tightwire/client/devtools";
import { polling, serverSentEvents } from "@tightwire/client/fallback";
import { useConnectionState, useResilientWebSocket } from "@tightwire/client/react";
import { allLogs, consoleLog, remoteLog } from "@tightwire/client/remote-log";
import { useEffect } from "react";
import { rememberConnection } from "./own.js";
import { keptToken } from "./token.js";

const REPLAY = "/api/ws/replay";

/** Where networks let no WebSocket through, what comes can be read all the same. */
const fallback = [serverSentEvents({ url: "/sse", replayUrl: REPLAY }), polling({ replayUrl: REPLAY })];

/** What goes wrong is for the console and for the server's log. */
const log = allLogs(consoleLog("warn"), remoteLog("/api/client-logs", { token: keptToken }));

/** A client of the server that this page came from. Without a token none is shown: `make run` needs none. */
export function useChatClient(token: string | undefined): Client<ChatTypes> {
  const client = useResilientWebSocket(protocol, {
    url: () => `${window.location.protocol === "https:" ? "wss" : "ws"}://${window.location.host}/ws`,
    // What is kept may have been renewed.
    ...(token !== undefined && { token: () => keptToken() ?? token }),
    fallback,
    log,
  });
  useEffect(() => installDevtools(client).uninstall, [client]);
  const state = useConnectionState(client);
  const connectionId = state.status === "open" ? state.connectionId : undefined;
  useEffect(() => {
    if (connectionId !== undefined) {
      rememberConnection(connectionId);
    }
  }, [connectionId]);
  return client;
}

/** What is known of agents and system, for all views: alerts concern whoever is on another one, too. */
import { DataType, ErrorCode } from "@tightwire/chat";
import { useClient, useConnectionState, useTopicState } from "@tightwire/client/react";
import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from "react";
import { EMPTY_OVERVIEW, type Overview, overviewReducer } from "./overview.js";

/** What is known, and how to ask again. */
export interface UseOverview {
  readonly overview: Overview;
  /** Whether it can be asked for now: there is a connection that takes questions, and none is under way. */
  readonly canRefresh: boolean;
  /** Whether there is a connection that takes questions. Whoever may not see the dashboard does not ask for it. */
  readonly canAsk: boolean;
  /** Asks for all data sets. */
  readonly refresh: () => Promise<void>;
}

const OverviewContext = createContext<UseOverview | undefined>(undefined);

/** What is known of agents and system. */
export function useOverview(): UseOverview {
  const found = useContext(OverviewContext);
  if (found === undefined) {
    throw new Error("there is no <OverviewProvider> around");
  }
  return found;
}

/** Subscribes to the dashboard, and asks for all of it where something is missing. */
export function OverviewProvider({ children }: { readonly children: ReactNode }): ReactNode {
  const client = useClient();
  const isAnswered = useCanAsk();
  const [refusal, setRefusal] = useState<string>();
  const known = useTopicState("dashboard", overviewReducer, EMPTY_OVERVIEW, {
    onRefused: ({ code, reason }) =>
      setRefusal(code === ErrorCode.topic_forbidden ? "Your token does not allow the dashboard." : reason),
  });
  const overview = useMemo(() => (refusal === undefined ? known : { ...known, problem: refusal }), [known, refusal]);
  // Another connection may be granted what this one is not.
  if (!isAnswered && refusal !== undefined) {
    setRefusal(undefined);
  }
  const canAsk = isAnswered && refusal === undefined;
  const [asking, setAsking] = useState(0);
  const refresh = useCallback(async () => {
    setAsking((count) => count + 1);
    // The answers come on the topic, like everything else: what comes last counts.
    const asked = Object.values(DataType).map((data_type) =>
      client.request("request_data", "dashboard", { data_type }),
    );
    await Promise.allSettled(asked);
    setAsking((count) => count - 1);
  }, [client]);
  useEffect(() => {
    if (canAsk && overview.isIncomplete) {
      void refresh();
    }
  }, [canAsk, overview.isIncomplete, refresh]);
  const canRefresh = canAsk && asking === 0;
  const value = useMemo(() => ({ overview, canAsk, canRefresh, refresh }), [overview, canAsk, canRefresh, refresh]);
  return <OverviewContext value={value}>{children}</OverviewContext>;
}

/** Asks again every so often while the view is open, the page is seen and there is a connection. */
export function useRefreshing(everyMs: number): void {
  const { clock } = useClient();
  const { overview, canAsk, refresh } = useOverview();
  // The first of it comes with the subscription, for those who may have it.
  const isKnown = overview.health !== undefined;
  useEffect(() => {
    if (!canAsk || !isKnown) {
      return;
    }
    let timer: unknown;
    const ask = (): void => {
      if (document.visibilityState === "visible") {
        void refresh();
      }
      timer = clock.after(everyMs, ask);
    };
    ask();
    return () => clock.cancel(timer);
  }, [clock, canAsk, isKnown, refresh, everyMs]);
}

/** Whether there is a connection on which something can be asked: events only come. */
function useCanAsk(): boolean {
  const state = useConnectionState();
  return state.status === "open" && state.transport === "websocket";
}

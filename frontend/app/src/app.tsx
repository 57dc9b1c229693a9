/** The application: one connection, three views on it. */
import { assertNever } from "@tightwire/client";
import {
  type BannerView,
  ClientProvider,
  ConnectionBanner,
  ConnectionToasts,
  useConnectionState,
} from "@tightwire/client/react";
import { type ReactNode, useState } from "react";
import { AgentsView } from "./agents/agents-view.js";
import { ChatView } from "./chat/chat-view.js";
import { focusSignIn, SignIn } from "./connection/sign-in.js";
import { initialToken, keepToken } from "./connection/token.js";
import { useChatClient } from "./connection/use-chat-client.js";
import { bannerTexts, remedyFor, toastWords } from "./connection/words.js";
import { DashboardView } from "./dashboard/dashboard-view.js";
import { OverviewProvider } from "./dashboard/use-overview.js";
import { useRoute } from "./routing.js";
import { AlertAnnouncer } from "./shell/alert-announcer.js";
import { Header } from "./shell/header.js";
import { focusMain, SkipLink } from "./shell/skip-link.js";

/** The application. Another token makes another connection. */
export function App(): ReactNode {
  const [token, setToken] = useState(initialToken);
  const signIn = (given: string): void => {
    keepToken(given);
    setToken(given);
    focusMain();
  };
  return <Connected key={token} token={token} onSignIn={signIn} />;
}

function Connected({
  token,
  onSignIn,
}: {
  readonly token: string | undefined;
  readonly onSignIn: (token: string) => void;
}): ReactNode {
  const client = useChatClient(token);
  const state = useConnectionState(client);
  const isSignedOut = state.status === "stopped" && remedyFor(state.closing) === "sign-in";
  // What somebody is reading stays.
  const wasLive = state.status === "stopped" && state.downSince !== undefined;
  return (
    <ClientProvider client={client}>
      <OverviewProvider>
        <SkipLink />
        <Header />
        <ConnectionBanner texts={bannerTexts} onAction={remedy} />
        <ConnectionToasts words={toastWords} />
        <main id="main" className="main" tabIndex={-1}>
          {isSignedOut && <SignIn onSignIn={onSignIn} />}
          {(!isSignedOut || wasLive) && <View />}
        </main>
        <AlertAnnouncer />
      </OverviewProvider>
    </ClientProvider>
  );
}

/** What the banner's button does beside trying again. */
function remedy(view: BannerView): boolean {
  const name = view.kind === "stopped" ? remedyFor(view.closing) : "connect";
  switch (name) {
    case "sign-in":
      focusSignIn();
      return true;
    case "reload":
      window.location.reload();
      return true;
    case "connect":
      return false;
    default:
      return assertNever(name);
  }
}

function View(): ReactNode {
  const route = useRoute();
  switch (route.view) {
    case "chat":
      return <ChatView thread={route.thread} />;
    case "agents":
      return <AgentsView />;
    case "dashboard":
      return <DashboardView />;
    default:
      return assertNever(route);
  }
}

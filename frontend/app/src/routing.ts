/** Where in the application somebody is, as the address says behind the `#`: a reload or a link leads there again. */
import { useSyncExternalStore } from "react";

/** A view, and what it is about. */
export type Route =
  | { readonly view: "chat"; readonly thread: string }
  | { readonly view: "agents" }
  | { readonly view: "dashboard" };

/** The thread that is open where none is named. */
export const FIRST_THREAD = "welcome";

/** What may be the name of a thread: the parameter of `thread:{thread_id}`. */
export const THREAD_NAME: RegExp = /^[A-Za-z0-9._~-]{1,128}$/;

/** The route for what stands behind the `#`. What leads nowhere leads to the first thread. */
export function parseRoute(hash: string): Route {
  const [view, name] = hash.replace(/^#?\/?/, "").split("/");
  if (view === "agents" || view === "dashboard") {
    return { view };
  }
  return { view: "chat", thread: name !== undefined && THREAD_NAME.test(name) ? name : FIRST_THREAD };
}

/** What stands behind the `#`, the `#` included. */
export function hrefOf(route: Route): string {
  return route.view === "chat" ? `#/chat/${route.thread}` : `#/${route.view}`;
}

/** Goes somewhere. */
export function go(route: Route): void {
  window.location.hash = hrefOf(route);
}

/** Where somebody is now. */
export function useRoute(): Route {
  return parseRoute(useSyncExternalStore(subscribe, () => window.location.hash));
}

function subscribe(listener: () => void): () => void {
  window.addEventListener("hashchange", listener);
  return () => window.removeEventListener("hashchange", listener);
}

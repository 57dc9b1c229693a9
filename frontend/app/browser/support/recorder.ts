/**
 * What somebody would have seen of the connection, and when: every change of badge, banner and toasts, and the ends of
 * WebSockets. Runs in the page,
 * before the page's own scripts.
 */

/** What is shown from then on. Empty for nothing. */
export interface Seen {
  /** In milliseconds since the page was loaded. */
  readonly at: number;
  readonly part: "badge" | "banner" | "toasts" | "socket";
  readonly text: string;
}

declare global {
  interface Window {
    tightwireTest: {
      readonly seen: Seen[];
      readonly sockets: WebSocket[];
      readonly violations: string[];
    };
  }
}

/** Begins to record. Must stand on its own: its text is what runs. */
export function record(): void {
  const seen: Seen[] = [];
  const sockets: WebSocket[] = [];
  const violations: string[] = [];
  window.tightwireTest = { seen, sockets, violations };
  // Real time, also where a test has replaced the page's clock.
  const started = performance.timeOrigin + performance.now();
  const now = performance.now.bind(performance);
  const parts = {
    badge: ".tw-badge-text",
    banner: ".tw-banner-message",
    toasts: ".tw-toast-title",
  };
  const tell = (part: Seen["part"], text: string): void => {
    seen.push({ at: performance.timeOrigin + now() - started, part, text });
  };
  const look = (): void => {
    for (const [name, selector] of Object.entries(parts)) {
      const part = name as Seen["part"];
      const text = [...document.querySelectorAll(selector)].map(({ textContent }) => textContent).join(" | ");
      if (text !== (seen.filter((one) => one.part === part).at(-1)?.text ?? "")) {
        tell(part, text);
      }
    }
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true });
  addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI, sourceFile, lineNumber }) => {
    violations.push(`${violatedDirective}: ${blockedURI} at ${sourceFile}:${lineNumber}`);
  });
  window.WebSocket = class extends WebSocket {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols);
      sockets.push(this);
      this.addEventListener("close", () => tell("socket", "closed"));
    }
  };
}

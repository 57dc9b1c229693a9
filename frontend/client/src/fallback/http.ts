/** Requests of the fallbacks, and what an answer that is no success means for the connection. */
import { type Clock, systemClock } from "../clock.js";

/** What all fallbacks can be told. */
export interface HttpOptions {
  /**
   * Where the token goes: the header `Authorization`, or the parameter `token` of the query, for proxies in front of a server
   * of another origin that do not pass on the browser's question whether it takes the header. Default: `header`.
   */
  readonly tokenPlace?: "header" | "query";
  /** Whether cookies go along. Default: `same-origin`. */
  readonly credentials?: RequestCredentials;
  /** Asks. Default: the browser's. */
  readonly fetch?: typeof fetch;
  /** Time and chance. Default: the machine's. */
  readonly clock?: Clock;
}

/** An address; a function is asked before each request. */
export type Address = string | (() => string);

/** An answer that is no success. */
export class HttpFailure extends Error {
  override readonly name = "HttpFailure";
  /** The answer's status. */
  readonly status: number;
  /** Before how many milliseconds another request would come to nothing, if the server has said so. */
  readonly retryAfterMs: number | undefined;

  constructor(status: number, message: string, retryAfterMs: number | undefined) {
    super(message);
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

/** The close code that says the same as an answer's status; 1006 where none does. */
export function closeCodeOf(status: number): number {
  switch (status) {
    case 401:
      return 4401;
    case 403:
      return 4403;
    case 429:
    case 503:
      return 1013;
    case 500:
      return 1011;
    default:
      return 1006;
  }
}

/** How often a request is made again that came too early. */
const PATIENCE = 3;

/** How much of an answer's text is told. */
const MESSAGE_UNITS = 200;

/** Asks for one client, with its token. */
export class Http {
  readonly clock: Clock;
  readonly #options: HttpOptions;
  readonly #token: string | undefined;

  constructor(options: HttpOptions, token: string | undefined) {
    this.#options = options;
    this.#token = token;
    this.clock = options.clock ?? systemClock;
  }

  /** A successful answer. Throws an `HttpFailure` for another one, and what `fetch` throws. */
  async get(
    address: Address,
    query: { readonly [name: string]: string },
    accept: string,
    signal: AbortSignal,
  ): Promise<Response> {
    const { tokenPlace = "header", credentials = "same-origin", fetch: ask = globalThis.fetch } = this.#options;
    const headers: { [name: string]: string } = { Accept: accept };
    const pairs = Object.entries(query);
    if (this.#token !== undefined && tokenPlace === "header") {
      headers.Authorization = `Bearer ${this.#token}`;
    } else if (this.#token !== undefined) {
      pairs.push(["token", this.#token]);
    }
    const url = typeof address === "string" ? address : address();
    const text = pairs.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&");
    const whole = text === "" ? url : `${url}${url.includes("?") ? "&" : "?"}${text}`;
    const response = await ask(whole, { headers, credentials, cache: "no-store", signal });
    if (!response.ok) {
      throw new HttpFailure(response.status, await messageOf(response), retryAfterOf(response, this.clock.now()));
    }
    return response;
  }

  /** The same, and where the server says that it came too early, again at the time that it says. */
  async getPatiently(...request: Parameters<Http["get"]>): Promise<Response> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.get(...request);
      } catch (error) {
        if (!(error instanceof HttpFailure && error.status === 429 && attempt <= PATIENCE)) {
          throw error;
        }
        await this.sleep((error.retryAfterMs ?? 1000) + Math.round(this.clock.random() * 500), request[3]);
      }
    }
  }

  /** Waits. Throws when the signal is aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        this.clock.cancel(timer);
        reject(signal.reason);
      };
      const timer = this.clock.after(ms, () => {
        signal.removeEventListener("abort", stop);
        resolve();
      });
      if (signal.aborted) {
        stop();
      }
      signal.addEventListener("abort", stop, { once: true });
    });
  }
}

/**
 * Asks for no topic at all. A server that is there, and takes the token, says that this is a bad request: so there is
 * something to ask while nothing is wanted.
 */
export async function askForNothing(http: Http, address: Address, signal: AbortSignal): Promise<void> {
  try {
    const response = await http.getPatiently(address, {}, "application/json", signal);
    await response.body?.cancel();
  } catch (error) {
    if (!(error instanceof HttpFailure && error.status === 400)) {
      throw error;
    }
  }
}

/** What the server says is wrong; it answers with `{"error", "message"}`. */
async function messageOf(response: Response): Promise<string> {
  const fallback = `HTTP ${response.status}`;
  try {
    const { message }: { readonly message?: unknown } = await response.json();
    return typeof message === "string" ? `${fallback}: ${message.slice(0, MESSAGE_UNITS)}` : fallback;
  } catch {
    return fallback;
  }
}

/** `Retry-After` (RFC 9110, section 10.2.3) in milliseconds: seconds, or a date. */
function retryAfterOf(response: Response, now: number): number | undefined {
  const text = response.headers.get("Retry-After")?.trim();
  if (text === undefined || text === "") {
    return undefined;
  }
  const ms = /^[0-9]+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

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
  readonly #status: number;
  /** Whether the server says so itself: what else answers knows nothing of tokens and topics. */
  readonly #isServers: boolean;
  /** Before how many milliseconds another request would come to nothing, if the answer says so. */
  readonly retryAfterMs: number | undefined;

  /** `said` is what the server says is wrong, if it was the server that answered. */
  constructor(status: number, said: string | undefined, retryAfterMs: number | undefined) {
    super(said === undefined ? `HTTP ${status}` : `HTTP ${status}: ${said}`);
    this.#status = status;
    this.#isServers = said !== undefined;
    this.retryAfterMs = retryAfterMs;
  }

  /** The request asked for nothing that there could be. */
  get isQuestion(): boolean {
    return this.#isServers && this.#status === 400;
  }

  /** The request came too early. */
  get isEarly(): boolean {
    return this.#status === 429;
  }

  /** A topic does not exist, or is not for this client. */
  get isRefusal(): boolean {
    return this.#isServers && (this.#status === 403 || this.#status === 404);
  }

  /** The close code that says the same; 1006 where none does. */
  get closeCode(): number {
    switch (this.#status) {
      case 401:
        return this.#isServers ? 4401 : 1006;
      case 403:
        return this.#isServers ? 4403 : 1006;
      case 429:
      case 503:
        return 1013;
      case 500:
        return 1011;
      default:
        return 1006;
    }
  }
}

/** What an error means for the connection, as `closed` is told it. */
export function closingOf(
  error: unknown,
  retryAfterMs?: number,
): [code: number, reason: string, retryAfterMs?: number] {
  if (error instanceof HttpFailure) {
    return closing(error.closeCode, error.message, error.retryAfterMs);
  }
  return closing(1006, error instanceof Error ? error.message : String(error), retryAfterMs);
}

function closing(code: number, reason: string, retryAfterMs: number | undefined): [number, string, number?] {
  return retryAfterMs === undefined ? [code, reason] : [code, reason, retryAfterMs];
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
      throw new HttpFailure(response.status, await saidBy(response), retryAfterOf(response, this.clock.now()));
    }
    return response;
  }

  /** The same, and where the server says that it came too early, again at the time that it says. */
  async getPatiently(...request: Parameters<Http["get"]>): Promise<Response> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.get(...request);
      } catch (error) {
        if (!(error instanceof HttpFailure && error.isEarly && attempt <= PATIENCE)) {
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
    if (!(error instanceof HttpFailure && error.isQuestion)) {
      throw error;
    }
  }
}

/** What the server says is wrong: it answers with `{"error", "message"}`, and others do not. */
async function saidBy(response: Response): Promise<string | undefined> {
  try {
    const { message }: { readonly message?: unknown } = await response.json();
    return typeof message === "string" ? message.slice(0, MESSAGE_UNITS) : undefined;
  } catch {
    return undefined;
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

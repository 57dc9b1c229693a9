/** The client's token: asked for anew for each attempt, once at a time, and again before it expires. */

/** Why a token is asked for. */
export type TokenReason =
  /** The client is about to connect. */
  | "connect"
  /** The server did not accept the last one (4401): one from a cache will not do. */
  | "rejected"
  /** The last one is about to expire, on a connection that is open. */
  | "expiring";

/** A token and when it expires (milliseconds since the Unix epoch); read from a JWT's `exp` where it is not said. */
export type Token = string | { readonly token: string; readonly expiresAt?: number };

/** Gives a token. */
export type TokenProvider = (reason: TokenReason) => Token | Promise<Token>;

/** A token as the client keeps it. */
export interface HeldToken {
  readonly token: string;
  readonly expiresAt: number | undefined;
}

/** Asks a provider, for as many as ask at the same time only once. */
export class TokenSource {
  readonly #provider: TokenProvider;
  #asking: { readonly reason: TokenReason; readonly answer: Promise<HeldToken> } | undefined;

  constructor(provider: TokenProvider) {
    this.#provider = provider;
  }

  /** A token. Whoever asks for another reason than a refusal takes what is being asked for already. */
  async get(reason: TokenReason): Promise<HeldToken> {
    if (this.#asking === undefined || (reason === "rejected" && this.#asking.reason !== "rejected")) {
      const asking = { reason, answer: this.#ask(reason) };
      this.#asking = asking;
      const done = () => {
        if (this.#asking === asking) {
          this.#asking = undefined;
        }
      };
      asking.answer.then(done, done);
    }
    return this.#asking.answer;
  }

  /** Does not wait any longer for what is being asked for: whoever asks next asks anew. */
  forget(): void {
    this.#asking = undefined;
  }

  async #ask(reason: TokenReason): Promise<HeldToken> {
    const given = await this.#provider(reason);
    const { token, expiresAt } = typeof given === "string" ? { token: given, expiresAt: undefined } : given;
    return { token, expiresAt: expiresAt ?? expiryOf(token) };
  }
}

/** The `exp` of a JSON Web Token (RFC 7519, section 4.1.4) in milliseconds; `undefined` for what is none or has none. */
export function expiryOf(token: string): number | undefined {
  try {
    const claims = token.split(".")[1] ?? "";
    return JSON.parse(atob(claims.replaceAll("-", "+").replaceAll("_", "/"))).exp * 1000 || undefined;
  } catch {
    return undefined;
  }
}

/**
 * When to ask for the next token: a tenth of what is left before the last one expires, but at most a minute before.
 * `undefined` for never: it does not expire, or has expired already, which the server will say.
 */
export function refreshAt(expiresAt: number | undefined, now: number): number | undefined {
  const left = (expiresAt ?? now) - now;
  return left > 0 ? now + Math.max(1000, left - Math.min(60_000, left / 10)) : undefined;
}

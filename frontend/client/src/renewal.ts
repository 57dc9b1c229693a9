/** The client's token on a connection that is open: shown again before it expires. */
import type { Attempts } from "./attempts.js";
import type { Core } from "./core.js";
import type { Link } from "./link.js";
import type { Outbound } from "./outbound.js";
import type { Requests } from "./requests.js";
import { refreshAt } from "./token.js";

/** See above. */
export interface Renewal {
  /** Sees to it that the next token is asked for in time. */
  schedule(link: Link): void;
  /** Asks for a token and shows it to the server. Throws if either fails. */
  refresh(): Promise<void>;
}

/** Renews nothing before `schedule` or `refresh`. */
export function makeRenewal(core: Core, { tokens }: Attempts, outbound: Outbound, requests: Requests): Renewal {
  const { clock, protocol } = core;

  const schedule = (link: Link): void => {
    const now = clock.now() + link.skewMs;
    const at = refreshAt(link.expiresAt, now);
    clock.cancel(link.timers.refresh);
    if (at !== undefined && link === core.link && link.transport?.kind === "websocket") {
      // No longer than a timer can take.
      link.timers.refresh = clock.after(Math.min(at - now, 2 ** 31 - 1), () => {
        refresh().catch((error) => {
          core.log("warn", "token.refresh_failed", { error: String(error) }, link);
          schedule(link);
        });
      });
    }
  };

  const refresh = async (): Promise<void> => {
    const { link } = core;
    const { authenticate = "" } = protocol.session.toServer;
    const shape = protocol.replies[authenticate];
    if (tokens === undefined || shape === undefined || link?.openedAt === undefined) {
      return;
    }
    const held = await tokens.get("expiring");
    if (link === core.link && link.transport?.kind === "websocket") {
      const { expiresAt, token } = held;
      link.expiresAt = expiresAt;
      const frame = outbound.transmit(link, authenticate, { token });
      const reply = requests.add(frame, shape, core.options.requestMs);
      requests.sent(frame.id);
      await reply;
      schedule(link);
    }
  };

  return { schedule, refresh };
}

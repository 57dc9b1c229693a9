/** What the parts of a client share: the protocol, the options, time, who listens, and the connection that is in use. */
import { type Clock, systemClock } from "./clock.js";
import type { Link } from "./link.js";
import { Listeners } from "./listeners.js";
import type { LogEntry, LogLevel } from "./log.js";
import type { ClientEvents, ClientOptions } from "./options.js";
import type { Packet } from "./packet.js";
import type { Protocol, ProtocolTypes } from "./protocol.js";

type Events = ClientEvents<ProtocolTypes>;

/** See above. */
export interface Core {
  readonly protocol: Protocol<ProtocolTypes>;
  readonly options: ClientOptions;
  readonly clock: Clock;
  /** Events by their name; frames by `type.<type>` and `topic.<topic>`. */
  readonly listeners: Listeners;
  /** The connection in use, or the attempt at one. Set by `attempts` only. */
  link: Link | undefined;
  /** Nothing gets through, either way (`simulate.silence`). */
  muffled: boolean;
  tell<Name extends keyof Events>(name: Name, event: Events[Name]): void;
  /** Tells of a frame that went by, where somebody looks. */
  packet(link: Link, direction: Packet["direction"], text: string, about: Partial<Packet>): void;
  log(level: LogLevel, event: string, fields: LogEntry["fields"], link?: Link): void;
}

/** What a new client begins with. */
export function makeCore(protocol: Protocol<ProtocolTypes>, options: ClientOptions): Core {
  const { clock = systemClock } = options;
  const listeners = new Listeners();
  const core: Core = {
    protocol,
    options,
    clock,
    listeners,
    link: undefined,
    muffled: false,
    tell: (name, event) => listeners.tell(name, event),
    packet({ transport }, direction, text, about) {
      if (listeners.has("packet") && transport !== undefined) {
        const nothing = { frame: undefined, violations: [], duplicate: false };
        core.tell("packet", { at: clock.now(), direction, transport: transport.kind, text, ...nothing, ...about });
      }
    },
    log(level, event, fields, link = core.link) {
      options.log?.({ at: clock.now(), level, event, connectionId: link?.connectionId, fields });
    },
  };
  return core;
}

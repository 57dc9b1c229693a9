/** What went by of late, for the overlay: bounded, so that it can always run. Pure. */
import type { Packet } from "../packet.js";
import type { ConnectionState } from "../state.js";

/** A packet in the recording. */
export interface Entry {
  /** 1 for the first; a number that is missing was dropped. */
  readonly number: number;
  readonly packet: Packet;
  /** Whether it went over the network; what does not follow the contract is not sent. */
  readonly sent: boolean;
}

/** The connection is somewhere else. */
export interface StateChange {
  readonly at: number;
  readonly state: ConnectionState;
}

/** How many changes of the state are kept. */
const CHANGES = 200;

/** The newest packets and changes of the state. */
export class Recording {
  readonly #packets: number;
  readonly #units: number;
  /** Called after each change: by the overlay, while it is open. */
  changed: (() => void) | undefined;
  #entries: readonly Entry[] = [];
  #changes: readonly StateChange[] = [];
  #count = 0;
  #used = 0;

  /** Keeps so many packets, with so many characters of text. */
  constructor(packets: number, units: number) {
    this.#packets = packets;
    this.#units = units;
  }

  /** The packets that are kept, oldest first. A new list after each change. */
  get entries(): readonly Entry[] {
    return this.#entries;
  }

  /** Where the connection was, oldest first. */
  get changes(): readonly StateChange[] {
    return this.#changes;
  }

  /** Takes note of a packet. */
  add(packet: Packet, sent: boolean): void {
    this.#count += 1;
    this.#used += packet.text.length;
    const entries = [...this.#entries, { number: this.#count, packet, sent }];
    while (entries.length > this.#packets || (this.#used > this.#units && entries.length > 1)) {
      this.#used -= entries.shift()?.packet.text.length ?? 0;
    }
    this.#entries = entries;
    this.changed?.();
  }

  /** Takes note of where the connection is. */
  enter(at: number, state: ConnectionState): void {
    this.#changes = [...this.#changes.slice(1 - CHANGES), { at, state }];
    this.changed?.();
  }

  /** Forgets the packets. */
  clear(): void {
    this.#entries = [];
    this.#used = 0;
    this.changed?.();
  }
}

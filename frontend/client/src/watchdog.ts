/**
 * Whether the other end is still there. A socket whose network has gone says nothing, for minutes; the server's pings are
 * what tells it apart from a quiet one.
 *
 * ```text
 *              heard                        heard
 *            ┌──────┐            ┌───────────────────────────┐
 *            ▼      │            ▼                           │
 *          listening ── silent too long, or a hint ──▶ probing ── no answer ──▶ gone
 * ```
 *
 * Pure, and by comparing times: a timer that fires late (a tab in the background, a machine that slept) finds out at once
 * how late it is. Who calls it sends the probe and replaces the socket.
 */

/** What the watchdog knows. */
export interface Watchdog {
  /** When something was heard last, on the clock. */
  readonly heardAt: number;
  /** When the probe was sent that has not been answered, if there is one. */
  readonly probedAt: number | undefined;
}

/** What to do now: nothing for so many milliseconds, or send a probe, or replace the socket. */
export type Verdict = number | "probe" | "replace";

/** Something was heard, whatever it was; that a connection was made counts too. */
export function heard(now: number): Watchdog {
  return { heardAt: now, probedAt: undefined };
}

/** A probe was sent. */
export function probed(dog: Watchdog, now: number): Watchdog {
  return { heardAt: dog.heardAt, probedAt: dog.probedAt ?? now };
}

/**
 * What to do at `now`, if a frame should come at least every `silenceMs`, and a probe should be answered within `probeMs`.
 * `hint` says that there is a reason to doubt the connection (the machine woke up, the network changed): then a probe is
 * due at once.
 *
 * A clock that was set back makes the watchdog wait no longer than it would have.
 */
export function judge(dog: Watchdog, silenceMs: number, probeMs: number, now: number, hint = false): Verdict {
  if (dog.probedAt !== undefined) {
    const waited = Math.abs(now - dog.probedAt);
    return waited >= probeMs ? "replace" : probeMs - waited;
  }
  const silent = Math.abs(now - dog.heardAt);
  return hint || silent >= silenceMs ? "probe" : silenceMs - silent;
}

import { FakeClock } from "./clock.js";

/** A clock by which nothing happens by chance. */
export class EvenClock extends FakeClock {
  override random(): number {
    return 0.5;
  }
}

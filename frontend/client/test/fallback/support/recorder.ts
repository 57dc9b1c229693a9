import type { ServerFrameBase, TransportEvents } from "../../../src/index.js";

/** Writes down what a transport tells. */
export class Recorder implements TransportEvents {
  readonly told: string[] = [];
  beats = 0;
  #isOpen = false;

  opened(): void {
    if (!this.#isOpen) {
      this.#isOpen = true;
      this.told.push("opened");
    }
  }

  text(text: string): void {
    const { type, topic, seq } = JSON.parse(text) as ServerFrameBase;
    this.told.push(seq === undefined ? type : `${topic} ${seq}`);
  }

  binary(): void {
    this.told.push("binary");
  }

  alive(): void {
    this.beats += 1;
  }

  located(topic: string, { epoch, seq }: { epoch: string; seq: number }): void {
    this.told.push(`${topic} is at ${epoch}:${seq}`);
  }

  lost(topic: string, { epoch, seq }: { epoch: string; seq: number }): void {
    this.told.push(`${topic} lost up to ${epoch}:${seq}`);
  }

  refused(topic: string, reason: string): void {
    this.told.push(`${topic} refused: ${reason}`);
  }

  closed(code: number, reason: string, retryAfterMs?: number): void {
    this.told.push(`closed ${code}: ${reason}${retryAfterMs === undefined ? "" : `, ${retryAfterMs} ms`}`);
  }

  /** What was told since the last call. */
  take(): string[] {
    return this.told.splice(0);
  }
}

/** Functions that want to be told. One that throws does not keep the others from being told: its error is reported. */

/** Takes a listener back. */
export type Unsubscribe = () => void;

/** A set of listeners for one kind of thing. The same function may be added twice, and is then called twice. */
export class Listeners<Value> {
  #all: readonly { readonly listener: (value: Value) => void }[] = [];

  /** How many there are. */
  get size(): number {
    return this.#all.length;
  }

  /** Adds a listener, until the function that it returns is called. */
  add(listener: (value: Value) => void): Unsubscribe {
    const entry = { listener };
    this.#all = [...this.#all, entry];
    return () => {
      this.#all = this.#all.filter((other) => other !== entry);
    };
  }

  /** Tells all that are there now, in the order in which they came. */
  tell(value: Value): void {
    for (const { listener } of this.#all) {
      try {
        listener(value);
      } catch (error) {
        reportError(error);
      }
    }
  }
}

/** As if it had been thrown in a task of its own: in the console, and at `window.onerror`. */
function reportError(error: unknown): void {
  if (typeof globalThis.reportError === "function") {
    globalThis.reportError(error);
  } else {
    queueMicrotask(() => {
      throw error;
    });
  }
}

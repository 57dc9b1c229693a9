import { describe, expect, it } from "vitest";
import { Listeners } from "../../src/listeners.js";

describe("listeners", () => {
  it("are told in their order, each as often as it was added", () => {
    const listeners = new Listeners();
    const seen: string[] = [];
    const first = (value: string) => seen.push(`first ${value}`);
    const offs = [listeners.add("a", first), listeners.add("a", (value: string) => seen.push(`second ${value}`))];
    offs.push(listeners.add("a", first));
    listeners.add("b", () => seen.push("another"));
    listeners.tell("a", "x");
    expect(seen.splice(0)).toEqual(["first x", "second x", "first x"]);
    offs[0]?.();
    offs[0]?.();
    listeners.tell("a", "y");
    expect(seen.splice(0)).toEqual(["second y", "first y"]);
    listeners.tell("nobody", "z");
  });

  it("leave nothing behind", () => {
    const listeners = new Listeners();
    const off = listeners.add("a", () => {});
    expect(listeners.has("a")).toBe(true);
    off();
    expect(listeners.has("a")).toBe(false);
    const seen: string[] = [];
    listeners.add("a", (value: string) => seen.push(value));
    // Twice is once: those who came later stay.
    off();
    listeners.tell("a", "x");
    expect(seen).toEqual(["x"]);
  });

  it("may come and go while they are told", () => {
    const listeners = new Listeners();
    const seen: string[] = [];
    const off = listeners.add("a", () => {
      seen.push("once");
      off();
      listeners.add("a", () => seen.push("late"));
    });
    listeners.add("a", () => seen.push("always"));
    listeners.tell("a", 1);
    expect(seen.splice(0)).toEqual(["once", "always"]);
    listeners.tell("a", 2);
    expect(seen).toEqual(["always", "late"]);
  });

  it("hear of everything in the same order, though one makes the next happen", () => {
    const listeners = new Listeners();
    const seen: string[] = [];
    listeners.add("a", (value: number) => {
      seen.push(`first ${value}`);
      if (value < 3) {
        listeners.tell("a", value + 1);
      }
    });
    listeners.add("a", (value: number) => seen.push(`second ${value}`));
    listeners.tell("a", 1);
    expect(seen).toEqual(["first 1", "second 1", "first 2", "second 2", "first 3", "second 3"]);
  });
});

import { describe, expect, it } from "vitest";
import { protocol } from "../../../chat/src/index.js";
import { type Closing, type ConnectionState, closeCode } from "../../src/index.js";
import { type ToastMemory, type ToastWords, toastRule } from "../../src/react/index.js";
import { dismiss, hold, release } from "../../src/react/toasts.js";

const open: ConnectionState = {
  status: "open",
  since: 0,
  transport: "websocket",
  connectionId: undefined,
  probing: false,
};

function ended(code: number, more: Partial<Closing> = {}): Closing {
  return { code, reason: "", known: closeCode(protocol, code), planned: false, ...more };
}

function waiting(closing: Closing): ConnectionState {
  return { status: "waiting", retryAt: 9000, offline: false, failures: 1, downSince: 0, closing };
}

function stopped(closing: Closing): ConnectionState {
  return { status: "stopped", closing, downSince: 0 };
}

/** A rule with its memory. */
function observe(words?: ToastWords) {
  const rule = toastRule(protocol.closeCodes, words);
  let memory: ToastMemory | undefined;
  return {
    see(state: ConnectionState, now: number) {
      const judged = rule(memory, state, now);
      memory = judged.memory;
      return judged;
    },
    change(to: (memory: ToastMemory) => ToastMemory) {
      memory = memory && to(memory);
    },
  };
}

/** Tone and title of what a state shows. */
function shown(state: ConnectionState): string[] {
  return observe()
    .see(state, 0)
    .view.map(({ tone, title }) => `${tone} ${title}`);
}

describe("a toast", () => {
  it.each([
    [1002, ["red Contract violation (1002)"]],
    [1003, ["red Unsupported data (1003)"]],
    [1009, ["red Message too big (1009)"]],
    [4401, ["red Unauthorized (4401)"]],
    [4403, ["red Topic forbidden (4403)"]],
    [1000, []],
  ])("is red for %i, after which the client stops", (code, expected) => {
    expect(shown(stopped(ended(code)))).toEqual(expected);
  });

  it.each([
    [1011, ["amber Internal error (1011)"]],
    [1013, ["amber Try again later (1013)"]],
    [4408, ["amber Pong timeout (4408)"]],
    [4409, ["amber Slow consumer (4409)"]],
    [4410, ["amber Idle timeout (4410)"]],
    // No close code: that is for the banner, if it lasts.
    [1006, []],
    // Refused, and tried again with another token: nothing that people have to know.
    [4401, []],
  ])("is amber for %i, after which the client goes on", (code, expected) => {
    expect(shown(waiting(ended(code)))).toEqual(expected);
  });

  it("is there for every code of the contract that ends a connection against the client's will", () => {
    for (const { code, reconnect } of Object.values(protocol.closeCodes)) {
      const state = reconnect ? waiting(ended(code)) : stopped(ended(code));
      expect(shown(state), `${code}`).toHaveLength(code === 1000 ? 0 : 1);
    }
  });

  it("is not there for what was planned", () => {
    expect(shown(waiting(ended(1001, { planned: true })))).toEqual([]);
    expect(shown(waiting(ended(4410, { planned: true })))).toEqual([]);
  });

  it("says what the contract says, and what happens next", () => {
    const [toast] = observe().see(waiting(ended(4408)), 0).view;
    expect(toast).toMatchObject({
      meaning: "No pong arrived in time.",
      next: "The connection is made again by itself.",
    });
    expect(observe().see(stopped(ended(1002)), 0).view[0]?.next).toBe(
      "No further attempt is made. Connect again, or reload the page.",
    );
  });

  it("says it in words of the application's own", () => {
    const words: ToastWords = ({ code }, name, willReconnect) => ({
      title: name,
      meaning: `${code}`,
      next: `${willReconnect}`,
    });
    expect(observe(words).see(waiting(ended(4408)), 0).view[0]).toMatchObject({
      title: "pong_timeout",
      meaning: "4408",
      next: "true",
    });
  });

  it("goes after twelve seconds if it is amber", () => {
    const toasts = observe();
    const state = waiting(ended(4408));
    expect(toasts.see(state, 1000)).toMatchObject({ view: [{ code: 4408 }], at: 13_000 });
    expect(toasts.see(open, 12_999).view).toHaveLength(1);
    expect(toasts.see(open, 13_000)).toMatchObject({ view: [], at: undefined });
  });

  it("stays until there is a connection again if it is red", () => {
    const toasts = observe();
    const closing = ended(4401);
    expect(toasts.see(stopped(closing), 0)).toMatchObject({ view: [{ code: 4401 }], at: undefined });
    const again: ConnectionState = { status: "connecting", failures: 0, downSince: 0, closing };
    expect(toasts.see(again, 9_000_000).view).toHaveLength(1);
    expect(toasts.see(open, 9_000_001).view).toEqual([]);
  });

  it("is one per code, with a count", () => {
    const toasts = observe();
    toasts.see(waiting(ended(4408)), 0);
    toasts.see(waiting(ended(4409)), 100);
    expect(toasts.see(waiting(ended(4408)), 5000).view.map(({ code, times }) => [code, times])).toEqual([
      [4409, 1],
      [4408, 2],
    ]);
    // The second one is shown for as long as the first was.
    expect(toasts.see(open, 16_999).view.map(({ code }) => code)).toEqual([4408]);
  });

  it("is not doubled by further states of the same interruption", () => {
    const toasts = observe();
    const closing = ended(4408);
    toasts.see(waiting(closing), 0);
    const view = toasts.see({ status: "connecting", failures: 1, downSince: 0, closing }, 10).view;
    expect(view.map(({ times }) => times)).toEqual([1]);
  });

  it("goes when it is dismissed, and does not come back for the same end", () => {
    const toasts = observe();
    const state = stopped(ended(1002));
    const [toast] = toasts.see(state, 0).view;
    toasts.change((memory) => dismiss(memory, toast?.id ?? 0));
    expect(toasts.see(state, 1).view).toEqual([]);
  });

  it("stays while it is read, and a little longer", () => {
    const toasts = observe();
    toasts.see(waiting(ended(4408)), 0);
    toasts.change(hold);
    expect(toasts.see(open, 60_000)).toMatchObject({ view: [{ code: 4408 }], at: undefined });
    toasts.change((memory) => release(memory, 60_000));
    expect(toasts.see(open, 63_999)).toMatchObject({ view: [{ code: 4408 }], at: 64_000 });
    expect(toasts.see(open, 64_000).view).toEqual([]);
  });
});

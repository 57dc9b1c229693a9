import { describe, expect, it } from "vitest";
import { CLOSE_CODES, protocol } from "../../../chat/src/index.js";
import { BACKOFF } from "../../src/backoff.js";
import { closeCode, type Ended, sequel } from "../../src/closing.js";

const ENDED: Ended = {
  code: 1006,
  reason: "",
  openMs: 10_000,
  failures: 0,
  notice: undefined,
  replaced: false,
  tokenLeft: false,
};

const follows = (ended: Partial<Ended>, random = 0.5) => sequel(protocol, BACKOFF, { ...ENDED, ...ended }, random);

describe("what follows a connection", () => {
  for (const { code, reconnect } of Object.values(CLOSE_CODES)) {
    it(`${code}: as the contract says`, () => {
      expect(follows({ code, reason: "why" })).toMatchObject({
        next: reconnect ? "retry" : "stop",
        closing: { code, reason: "why", known: { code }, planned: code === 1001 },
      });
    });
  }

  it("that the contract does not name: another attempt", () => {
    for (const code of [1006, 1005, 1012, 3000, 4999]) {
      expect(follows({ code })).toEqual({
        next: "retry",
        delayMs: 2000,
        failures: 1,
        newToken: false,
        closing: { code, reason: "", known: undefined, planned: false },
      });
    }
  });

  it("waits longer after each failure, and begins anew after two minutes", () => {
    expect(follows({ openMs: undefined, failures: 3 })).toMatchObject({ delayMs: 6750, failures: 4 });
    expect(follows({ openMs: 119_999, failures: 3 })).toMatchObject({ delayMs: 6750, failures: 4 });
    expect(follows({ openMs: 120_000, failures: 3 })).toMatchObject({ delayMs: 2000, failures: 1 });
  });
});

describe("a token that is refused", () => {
  const { code } = CLOSE_CODES.unauthorized;

  it("is followed by another, at once", () => {
    const expected = { next: "retry", delayMs: 0, newToken: true, closing: { planned: true } };
    expect(follows({ code, tokenLeft: true })).toMatchObject(expected);
    expect(follows({ code, tokenLeft: true, openMs: undefined })).toMatchObject(expected);
  });

  it("is the end where there is no other", () => {
    expect(follows({ code, openMs: undefined }).next).toBe("stop");
  });

  it("is not followed at once where connections do not last", () => {
    expect(follows({ code, tokenLeft: true, openMs: 5, failures: 2 })).toMatchObject({ delayMs: 4500, newToken: true });
  });

  it("means nothing to a protocol that does not know it", () => {
    const unknown = sequel({ closeCodes: {} }, BACKOFF, { ...ENDED, code, tokenLeft: true }, 0.5);
    expect(unknown).toMatchObject({ next: "retry", newToken: false, delayMs: 2000 });
  });
});

describe("the server's notice", () => {
  const notice = (reason: string, reconnectAfterMs: number) => ({ notice: { reason, reconnectAfterMs } });

  it("decides how long to wait", () => {
    expect(follows({ code: 1001, ...notice("shutdown", 12_345) })).toMatchObject({ delayMs: 12_345, failures: 1 });
    expect(follows({ code: 4410, ...notice("idle_timeout", 0) })).toMatchObject({
      delayMs: 0,
      closing: { planned: true },
    });
  });

  it("does not make connections that do not last come faster", () => {
    expect(follows({ code: 4409, openMs: 1999, ...notice("slow_consumer", 0) })).toMatchObject({ delayMs: 2000 });
    expect(follows({ code: 1001, openMs: 1, ...notice("shutdown", 9000) })).toMatchObject({ delayMs: 9000 });
  });

  it("is no reason to worry, or one", () => {
    const planned = (reason: string) => follows({ ...notice(reason, 0) }).closing.planned;
    expect(["shutdown", "idle_timeout", "slow_consumer", "pong_timeout"].map(planned)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});

describe("what the client replaces", () => {
  it("is followed at once, whatever the code", () => {
    expect(follows({ replaced: true })).toMatchObject({ delayMs: 0, closing: { planned: true } });
    expect(follows({ replaced: true, code: 1000 })).toMatchObject({ next: "retry", delayMs: 0 });
  });

  it("is not followed at once where it never was", () => {
    expect(follows({ replaced: true, openMs: undefined })).toMatchObject({ delayMs: 2000 });
    expect(follows({ replaced: true, openMs: 10 })).toMatchObject({ delayMs: 2000 });
  });
});

describe("`Retry-After`", () => {
  it("is kept to, and spread", () => {
    expect(follows({ retryAfterMs: 30_000 }, 1)).toMatchObject({ delayMs: 30_500 });
    expect(follows({ retryAfterMs: 10 }, 0.5)).toMatchObject({ delayMs: 2000 });
  });
});

describe("closeCode", () => {
  it("finds the entry", () => {
    expect(closeCode(protocol, 4408)).toBe(CLOSE_CODES.pong_timeout);
    expect(closeCode(protocol, 4000)).toBeUndefined();
  });
});

import { describe, expect, it } from "vitest";
import { expiryOf, refreshAt, type Token, type TokenReason, TokenSource } from "../../src/token.js";

function jwt(claims: object): string {
  const text = new TextEncoder().encode(JSON.stringify(claims));
  return `h.${btoa(String.fromCharCode(...text))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "")}.s`;
}

function bench() {
  const asked: { readonly reason: TokenReason; readonly give: (token: Token) => void; readonly fail: () => void }[] =
    [];
  const source = new TokenSource(
    (reason) => new Promise((give, reject) => asked.push({ reason, give, fail: () => reject(new Error("no")) })),
  );
  return { asked, source };
}

describe("the provider", () => {
  it("is asked once for all who ask at the same time", async () => {
    const { asked, source } = bench();
    const both = Promise.all([source.get("connect"), source.get("expiring")]);
    asked[0]?.give("a");
    expect((await both).map(({ token }) => token)).toEqual(["a", "a"]);
    source.get("connect");
    expect(asked.map(({ reason }) => reason)).toEqual(["connect", "connect"]);
  });

  it("is asked again where the last token was refused, since one from a cache will not do", async () => {
    const { asked, source } = bench();
    const first = source.get("connect");
    const second = source.get("rejected");
    const third = source.get("connect");
    asked[0]?.give("old");
    asked[1]?.give("new");
    expect([(await first).token, (await second).token, (await third).token]).toEqual(["old", "new", "new"]);
    expect(asked.map(({ reason }) => reason)).toEqual(["connect", "rejected"]);
  });

  it("is asked again after it failed, and after nobody waits for it any more", async () => {
    const { asked, source } = bench();
    const first = source.get("connect");
    asked[0]?.fail();
    await expect(first).rejects.toThrow("no");
    source.get("connect");
    source.forget();
    const third = source.get("connect");
    asked[1]?.give("late");
    asked[2]?.give("third");
    expect((await third).token).toBe("third");
    expect(asked).toHaveLength(3);
  });

  it("may fail at once", async () => {
    const source = new TokenSource(() => {
      throw new Error("at once");
    });
    await expect(source.get("connect")).rejects.toThrow("at once");
    await expect(source.get("connect")).rejects.toThrow("at once");
  });

  it("may say when the token expires", async () => {
    const source = new TokenSource(() => ({ token: jwt({ exp: 5 }), expiresAt: 7000 }));
    expect(await source.get("connect")).toMatchObject({ expiresAt: 7000 });
    expect(await new TokenSource(() => jwt({ exp: 5 })).get("connect")).toMatchObject({ expiresAt: 5000 });
    expect(await new TokenSource(async () => "key").get("connect")).toEqual({ token: "key", expiresAt: undefined });
  });
});

describe("a JSON Web Token", () => {
  it("says when it expires", () => {
    expect(expiryOf(jwt({ exp: 1_767_225_600 }))).toBe(1_767_225_600_000);
    expect(expiryOf(jwt({ sub: "Zoë ~~~???>>>", exp: 1.5 }))).toBe(1500);
  });

  it("may not, or be none", () => {
    for (const token of [jwt({}), jwt({ exp: "soon" }), "", "a.b.c", "a.!.c", `x.${btoa("null")}.x`, "key"]) {
      expect(expiryOf(token)).toBeUndefined();
    }
  });
});

describe("the next token is asked for", () => {
  it("a minute before the last one expires, or a tenth of its time", () => {
    expect(refreshAt(3_600_000, 0)).toBe(3_540_000);
    expect(refreshAt(600_000, 0)).toBe(540_000);
    expect(refreshAt(60_000, 0)).toBe(54_000);
    expect(refreshAt(1_060_000, 1_000_000)).toBe(1_054_000);
  });

  it("no more than once a second, and not after it has expired", () => {
    expect(refreshAt(500, 0)).toBe(1000);
    expect(refreshAt(0, 0)).toBeUndefined();
    expect(refreshAt(-1, 0)).toBeUndefined();
    expect(refreshAt(undefined, 0)).toBeUndefined();
  });
});

import { describe, expect, it } from "vitest";
import { Subscriptions } from "../../src/subscriptions.js";

const request = (id: string, topic: string) => ({ v: 1 as const, id, type: "join", topic, ts: 0, data: {} });
const nothing = { add: [], remove: [] };

describe("what is wanted", () => {
  it("is asked for once, and left with the last who wants it", () => {
    const all = new Subscriptions();
    all.want("a");
    all.want("a");
    all.want("b");
    expect(all.sync()).toEqual({ add: ["a", "b"], remove: [] });
    expect(all.sync()).toEqual(nothing);
    expect(all.release("a")).toBe(false);
    expect(all.sync()).toEqual(nothing);
    expect(all.release("a")).toBe(true);
    expect([all.has("a"), all.topics()]).toEqual([false, ["b"]]);
    expect(all.sync()).toEqual({ add: [], remove: ["a"] });
    expect(all.sync()).toEqual(nothing);
  });

  it("and given up in one turn is not asked for at all, and the other way round", () => {
    const all = new Subscriptions();
    all.want("a");
    all.release("a");
    expect(all.sync()).toEqual(nothing);
    all.want("b");
    all.sync();
    all.release("b");
    all.want("b");
    expect(all.sync()).toEqual(nothing);
  });

  it("is asked for again on the next connection", () => {
    const all = new Subscriptions();
    all.want("a");
    all.sync();
    all.reset();
    expect(all.sync()).toEqual({ add: ["a"], remove: [] });
  });
});

describe("a request that subscribes", () => {
  it("makes the client have its topic once it is answered", () => {
    const all = new Subscriptions();
    all.joining(request("1", "a"));
    expect(all.has("a")).toBe(false);
    all.joined("another", false);
    expect(all.has("a")).toBe(false);
    all.joined("1", false);
    expect([all.has("a"), all.isLive("a"), all.sync()]).toEqual([true, true, nothing]);
    all.reset();
    expect(all.sync()).toEqual({ add: ["a"], remove: [] });
    all.leave("a", false);
    expect(all.sync()).toEqual({ add: [], remove: ["a"] });
  });

  it("changes nothing where it is refused, given up, or the connection breaks", () => {
    const all = new Subscriptions();
    all.joining(request("1", "a"));
    all.joined("1", true);
    all.joining(request("2", "a"));
    expect(all.done(request("2", "a"))).toBe(false);
    all.joined("2", false);
    all.joining(request("3", "a"));
    all.reset();
    all.joined("3", false);
    expect([all.has("a"), all.sync()]).toEqual([false, nothing]);
  });

  it("does not keep a topic from being asked for that is wanted too", () => {
    const all = new Subscriptions();
    all.want("a");
    all.joining(request("1", "a"));
    expect(all.sync()).toEqual({ add: ["a"], remove: [] });
  });

  it("whose topic nobody wants any more before it is answered leaves nothing behind", () => {
    const all = new Subscriptions();
    all.joining(request("1", "a"));
    all.leave("a", false);
    all.joined("1", false);
    expect([all.has("a"), all.sync()]).toEqual([false, { add: [], remove: ["a"] }]);
  });

  it("keeps its topic for as long as it is being answered", () => {
    const all = new Subscriptions();
    all.joining(request("1", "a"));
    all.joined("1", false);
    all.leave("a", true);
    expect(all.has("a")).toBe(true);
    expect(all.done(request("1", "a"))).toBe(true);
    expect(all.sync()).toEqual({ add: [], remove: ["a"] });
    all.joining(request("2", "a"));
    all.joined("2", false);
    all.leave("a", true);
    all.want("a");
    expect([all.done(request("2", "a")), all.has("a")]).toEqual([false, true]);
  });
});

describe("what the server says", () => {
  it("tells what it has refused", () => {
    const all = new Subscriptions();
    all.want("a");
    all.want("b");
    all.sync();
    all.asking("1", ["a", "b"]);
    expect(all.confirm("another", ["a"])).toEqual([]);
    expect(all.confirm("1", ["a"], "topic_forbidden")).toEqual(["b"]);
    expect([all.isLive("a"), all.isLive("b"), all.sync()]).toEqual([true, false, nothing]);
    expect(all.confirm("1", [])).toEqual([]);
    // What was never had is not left.
    all.release("b");
    expect(all.sync()).toEqual(nothing);
  });

  it("is asked again for whoever comes later, on the next connection, and where there is room", () => {
    const all = new Subscriptions();
    for (const topic of ["a", "b", "c"]) {
      all.want(topic);
    }
    all.sync();
    all.asking("1", ["a", "b", "c"]);
    all.confirm("1", ["a"], "too_many_subscriptions");
    all.want("b");
    expect(all.sync()).toEqual({ add: ["b"], remove: [] });
    all.release("a");
    expect(all.sync()).toEqual({ add: ["c"], remove: ["a"] });
    all.asking("2", ["b", "c"]);
    all.confirm("2", [], "topic_forbidden");
    all.reset();
    expect(all.sync()).toEqual({ add: ["b", "c"], remove: [] });
  });

  it("does not bring back what is forbidden when there is room", () => {
    const all = new Subscriptions();
    all.want("a");
    all.want("b");
    all.sync();
    all.asking("1", ["a", "b"]);
    all.confirm("1", ["a"], "topic_forbidden");
    all.release("a");
    expect(all.sync()).toEqual({ add: [], remove: ["a"] });
  });

  it("may concern a topic that nobody wants any more", () => {
    const all = new Subscriptions();
    all.want("a");
    all.sync();
    all.asking("1", ["a"]);
    all.release("a");
    expect(all.confirm("1", [])).toEqual([]);
    expect(all.has("a")).toBe(false);
  });

  it("is asked for again where it may not have been heard", () => {
    const all = new Subscriptions();
    all.want("a");
    all.sync();
    all.asking("1", ["a"]);
    all.confirm("1", ["a"]);
    all.want("b");
    all.sync();
    all.asking("2", ["b"]);
    all.unanswered();
    expect(all.sync()).toEqual({ add: ["b"], remove: [] });
    all.unanswered();
    expect(all.sync()).toEqual(nothing);
  });

  it("is forgotten of what nobody wants", () => {
    const all = new Subscriptions();
    all.want("a");
    all.sync();
    all.asking("1", ["a"]);
    all.confirm("1", ["a"]);
    all.release("a");
    all.prune();
    all.want("a");
    expect(all.isLive("a")).toBe(false);
    all.prune();
    expect(all.has("a")).toBe(true);
  });
});

import { describe, expect, it } from "vitest";
import { RequestError, type SendResult } from "../src/index.js";
import { settled } from "./support/clock.js";
import { setup } from "./support/setup.js";

const topic = "thread:a";

describe("sending", () => {
  it("hands a frame to the network", async () => {
    const { client, open, server } = setup();
    await open();
    const result = await client.send("send_message", topic, { content: "Hello" });
    await settled();
    expect(result.ok).toBe(true);
    expect(server.received).toEqual([]);
    await open();
  });

  it("keeps what is sent while there is no connection, and paces it after", async () => {
    const { client, clock, open, server } = setup({ outbox: { frames: 100 } });
    const results: SendResult[] = [];
    for (let at = 0; at < 101; at += 1) {
      client.send("send_message", topic, { content: `${at}` }).then((result) => results.push(result));
    }
    await settled();
    expect(client.waiting).toBe(100);
    expect(results).toMatchObject([{ ok: false, reason: "queue_full" }]);
    await open();
    // Half of the server's burst at once, then as fast as the server takes them for long.
    expect(server.got("send_message")).toHaveLength(20);
    await clock.advance(1000);
    expect(server.got("send_message")).toHaveLength(40);
    await clock.advance(3000);
    expect(server.got("send_message").map(({ data }) => data.content)).toEqual(
      Array.from({ length: 100 }, (_, at) => `${at}`),
    );
    expect(results.slice(1).every(({ ok }) => ok)).toBe(true);
    expect(server.rateLimited).toBe(0);
  });

  it("stays within the rate where the network holds frames up", async () => {
    let latency = 0;
    const { client, clock, open, server } = setup();
    server.latencyMs = () => latency;
    await open();
    latency = 1000;
    for (let at = 0; at < 60; at += 1) {
      client.send("send_message", topic, { content: `${at}` });
    }
    await clock.advance(950);
    // What was sent in this second arrives together.
    latency = 50;
    await clock.advance(20_000);
    expect(server.got("send_message")).toHaveLength(60);
    expect(server.rateLimited).toBe(0);
  });

  it("gives up what has waited too long", async () => {
    const { client, clock, open, server } = setup({ outbox: { ageMs: 5000 } });
    const result = client.send("send_message", topic, { content: "old" });
    await clock.advance(4000);
    client.send("send_message", topic, { content: "new" });
    await clock.advance(1000);
    expect(await result).toMatchObject({ ok: false, reason: "expired" });
    await open();
    expect(server.got("send_message").map(({ data }) => data.content)).toEqual(["new"]);
  });

  it("sends nothing that does not follow the contract", async () => {
    const { client, open, server } = setup();
    const violations: unknown[] = [];
    client.onEvent("violation", (violation) => violations.push(violation));
    await open();
    const result = await client.send("send_message", topic, { content: "" });
    expect(result).toMatchObject({ ok: false, reason: "invalid", violations: [{ pointer: "/data/content" }] });
    expect(violations).toMatchObject([{ direction: "out", violations: [{ pointer: "/data/content" }] }]);
    expect(server.received).toEqual([]);
    await expect(client.request("send_message", topic, { content: "" })).rejects.toMatchObject({ failure: "invalid" });
  });

  it("never throws, whatever it is given", async () => {
    const { client, open, server } = setup();
    await open();
    const circle: { content: string; metadata?: unknown } = { content: "x" };
    circle.metadata = circle;
    for (const data of [circle, { content: 1n }, undefined, null]) {
      expect(await client.send("send_message", topic, data as never)).toMatchObject({ ok: false, reason: "invalid" });
      await expect(client.request("send_message", topic, data as never)).rejects.toMatchObject({ failure: "invalid" });
    }
    expect(server.received).toEqual([]);
  });

  it("waits while the browser has enough to send", async () => {
    const { client, clock, open, server } = setup();
    await open();
    server.socket.bufferedAmount = 100_000;
    client.send("send_message", topic, { content: "x" });
    await clock.advance(5000);
    expect([client.waiting, server.received]).toEqual([1, []]);
    server.socket.bufferedAmount = 0;
    await clock.advance(100);
    expect([client.waiting, server.received.length]).toEqual([0, 1]);
  });

  it("stops for a moment when the server has dropped frames, and asks again for the topics it may have missed", async () => {
    const { clock, open, server, follow } = setup();
    await open();
    server.mute.add("subscribe");
    const { seen } = follow(topic);
    await clock.advance(0);
    server.mute.clear();
    server.say(server.socket, "error", {
      code: "rate_limited",
      message: "too fast",
      timestamp: new Date(clock.now()).toISOString(),
    });
    await clock.advance(10_000);
    expect(server.got("subscribe")).toHaveLength(2);
    server.publish(topic);
    await clock.advance(0);
    expect(seen).toEqual(["subscription_updated", "1"].slice(1));
  });
});

describe("requests", () => {
  it("resolve with the reply", async () => {
    const { client, clock, open } = setup();
    await open();
    const reply = client.request("request_data", "dashboard", { data_type: "coordination_metrics" });
    await clock.advance(0);
    expect((await reply).data).toMatchObject({ data_type: "coordination_metrics" });
  });

  it("resolve with all frames of a sequence, which listeners get too", async () => {
    const { client, clock, open } = setup();
    await open();
    const seen: string[] = [];
    client.on("stream_chunk", ({ data }) => seen.push(data.delta));
    const reply = client.request("send_message", topic, { content: "?" }, { onFrame: ({ type }) => seen.push(type) });
    await clock.advance(0);
    expect((await reply).map(({ type }) => type)).toEqual([
      "thread_message_created",
      "stream_start",
      "stream_chunk",
      "stream_chunk",
      "stream_end",
    ]);
    expect(seen).toEqual([
      "thread_message_created",
      "stream_start",
      "stream_chunk",
      "a",
      "stream_chunk",
      "b",
      "stream_end",
    ]);
  });

  it("count their time from when they were sent", async () => {
    const { client, clock, open, server } = setup();
    server.mute.add("request_data");
    const failures: unknown[] = [];
    client
      .request("request_data", "dashboard", { data_type: "agent_status" }, { timeoutMs: 5000 })
      .catch((error: RequestError) => failures.push([error instanceof RequestError, error.failure]));
    await clock.advance(30_000);
    await open();
    await clock.advance(4999);
    expect(failures).toEqual([]);
    await clock.advance(1);
    expect(failures).toEqual([[true, "timeout"]]);
  });

  it("that wait to be sent survive a lost attempt; those that were sent and are answered to one client do not", async () => {
    const { client, clock, open, server } = setup({ backoff: { spreadMs: 0 } });
    server.network = "refused";
    const failures: string[] = [];
    const early = client.request("request_data", "dashboard", { data_type: "agent_status" });
    client.connect();
    await clock.advance(1000);
    server.network = "up";
    await clock.advance(2000);
    expect((await early).type).toBe("data_response");
    server.mute.add("request_data");
    client
      .request("request_data", "dashboard", { data_type: "agent_status" })
      .catch((error: RequestError) => failures.push(error.failure));
    await clock.advance(10);
    server.socket.break();
    await settled();
    expect(failures).toEqual(["lost"]);
    await open();
  });

  it("that bring several frames go on after a reconnect", async () => {
    const { client, clock, open, server } = setup();
    await open();
    server.mute.add("send_message");
    client.topic(topic).subscribe(() => {});
    await clock.advance(0);
    server.publish(topic);
    const reply = client.request("send_message", topic, { content: "?" }, { timeoutMs: 1000 });
    await clock.advance(10);
    const [message] = server.got("send_message");
    if (message === undefined) {
      throw new Error("nothing came");
    }
    server.answerMessage(message, 0, 3);
    await clock.advance(10);
    server.network = "refused";
    server.socket.break();
    server.answerMessage(message, 3);
    // Longer than the request waits for a frame: there is no connection on which it could come.
    await clock.advance(5000);
    server.network = "up";
    await clock.advance(10_000);
    expect((await reply).map(({ type }) => type)).toHaveLength(5);
  });

  it("fail where frames of their answer are lost", async () => {
    const { client, clock, open, server } = setup();
    await open();
    server.mute.add("send_message");
    const failures: string[] = [];
    client
      .request("send_message", topic, { content: "?" })
      .catch((error: RequestError) => failures.push(error.failure));
    await clock.advance(10);
    // Nobody knows from where on to ask for the answer's frames.
    server.socket.break();
    await settled();
    expect(failures).toEqual(["lost"]);
    await clock.advance(10_000);
    client.topic(topic).subscribe(() => {});
    await clock.advance(10);
    server.publish(topic);
    client
      .request("send_message", topic, { content: "?" })
      .catch((error: RequestError) => failures.push(error.failure));
    await clock.advance(10);
    server.socket.break();
    server.loseLog(topic);
    await clock.advance(10_000);
    expect(failures).toEqual(["lost", "lost"]);
  });

  it("are refused with the server's error, and leave no subscription behind", async () => {
    const { client, clock, open, server } = setup();
    server.forbidden.add("thread:secret");
    await open();
    const reply = client.request("subscribe_thread", "thread:secret", {});
    reply.catch(() => {});
    await clock.advance(0);
    await expect(reply).rejects.toMatchObject({ failure: "refused", frame: { data: { code: "topic_forbidden" } } });
    server.socket.break();
    await clock.advance(10_000);
    expect(server.got("subscribe")).toEqual([]);
  });

  it("that subscribe are subscribed to again after a reconnect, from where they were", async () => {
    const { client, clock, open, server } = setup();
    await open();
    server.publish(topic);
    const deltas: string[] = [];
    client.on("stream_chunk", ({ data }) => deltas.push(data.delta.split(":")[1] ?? ""));
    const reply = client.request("subscribe_thread", topic, {});
    await clock.advance(0);
    await reply;
    expect(server.got("subscribe")).toEqual([]);
    server.socket.break();
    server.publish(topic);
    await clock.advance(10_000);
    expect(server.got("subscribe")[0]?.data.after).toMatchObject({ [topic]: { seq: 1 } });
    expect(deltas).toEqual(["2"]);
    client.topic(topic).leave();
    await clock.advance(0);
    expect(server.got("unsubscribe")).toHaveLength(1);
    expect(client.position(topic)).toBeUndefined();
  });

  it("that were never answered subscribe to nothing", async () => {
    const { client, clock, open, server } = setup();
    await open();
    server.mute.add("subscribe_thread");
    const failures: string[] = [];
    client.request("subscribe_thread", topic, {}).catch((error: RequestError) => failures.push(error.failure));
    await clock.advance(10);
    server.socket.break();
    await clock.advance(10_000);
    expect([failures, server.got("subscribe")]).toEqual([["lost"], []]);
  });

  it("keep their topic until they are answered, though its last listener has gone", async () => {
    const { client, clock, open, server } = setup();
    await open();
    server.mute.add("send_message");
    const { unsubscribe } = client.topic(topic).subscribe(() => {});
    await clock.advance(0);
    const reply = client.request("send_message", topic, { content: "?" });
    await clock.advance(0);
    const [message] = server.got("send_message");
    if (message === undefined) {
      throw new Error("nothing came");
    }
    server.answerMessage(message, 0, 2);
    await clock.advance(0);
    unsubscribe();
    await clock.advance(0);
    expect(server.got("unsubscribe")).toEqual([]);
    server.answerMessage(message, 2);
    await clock.advance(0);
    expect(await reply).toHaveLength(5);
    await clock.advance(0);
    expect(server.got("unsubscribe")).toHaveLength(1);
  });

  it("can be given up, also before they are sent", async () => {
    const { client, clock, open, server } = setup();
    const control = new AbortController();
    const failures: string[] = [];
    const fail = (error: RequestError) => failures.push(error.failure);
    client.request("send_message", topic, { content: "?" }, { signal: AbortSignal.abort() }).catch(fail);
    client.request("send_message", topic, { content: "?" }, { signal: control.signal }).catch(fail);
    control.abort();
    await settled();
    expect([failures, client.waiting]).toEqual([["aborted", "aborted"], 0]);
    await open();
    const late = new AbortController();
    server.mute.add("send_message");
    client.request("send_message", topic, { content: "?" }, { signal: late.signal }).catch(fail);
    await clock.advance(0);
    late.abort();
    await settled();
    expect([failures.at(-1), server.received.length]).toEqual(["aborted", 1]);
  });

  it("end with the client", async () => {
    const { client, open, clock, server } = setup();
    await open();
    server.mute.add("ping");
    const failures: string[] = [];
    client.request("ping", "system", {}).catch((error: RequestError) => failures.push(error.failure));
    await clock.advance(0);
    client.close();
    await settled();
    client.request("ping", "system", {}).catch((error: RequestError) => failures.push(error.failure));
    await settled();
    expect(failures).toEqual(["closed", "closed"]);
  });

  it("are only for what is answered", async () => {
    const { client } = setup();
    // @ts-expect-error a pong is not answered
    await expect(client.request("pong", "system", { timestamp: "" })).rejects.toThrow("pong is not answered");
  });
});

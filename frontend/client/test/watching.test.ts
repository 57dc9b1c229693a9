import { describe, expect, it } from "vitest";
import type { ClientOptions } from "../src/index.js";
import { setup } from "./support/setup.js";

/** A page that says what pages say. */
function page(options: Partial<ClientOptions> = {}) {
  const window = Object.assign(new EventTarget(), { navigator: { onLine: true } });
  const document = Object.assign(new EventTarget(), { visibilityState: "visible" });
  const made = setup({ hints: { window, document }, ...options });
  return {
    ...made,
    window,
    document,
    says(type: string, persisted?: boolean) {
      const event = Object.assign(new Event(type), persisted === undefined ? {} : { persisted });
      (type === "visibilitychange" || type === "resume" ? document : window).dispatchEvent(event);
    },
  };
}

describe("the watchdog", () => {
  it("asks after two intervals without a frame, and is content with an answer", async () => {
    const { clock, open, server, states } = setup();
    await open();
    server.ping();
    await clock.advance(59_999);
    expect(server.got("ping")).toEqual([]);
    await clock.advance(1);
    expect(server.got("ping")).toHaveLength(1);
    expect(states.slice(-2)).toMatchObject([
      { status: "open", probing: true },
      { status: "open", probing: false },
    ]);
    await clock.advance(60_000);
    expect(server.got("ping")).toHaveLength(2);
    expect(server.sockets).toHaveLength(1);
  });

  it("goes by the interval that the server tells", async () => {
    const { clock, open, server } = setup();
    server.pingMs = 1000;
    await open();
    await clock.advance(2000);
    expect(server.got("ping")).toHaveLength(1);
  });

  it("answers pings with the last frame seen", async () => {
    const { clock, open, server } = setup();
    await open();
    server.ping();
    await clock.advance(0);
    expect(server.got("pong")[0]?.data.last_id).toMatch(/^0000/);
  });

  it("replaces a connection that is half open, at once", async () => {
    const { client, clock, open, server, states } = setup();
    await open();
    server.socket.isSilent = true;
    await clock.advance(64_999);
    expect(client.state).toMatchObject({ status: "open", probing: true });
    await clock.advance(1);
    expect(client.state).toMatchObject({ status: "open", probing: false });
    expect(server.sockets.map(({ closedWith }) => closedWith)).toEqual([4006, undefined]);
    expect(states.find(({ status }) => status === "waiting")).toMatchObject({
      closing: { code: 1006, reason: "no answer", planned: true },
    });
  });

  it("can be shown that by hand", async () => {
    const { client, clock, open, server } = setup();
    await open();
    client.simulate.silence(true);
    server.ping();
    await clock.advance(65_000);
    expect(client.state.status).toBe("connecting");
    await clock.advance(30_000);
    expect(client.state.status).not.toBe("open");
    client.simulate.silence(false);
    await clock.advance(30_000);
    expect(client.state.status).toBe("open");
    client.simulate.cut();
    expect(client.state.status).toBe("waiting");
  });

  it("notices within seconds that the machine slept, and asks at once", async () => {
    const { client, clock, open, server } = setup();
    await open();
    await clock.advance(7000);
    clock.jump(3_600_000);
    await clock.advance(5000);
    expect(server.got("ping")).toHaveLength(1);
    expect(client.state).toMatchObject({ status: "open", probing: false });
    server.socket.isSilent = true;
    clock.jump(3_600_000);
    await clock.advance(5000);
    expect(client.state).toMatchObject({ status: "open", probing: true });
    await clock.advance(5000);
    expect(server.sockets).toHaveLength(2);
    expect(client.state).toMatchObject({ status: "open", probing: false });
  });

  it("is not misled by a clock that was set back, or forward", async () => {
    for (const hours of [-5, 5]) {
      const { client, clock, open, server } = setup();
      await open();
      clock.jump(hours * 3_600_000);
      for (let at = 0; at < 10; at += 1) {
        await clock.advance(30_000);
        server.ping();
      }
      expect(server.sockets).toHaveLength(1);
      expect(client.state.status).toBe("open");
      server.socket.isSilent = true;
      await clock.advance(65_000);
      expect(server.sockets).toHaveLength(2);
      client.send("send_message", "thread:a", { content: "x" });
      await clock.advance(0);
      expect(server.got("send_message")).toHaveLength(1);
      client.close();
    }
  });

  it("makes no attempt wait through sleep", async () => {
    const { client, clock, open, server } = setup();
    await open();
    server.network = "refused";
    server.socket.break();
    await clock.advance(120_000);
    expect(client.state.status).toBe("waiting");
    server.network = "up";
    clock.jump(3_600_000);
    await clock.advance(5000);
    expect(client.state.status).toBe("open");
    server.network = "silent";
    server.socket.break();
    client.retryNow();
    expect(client.state.status).toBe("connecting");
    server.network = "up";
    clock.jump(3_600_000);
    await clock.advance(5000);
    expect(client.state.status).toBe("open");
  });
});

describe("what the page says", () => {
  it("is a reason to look after the connection", async () => {
    const { clock, document, open, says, server } = page();
    await open();
    for (const [at, type] of ["online", "offline", "resume", "visibilitychange"].entries()) {
      await clock.advance(1000);
      says(type);
      await clock.advance(0);
      expect(server.got("ping")).toHaveLength(at + 1);
    }
    document.visibilityState = "hidden";
    says("visibilitychange");
    says("pageshow", false);
    await clock.advance(0);
    expect(server.got("ping")).toHaveLength(4);
    says("pageshow", true);
    await clock.advance(0);
    expect(server.got("ping")).toHaveLength(5);
  });

  it("makes attempts wait for the network, though not for ever", async () => {
    const { client, clock, open, says, server } = page();
    await open();
    server.network = "refused";
    server.socket.break();
    says("offline");
    const { sockets } = server;
    expect(client.state).toMatchObject({ status: "waiting", offline: true, retryAt: clock.now() + 60_000 });
    await clock.advance(59_999);
    expect(sockets).toHaveLength(1);
    await clock.advance(1);
    expect(sockets).toHaveLength(2);
    expect(client.state).toMatchObject({ status: "waiting", offline: true });
    server.network = "up";
    says("visibilitychange");
    await clock.advance(10);
    expect(sockets).toHaveLength(2);
    says("online");
    await clock.advance(0);
    expect(client.state.status).toBe("open");
  });

  it("is asked for when the client connects", async () => {
    const { client, clock, server, window } = page();
    window.navigator.onLine = false;
    server.network = "refused";
    client.connect();
    await clock.advance(0);
    expect(client.state).toMatchObject({ status: "waiting", offline: true });
  });

  it("closes the connection before the page goes into the cache, and opens it when it comes out", async () => {
    const { client, clock, open, says, server } = page();
    await open();
    says("pagehide", false);
    await clock.advance(0);
    expect(client.state.status).toBe("open");
    says("pagehide", true);
    expect(client.state).toMatchObject({ status: "waiting", closing: { planned: true } });
    await clock.advance(30_000);
    expect(server.sockets.map(({ isOpen }) => isOpen)).toEqual([false]);
    says("pageshow", true);
    await clock.advance(0);
    expect(client.state.status).toBe("open");
    // An attempt that is under way is given up too.
    server.network = "silent";
    server.socket.break();
    client.retryNow();
    expect(client.state.status).toBe("connecting");
    says("pagehide", true);
    expect(client.state.status).toBe("waiting");
  });

  it("is not listened to after close()", async () => {
    const { client, clock, open, says, server } = page();
    await open();
    client.close();
    for (const type of ["online", "visibilitychange", "resume"]) {
      says(type);
    }
    await clock.advance(1000);
    expect([server.sockets.length, client.state.status, clock.timers]).toEqual([1, "stopped", 0]);
  });
});

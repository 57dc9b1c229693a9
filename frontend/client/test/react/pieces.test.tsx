// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen, within } from "@testing-library/react";
import { StrictMode } from "react";
import { renderToString } from "react-dom/server";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type BannerView,
  ClientProvider,
  ConnectionBadge,
  ConnectionBanner,
  ConnectionToasts,
  StaleData,
} from "../../src/react/index.js";
import { World } from "./support.js";

let world: World;

beforeEach(() => {
  world = new World();
});
afterEach(() => {
  cleanup();
  world.client.close();
});

function page() {
  return (
    <StrictMode>
      <ClientProvider client={world.client}>
        <ConnectionBadge />
        <ConnectionBanner />
        <StaleData>
          <p>12 agents</p>
        </StaleData>
        <ConnectionToasts />
      </ClientProvider>
    </StrictMode>
  );
}

const badge = () => document.querySelector(".tw-badge");
const banner = () => screen.getByRole("status");

describe("the pieces", () => {
  it("follow an interruption from its first second to its end", async () => {
    render(page());
    await world.open();
    expect(badge()?.textContent).toBe("Live");
    expect(badge()?.getAttribute("data-colour")).toBe("green");

    await world.run(() => world.socket.end(1006));
    expect(badge()?.textContent).toBe("Reconnecting");
    expect(badge()?.getAttribute("data-colour")).toBe("amber");
    // The first attempt, after 2 s, comes to nothing; the next is 3 s later.
    await world.pass(2000);
    await world.run(() => world.socket.end(1006));
    await world.pass(2900);
    expect(banner().textContent).toBe("");
    expect(screen.queryByText(/old$/)).toBeNull();
    await world.pass(100);
    await world.run(() => world.socket.end(1006));
    expect(banner().textContent).toBe("Live updates paused, reconnecting in 5 s");
    expect(screen.getByText("Not live: 5 s old")).toBeTruthy();
    await world.pass(1000);
    expect(banner().textContent).toBe("Live updates paused, reconnecting in 4 s");
    expect(screen.getByText("12 agents").closest("[data-stale]")?.getAttribute("data-stale")).toBe("true");

    const before = world.sockets.length;
    await world.run(() => fireEvent.click(screen.getByRole("button", { name: "Retry now" })));
    expect(world.sockets).toHaveLength(before + 1);
    expect(banner().textContent).toBe("Live updates paused, reconnecting now");
    await world.run(() => world.socket.establish());
    expect(banner().textContent).toBe("Live updates are back.");
    expect(screen.queryByRole("button", { name: "Retry now" })).toBeNull();
    expect(screen.getByText("12 agents").closest("[data-stale]")?.getAttribute("data-stale")).toBe("false");
    await world.pass(4000);
    expect(banner().textContent).toBe("");
  });

  it("read out what happens once, and not each second of the countdown", async () => {
    render(page());
    await world.open();
    await world.run(() => world.socket.end(1006));
    for (let failed = 0; failed < 3; failed += 1) {
      await world.pass(2000 * 1.5 ** failed);
      await world.run(() => world.socket.end(1006));
    }
    const heard = () => {
      const copy = banner().cloneNode(true) as HTMLElement;
      for (const hidden of copy.querySelectorAll("[aria-hidden=true]")) {
        hidden.remove();
      }
      return copy.textContent;
    };
    const first = heard();
    expect(first).toBe("Live updates paused, reconnecting");
    await world.pass(3000);
    expect(heard()).toBe(first);
  });

  it("say what to do where there is no network", async () => {
    render(page());
    await world.open();
    await world.run(() => world.window.dispatchEvent(new Event("offline")));
    await world.run(() => world.socket.end(1006));
    expect(badge()?.textContent).toBe("Offline");
    await world.pass(2000);
    await world.run(() => world.socket.end(1006));
    await world.pass(3000);
    await world.run(() => world.socket.end(1006));
    expect(banner().textContent).toBe("You are offline. Live updates go on when there is a network again.");
    await world.run(() => world.window.dispatchEvent(new Event("online")));
    await world.run(() => world.socket.establish());
    expect(banner().textContent).toBe("Live updates are back.");
  });

  it.each([
    [1002, "Contract violation (1002)"],
    [4401, "Unauthorized (4401)"],
  ])("raise an alarm for %i, and connect again when they are told to", async (code, title) => {
    render(page());
    await world.open();
    await world.run(() => world.socket.end(code));
    expect(badge()?.getAttribute("data-colour")).toBe("red");
    expect(within(screen.getByRole("alert")).getByText(title)).toBeTruthy();
    expect(banner().textContent).toMatch(/^Live updates have stopped\. .* Connect again, or reload the page\.$/);
    await world.run(() => fireEvent.click(screen.getByRole("button", { name: "Connect again" })));
    await world.run(() => world.socket.establish());
    expect(screen.queryByRole("alert")).toBeNull();
    expect(badge()?.textContent).toBe("Live");
  });

  it("let the application do something better than try again", async () => {
    const views: string[] = [];
    const onAction = (view: BannerView): boolean => views.push(view.kind) === 1;
    render(<ConnectionBanner client={world.client} onAction={onAction} />);
    await world.open();
    await world.run(() => world.socket.end(1002));
    const button = screen.getByRole("button", { name: "Connect again" });
    await world.run(() => fireEvent.click(button));
    expect(views).toEqual(["stopped"]);
    expect(world.sockets).toHaveLength(1);
    await world.run(() => fireEvent.click(button));
    expect(world.sockets).toHaveLength(2);
  });

  it("mention 4408 politely, and let go of it", async () => {
    render(page());
    await world.open();
    await world.run(() => world.socket.end(4408));
    expect(screen.queryByRole("alert")).toBeNull();
    const toast = screen.getByText("Pong timeout (4408)").closest(".tw-toast");
    expect(toast?.getAttribute("data-tone")).toBe("amber");
    expect(toast?.parentElement?.getAttribute("aria-live")).toBe("polite");
    await world.run(() => fireEvent.click(screen.getByRole("button", { name: "Dismiss: Pong timeout (4408)" })));
    expect(screen.queryByText("Pong timeout (4408)")).toBeNull();
  });

  it("keep a toast as long as somebody reads it", async () => {
    render(page());
    await world.open();
    await world.run(() => world.socket.end(4408));
    await world.run(() => screen.getByRole("button", { name: /^Dismiss/ }).focus());
    await world.pass(60_000);
    expect(screen.getByText("Pong timeout (4408)")).toBeTruthy();
    await world.run(() => (document.activeElement as HTMLElement).blur());
    await world.pass(4000);
    expect(screen.queryByText("Pong timeout (4408)")).toBeNull();
  });

  it("do not alarm for a restart that was announced", async () => {
    render(page());
    await world.open();
    await world.run(() =>
      world.socket.frame("disconnect_notice", "system", { reason: "shutdown", reconnect_after_ms: 2500 }),
    );
    await world.run(() => world.socket.end(1001));
    expect(badge()?.getAttribute("data-colour")).toBe("amber");
    expect(document.querySelectorAll(".tw-toast")).toHaveLength(0);
    await world.pass(2500);
    await world.run(() => world.socket.establish());
    expect(banner().textContent).toBe("");
    expect(badge()?.textContent).toBe("Live");
  });

  it("leave no timer behind", async () => {
    const { unmount } = render(page());
    await world.open();
    await world.run(() => world.socket.end(4408));
    const own = world.clock.timers;
    unmount();
    expect(world.clock.timers).toBeLessThan(own);
    await world.run(() => world.client.close());
    expect(world.clock.timers).toBe(0);
  });

  it("are rendered on a server, where nothing is connected", () => {
    const text = renderToString(page());
    expect(text).toContain("Not connected");
    expect(text).toContain('role="status"');
    expect(world.clock.timers).toBe(0);
  });
});

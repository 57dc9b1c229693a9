// @vitest-environment happy-dom

import { cleanup, fireEvent, render, screen, within } from "@testing-library/react";
import { ClientProvider } from "@tightwire/client/react";
import { StrictMode } from "react";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { World } from "../../client/test/react/support.js";
import { AgentsView } from "../src/agents/agents-view.js";
import { ChatView } from "../src/chat/chat-view.js";
import { DashboardView } from "../src/dashboard/dashboard-view.js";
import { OverviewProvider } from "../src/dashboard/use-overview.js";
import { Header } from "../src/shell/header.js";
import { agent, HEALTH, id, METRICS, message } from "./support.js";

let world: World;
/** Where the thread is in its log. */
let seq: number;

beforeEach(() => {
  world = new World();
  seq = 0;
});
afterEach(() => {
  cleanup();
  world.client.close();
});

const TOPIC = "thread:welcome";

async function show(view: React.ReactNode): Promise<void> {
  render(
    <StrictMode>
      <ClientProvider client={world.client}>
        <OverviewProvider>
          <Header />
          <main>{view}</main>
        </OverviewProvider>
      </ClientProvider>
    </StrictMode>,
  );
  await world.open();
  await world.pass(0);
}

/** The last frame of a type that the page has sent. */
function sent(type: string) {
  const frame = world.socket.sent.filter((frame) => frame.type === type).at(-1);
  if (frame === undefined) {
    throw new Error(`no ${type} was sent`);
  }
  return frame;
}

/** The server publishes a frame. */
async function publish(type: string, topic: string, data: object, correlation: string = id()): Promise<void> {
  seq += 1;
  await world.run(() => world.socket.frame(type, topic, data, { seq, epoch: "a", correlation_id: correlation }));
}

async function history(...messages: object[]): Promise<void> {
  const { id: correlation_id } = sent("subscribe_thread");
  const data = { thread_id: "welcome", messages, epoch: "a", seq };
  await world.run(() => world.socket.frame("thread_history", TOPIC, data, { correlation_id }));
}

async function write(text: string): Promise<void> {
  const field = screen.getByRole("textbox", { name: "Message to welcome" });
  await world.run(() => fireEvent.change(field, { target: { value: text } }));
  await world.run(() => fireEvent.keyDown(field, { key: "Enter" }));
}

const rows = () =>
  within(screen.getByRole("region", { name: "Messages" }))
    .getAllByRole("listitem")
    .map((row) => row.querySelector(".message-text")?.textContent);

describe("the chat", () => {
  it("shows the history, what is sent, and the answer as it is written", async () => {
    await show(<ChatView thread="welcome" />);
    await history(message("Hello"));
    expect(screen.getByRole("heading", { level: 1 }).textContent).toBe("Thread welcome");
    await write("What does 4408 mean?");
    expect(rows()).toEqual(["Hello", "What does 4408 mean?"]);
    expect(screen.getByText("sending")).toBeTruthy();

    const { id: request, data } = sent("send_message");
    const { metadata } = data as { readonly metadata: { readonly [key: string]: string } };
    await publish("thread_message_created", TOPIC, { message: message("What does 4408 mean?", { metadata }) }, request);
    expect(screen.queryByText("sending")).toBeNull();
    expect(screen.getByText("You")).toBeTruthy();

    const stream_id = id();
    await publish("stream_start", TOPIC, { stream_id, agent_id: "guide", in_reply_to: id() }, request);
    await publish("stream_chunk", TOPIC, { stream_id, index: 0, delta: "No pong " }, request);
    expect(document.querySelectorAll(".caret")).toHaveLength(1);
    await publish("stream_chunk", TOPIC, { stream_id, index: 1, delta: "in time." }, request);
    await publish("stream_end", TOPIC, { stream_id, finish_reason: "stop", chunks: 2, message_id: id() }, request);
    expect(rows()).toEqual(["Hello", "What does 4408 mean?", "No pong in time."]);
    expect(document.querySelectorAll(".caret")).toHaveLength(0);
    const heard = screen.getByText("guide answered: No pong in time.");
    expect(heard.closest("[aria-live]")?.getAttribute("aria-live")).toBe("polite");
    await world.pass(5000);
    expect(screen.queryByText("guide answered: No pong in time.")).toBeNull();
  });

  it("says when a message is not confirmed, and sends it again", async () => {
    await show(<ChatView thread="welcome" />);
    await history();
    await write("Are you there?");
    const first = sent("send_message").id;
    await world.pass(9999);
    expect(screen.queryByText(/^Not confirmed/)).toBeNull();
    await world.pass(1);
    expect(screen.getByText(/^Not confirmed/)).toBeTruthy();
    await world.run(() => fireEvent.click(screen.getByRole("button", { name: "Send again" })));
    expect(sent("send_message").id).not.toBe(first);
    expect(rows()).toEqual(["Are you there?"]);
    expect(screen.queryByText(/^Not confirmed/)).toBeNull();
  });

  it("keeps what is written while there is no connection, and sends it once there is", async () => {
    await show(<ChatView thread="welcome" />);
    await history();
    await world.run(() => world.socket.end(1006));
    await write("Later");
    expect(screen.getByText("waits for a connection")).toBeTruthy();
    await world.pass(2000);
    await world.run(() => world.socket.establish());
    await world.pass(0);
    expect(sent("send_message").data).toMatchObject({ content: "Later" });
    expect(sent("subscribe").data).toMatchObject({ after: { [TOPIC]: { epoch: "a", seq: 0 } } });
  });

  it("loads the history again when frames were lost", async () => {
    await show(<ChatView thread="welcome" />);
    await history();
    const [one, seven] = [message("one"), message("seven")];
    await publish("thread_message_created", TOPIC, { message: one });
    const before = sent("subscribe_thread").id;
    seq += 5;
    await publish("thread_message_created", TOPIC, { message: seven });
    expect(screen.getByText("Some messages were missed. Loading them…")).toBeTruthy();
    expect(sent("subscribe_thread").id).not.toBe(before);
    await history(one, message("two"), seven);
    expect(rows()).toEqual(["one", "two", "seven"]);
  });

  it("says that the history cannot be loaded, and tries again when told to", async () => {
    await show(<ChatView thread="welcome" />);
    await world.pass(10_000);
    const again = screen.getByRole("button", { name: "Load them again" });
    await world.run(() => fireEvent.click(again));
    await history(message("Hello"));
    expect(rows()).toEqual(["Hello"]);
  });

  it("does not send what is too long, or empty", async () => {
    await show(<ChatView thread="welcome" />);
    await history();
    await write("   ");
    await write("x".repeat(16_001));
    expect(screen.getByText("1 characters too long")).toBeTruthy();
    expect(world.socket.sent.filter(({ type }) => type === "send_message")).toEqual([]);
  });

  it("opens a thread by its name, and says which names there are", async () => {
    await show(<ChatView thread="welcome" />);
    const field = screen.getByRole("textbox", { name: "Open a thread" });
    const open = screen.getByRole("button", { name: "Open" });
    await world.run(() => fireEvent.change(field, { target: { value: "not a name" } }));
    await world.run(() => fireEvent.click(open));
    expect(screen.getByRole("alert").textContent).toMatch(/^A name has 1 to 128/);
    await world.run(() => fireEvent.change(field, { target: { value: "plans-2026" } }));
    await world.run(() => fireEvent.click(open));
    expect(window.location.hash).toBe("#/chat/plans-2026");
  });
});

describe("agents and dashboard", () => {
  const snapshot = { agents: [agent({ completed: 12 })], coordination_metrics: METRICS, system_health: HEALTH };
  const initialize = () =>
    world.run(() => world.socket.frame("dashboard_initialized", "dashboard", { contract_version: "1.0.0", snapshot }));

  it("show each agent with what happens to it", async () => {
    await show(<AgentsView />);
    await initialize();
    await world.pass(0);
    expect(world.socket.sent.some(({ data }) => JSON.stringify(data).includes("agent:guide"))).toBe(true);
    const card = within(screen.getByRole("article", { name: "Guide" }));
    expect(card.getByText("Idle")).toBeTruthy();
    expect(card.getByText("12")).toBeTruthy();
    await publish("agent_event", "agent:guide", {
      agent_id: "guide",
      event: "task_started",
      status: "busy",
      details: { thread_id: "welcome" },
    });
    expect(card.getByText(/^Began an answer/).textContent).toBe("Began an answer in welcome");
    await publish("agent_update", "dashboard", { agent: agent({ status: "busy", active_streams: 1 }) });
    expect(card.getByText("Busy")).toBeTruthy();
  });

  it("ask for the data sets, follow updates, and count alerts", async () => {
    await show(<DashboardView />);
    await initialize();
    const asked = world.socket.sent.filter(({ type }) => type === "request_data").map(({ data }) => data);
    expect(asked).toEqual(
      expect.arrayContaining(
        ["agent_status", "coordination_metrics", "system_health"].map((data_type) => ({ data_type })),
      ),
    );
    expect(screen.getByText(/^50\.0 %/)).toBeTruthy();
    await publish("system_update", "dashboard", {
      system_health: { overall_status: "unhealthy", components: [] },
      coordination_metrics: { success_rate: 1, trend: "rising" },
    });
    expect(screen.getByText("Unhealthy")).toBeTruthy();
    expect(screen.getByText(/^100 %/)).toBeTruthy();
    expect(screen.getByText(/rising/)).toBeTruthy();
    await publish("critical_alert", "dashboard", {
      alert_id: id(),
      severity: "critical",
      source: "agent:guide",
      message: "The responder failed 3 times in a row.",
      raised_at: "2026-01-01T00:00:00Z",
    });
    expect(screen.getByText("The responder failed 3 times in a row.")).toBeTruthy();
    expect(screen.getByRole("link", { name: /Dashboard\s*1 alert/ })).toBeTruthy();
  });

  it("do not ask for what the token does not allow", async () => {
    await show(<DashboardView />);
    const { id: correlation_id } = sent("subscribe");
    const timestamp = "2026-01-01T00:00:00Z";
    const error = { code: "topic_forbidden", message: "refused", timestamp, topics: ["dashboard"] };
    await world.run(() => world.socket.frame("error", "system", error, { correlation_id }));
    await world.run(() => world.socket.frame("subscription_updated", "system", { topics: [] }, { correlation_id }));
    expect(screen.getByText("Your token does not allow the dashboard.")).toBeTruthy();
    const before = world.socket.sent.length;
    await world.pass(60_000);
    expect(world.socket.sent.slice(before).map(({ type }) => type)).not.toContain("request_data");
  });

  it("grey what is not kept up to date, with its age", async () => {
    await show(<DashboardView />);
    await initialize();
    await world.run(() => world.socket.end(1006));
    await world.pass(4999);
    expect(document.querySelectorAll('[data-stale="true"]')).toHaveLength(0);
    await world.pass(1);
    expect(document.querySelectorAll('[data-stale="true"]').length).toBeGreaterThan(2);
    expect(screen.getAllByText("Not live: 5 s old").length).toBeGreaterThan(2);
  });
});

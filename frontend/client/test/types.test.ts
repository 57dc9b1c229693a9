import { expect, it } from "vitest";
import { protocol, topic } from "../../chat/src/index.js";
import { createClient } from "../src/index.js";

it("types", async () => {
  const client = createClient(protocol, { url: "ws://127.0.0.1:1/ws" });
  const off = client.on("stream_chunk", (frame) => {
    const delta: string = frame.data.delta;
    expect(delta).toBeDefined();
  });
  client.topic(topic.thread("welcome")).subscribe((frame) => {
    switch (frame.type) {
      case "stream_chunk":
        return frame.data.delta;
      default:
        return frame.type;
    }
  });
  // @ts-expect-error there is no such message
  client.send("nothing", "system", {}).catch(() => {});
  const run = async () => {
    const history = await client.request("subscribe_thread", topic.thread("a"), {});
    history.data.messages.length;
    const [created, start] = await client.request("send_message", topic.thread("a"), { content: "x" });
    return [created.data.message, start.data.stream_id, history.data.seq];
  };
  expect(run).toBeDefined();
  off();
  expect(client.state.status).toBe("idle");
});

// Talks to the example's server as any client would: npm `ws`, and what Kraken's document says.
//
//     node examples/kraken/client.mjs ws://127.0.0.1:8081/
//
// Exit codes: 0 everything as the document says · 1 a departure, named · 2 wrong arguments.

import assert from "node:assert/strict";
import { once } from "node:events";
import process from "node:process";
import WebSocket from "ws";

const [url] = process.argv.slice(2);
if (url === undefined) {
  console.error("usage: node examples/kraken/client.mjs ws://HOST:PORT/");
  process.exit(2);
}

const PATIENCE = 10_000;
const socket = new WebSocket(url, { handshakeTimeout: PATIENCE });
const arrived = [];
socket.on("message", (text) => arrived.push(JSON.parse(String(text))));
await once(socket, "open", { signal: AbortSignal.timeout(PATIENCE) });

/** The next frame of the server. */
async function next() {
  while (arrived.length === 0) {
    await once(socket, "message", { signal: AbortSignal.timeout(PATIENCE) });
  }
  return arrived.shift();
}

/** Sends a frame and gives the answer. */
async function ask(frame) {
  socket.send(typeof frame === "string" ? frame : JSON.stringify(frame));
  return await next();
}

assert.deepEqual(await next(), { event: "systemStatus", status: "online", version: "1.8.0" });
assert.deepEqual(await ask({ event: "ping", reqid: 42 }), { event: "pong", reqid: 42 });
assert.deepEqual(await ask({ event: "ping" }), { event: "pong" });

const pair = ["XBT/USD", "XBT/EUR"];
const subscribed = await ask({ event: "subscribe", reqid: 7, pair, subscription: { name: "ticker" } });
const { channelID, ...rest } = subscribed;
assert.ok(Number.isInteger(channelID), "a subscription has a channel");
assert.deepEqual(rest, { event: "subscriptionStatus", channelName: "ticker", reqid: 7, pair, status: "online" });

const refused = await ask({ event: "subscribe", subscription: { name: "ownTrades" } });
assert.deepEqual(refused, { event: "subscriptionStatus", errorMessage: "Private data is on another endpoint" });
const absent = await ask({ event: "unsubscribe", reqid: 8, pair, subscription: { name: "book", depth: 25 } });
assert.deepEqual(absent, { event: "subscriptionStatus", errorMessage: "Subscription not found", reqid: 8, pair });

// A depth that the document does not allow: the close names the place.
socket.send(JSON.stringify({ event: "subscribe", subscription: { name: "book", depth: 11 } }));
const [code, reason] = await once(socket, "close", { signal: AbortSignal.timeout(PATIENCE) });
assert.equal(code, 1002);
assert.match(String(reason), /\/subscription\/depth/);
assert.deepEqual(arrived, []);
console.log(`${url}: 6 answers and a refusal, as the document says`);

// A client of the protocol for `conversations.mjs`: sends frames, waits for frames, keeps the transcript.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import WebSocket from "ws";

/** How long to wait for a frame or a close, in milliseconds. */
const PATIENCE = 10_000;

/** The longest line of the transcript. */
const LINE = 160;

export class Peer {
  #socket;
  #validate;
  #log;
  #waiting = [];
  #arrived = [];
  #ended;

  /** Opens a connection. `validate(frame)` gives the reasons why a frame of the server is wrong. */
  static connect(url, validate, log) {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(url, { handshakeTimeout: PATIENCE });
      const peer = new Peer(socket, validate, log);
      socket.once("open", () => resolve(peer));
      socket.once("error", (error) => reject(new Error(`${url}: cannot connect: ${error.message}`)));
    });
  }

  constructor(socket, validate, log) {
    this.#socket = socket;
    this.#validate = validate;
    this.#log = log;
    socket.on("message", (text, isBinary) => this.#receive(isBinary ? undefined : String(text)));
    socket.on("close", (code) => {
      log(`  × closed with ${code}`);
      this.#ended = code;
      this.#wake();
    });
    socket.on("error", (error) => log(`  ! ${error.message}`));
  }

  /** Sends a frame and returns it. */
  send(type, topic, data) {
    const frame = { v: 1, id: randomUUID(), type, topic, ts: Date.now(), data };
    this.sendText(JSON.stringify(frame));
    return frame;
  }

  /** Sends a text as it is. */
  sendText(text) {
    this.#log(`  → ${shorten(text)}`);
    this.#socket.send(text);
  }

  /**
   * The next frame, which must be of this type. `answers`: the frame whose `id` is its `correlation_id`; `topic`: its
   * topic; `after`: the frame that comes before it in the topic's log. Heartbeats of the server are answered aside.
   */
  async expect(types, { answers, topic, after } = {}) {
    const expected = [types].flat();
    const frame = await this.#next(`waiting for ${expected.join(" or ")}`);
    const reasons = this.#validate(frame);
    assert.deepEqual(reasons, [], `${frame.type} does not follow the contract: ${JSON.stringify(frame)}`);
    assert.ok(expected.includes(frame.type), `expected ${expected.join(" or ")}, got ${JSON.stringify(frame)}`);
    if (answers !== undefined) {
      assert.equal(frame.correlation_id, answers.id, `${frame.type} carries the id of the frame that it answers`);
    }
    if (topic !== undefined) {
      assert.equal(frame.topic, topic);
    }
    if (after !== undefined) {
      assert.equal(frame.seq, after.seq + 1, `${frame.type} continues the topic's log without a gap`);
      assert.equal(frame.epoch, after.epoch);
    }
    return frame;
  }

  /** The code that the server closes with; any frame before that is a departure. */
  async closed() {
    if (this.#ended === undefined) {
      await this.#wait("waiting for the server to close");
    }
    assert.deepEqual(this.#arrived, [], "no frame comes after the error");
    return this.#ended;
  }

  /** Says goodbye. Whatever has arrived and was not expected is a departure. */
  async close() {
    assert.deepEqual(this.#arrived, [], "nothing arrives that was not asked for");
    this.#socket.close(1000);
    if (this.#ended === undefined) {
      await this.#wait("waiting for the close to be answered");
    }
    assert.equal(this.#ended, 1000);
  }

  #receive(text) {
    this.#log(`  ← ${shorten(text ?? "(binary)")}`);
    let frame;
    try {
      frame = JSON.parse(text);
    } catch {
      frame = { type: "(not JSON)", text };
    }
    if (frame.type === "ping") {
      this.send("pong", "system", { timestamp: frame.data.timestamp, last_id: frame.id });
      return;
    }
    this.#arrived.push(frame);
    this.#wake();
  }

  async #next(what) {
    if (this.#arrived.length === 0) {
      assert.equal(this.#ended, undefined, `${what}: the connection is closed`);
      await this.#wait(what);
      assert.ok(this.#arrived.length > 0, `${what}: the server closed with ${this.#ended}`);
    }
    return this.#arrived.shift();
  }

  #wait(what) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${what}: nothing within ${PATIENCE} ms`)), PATIENCE);
      this.#waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #wake() {
    for (const resolve of this.#waiting.splice(0)) {
      resolve();
    }
  }
}

/** A frame as a line of the transcript: type, topic, position and payload. Other texts as they are. */
function shorten(text) {
  let line = text;
  try {
    const { type, topic, seq, data } = JSON.parse(text);
    line = [type, topic, seq === undefined ? "" : `#${seq}`, JSON.stringify(data)].filter(Boolean).join(" ");
  } catch {
    // Not JSON: that is what one of the conversations is about.
  }
  return line.length <= LINE ? line : `${line.slice(0, LINE)}… (${text.length} characters in all)`;
}

// A console for trying the protocol by hand: joins a thread, shows messages and every frame.
"use strict";

const thread = new URLSearchParams(location.search).get("thread") ?? "welcome";
const topic = `thread:${thread}`;
const element = (id) => document.getElementById(id);
const shown = new Map(); // message or stream id -> its text node
let socket;

element("thread-name").textContent = thread;

function uuid() {
  // crypto.randomUUID needs a secure context; plain http on another host is none.
  if (crypto.randomUUID) return crypto.randomUUID();
  const hex = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte, at) => {
    const value = at === 6 ? (byte & 15) | 64 : at === 8 ? (byte & 63) | 128 : byte;
    return value.toString(16).padStart(2, "0");
  }).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function row(list, className, text) {
  const item = document.createElement("li");
  item.className = className;
  item.textContent = text;
  const wasAtEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 40;
  list.append(item);
  while (list.children.length > 500) list.firstChild.remove();
  if (wasAtEnd) list.scrollTop = list.scrollHeight;
  return item;
}

function message(id, who, isAgent, text) {
  if (shown.has(id)) return;
  const item = row(element("messages"), isAgent ? "agent" : "user", "");
  const name = document.createElement("span");
  name.className = "who";
  name.textContent = who;
  const body = document.createTextNode(text);
  item.append(name, body);
  shown.set(id, body);
}

function transmit(text) {
  row(element("frames"), "out", `→ ${text}`);
  socket.send(text);
}

function send(type, frameTopic, data) {
  transmit(JSON.stringify({ v: 1, id: uuid(), type, topic: frameTopic, ts: Date.now(), data }));
}

const receive = {
  connection_established() {
    send("subscribe_thread", topic, {});
    send("subscribe", "system", { topics: ["dashboard", "agent:guide"] });
  },
  ping({ data }) {
    send("pong", "system", { timestamp: data.timestamp });
  },
  thread_history({ data }) {
    for (const each of data.messages) receive.thread_message_created({ data: { message: each } });
  },
  thread_message_created({ data: { message: each } }) {
    const isAgent = each.author.kind === "agent";
    message(each.message_id, isAgent ? each.author.id : "someone", isAgent, each.content);
  },
  stream_start({ data }) {
    message(data.stream_id, data.agent_id, true, "");
  },
  stream_chunk({ data }) {
    shown.get(data.stream_id)?.appendData(data.delta);
    element("messages").scrollTop = element("messages").scrollHeight;
  },
  stream_end({ data }) {
    const body = shown.get(data.stream_id);
    if (body) shown.set(data.message_id, body);
    if (body && data.finish_reason !== "stop") body.appendData(` [${data.finish_reason}]`);
  },
};

function state(text, isOpen) {
  element("state").textContent = text;
  element("state").className = isOpen ? "" : "closed";
  for (const button of document.querySelectorAll("button")) button.disabled = !isOpen;
}

function connect() {
  socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`);
  socket.onopen = () => state("connected", true);
  socket.onmessage = ({ data }) => {
    const frame = JSON.parse(data);
    row(element("frames"), frame.type === "error" ? "bad" : "in", `← ${data}`);
    receive[frame.type]?.(frame);
  };
  socket.onclose = ({ code }) => {
    row(element("frames"), "bad", `closed with ${code}`);
    state(`closed with ${code}; reload to connect again`, false);
  };
}

element("compose").addEventListener("submit", (event) => {
  event.preventDefault();
  send("send_message", topic, { content: element("content").value });
  element("content").value = "";
});
element("content").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    element("compose").requestSubmit();
  }
});
element("malformed").addEventListener("click", () => send("send_message", topic, { contents: 42 }));

state("connecting", false);
connect();

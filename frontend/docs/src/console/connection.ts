/**
 * The console's connection: a WebSocket that is shown, not kept. It answers pings where that is wanted.
 */
import { type Contract, isMap } from "../contract.js";
import { pong } from "../frames.js";
import { judge } from "../judge.js";
import { meaningOf } from "./closing.js";
import type { Journal } from "./journal.js";

export type State = "closed" | "connecting" | "open" | "closing";

export class Connection {
  state: State = "closed";
  answersPings = true;
  onState: (state: State) => void = () => {};
  private readonly contract: Contract;
  private readonly journal: Journal;
  private socket: WebSocket | undefined;
  private lastId: string | undefined;

  constructor(contract: Contract, journal: Journal) {
    this.contract = contract;
    this.journal = journal;
  }

  open(url: string): void {
    this.close();
    let socket: WebSocket;
    try {
      socket = new WebSocket(url);
    } catch {
      this.journal.note(`${url} is no address of a WebSocket.`, "bad");
      return;
    }
    this.socket = socket;
    this.lastId = undefined;
    this.enter("connecting");
    // One that was given up says nothing any more.
    const current = (): boolean => this.socket === socket;
    socket.onopen = () => {
      if (current()) {
        this.journal.note("Connected.", "good");
        this.enter("open");
      }
    };
    socket.onmessage = ({ data }) => {
      if (current()) {
        this.receive(typeof data === "string" ? data : undefined);
      }
    };
    socket.onclose = ({ code, reason }) => {
      if (current()) {
        this.socket = undefined;
        this.journal.note(meaningOf(this.contract.close_codes, code, reason), code === 1000 ? "plain" : "bad");
        this.enter("closed");
      }
    };
  }

  /** Sends what there is; false where there is no connection. */
  send(text: string): boolean {
    if (this.state !== "open" || this.socket === undefined) {
      return false;
    }
    this.socket.send(text);
    this.journal.frame("to_server", text);
    return true;
  }

  close(): void {
    if (this.socket !== undefined && this.state !== "closing") {
      this.socket.close(1000);
      this.enter("closing");
    }
  }

  private receive(text: string | undefined): void {
    const frame = text === undefined ? undefined : this.journal.frame("to_client", text);
    if (frame === undefined) {
      this.journal.note("A frame came that is no JSON text.", "bad");
      return;
    }
    const { id } = isMap(frame) ? frame : {};
    this.lastId = typeof id === "string" ? id : this.lastId;
    if (this.answersPings && judge(this.contract, "to_client", frame).message?.session === "ping") {
      const answer = pong(this.contract, this.lastId);
      if (answer !== undefined) {
        this.send(JSON.stringify(answer));
      }
    }
  }

  private enter(state: State): void {
    this.state = state;
    this.onState(state);
  }
}

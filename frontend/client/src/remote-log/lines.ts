/** Lines of a log as `POST /api/client-logs` takes them, and those that wait to be sent. Pure. */
import type { LogEntry, LogLevel } from "../log.js";

/** A line, as the server takes it. */
export interface Line {
  readonly level: LogLevel;
  readonly message: string;
  readonly place?: string;
  readonly connection_id?: string;
  readonly correlation_id?: string;
}

/** What the server takes at most: lines in a request, bytes of its body, and bytes of the texts of a line. */
const LINES = 20;
const BODY_BYTES = 32 * 1024;
const MESSAGE_BYTES = 4096;
const PLACE_BYTES = 500;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Texts of which somebody else is the author may have a token in them: an address, a header, a JSON Web Token. */
const SECRETS: readonly [RegExp, string][] = [
  [/\beyJ[\w-]+\.[\w-]+(\.[\w-]*)?/g, "…"],
  [/\b(access_token|token|secret|password)=[^\s&"']+/gi, "$1=…"],
  [/\b(bearer)([ .])[^\s,"']+/gi, "$1$2…"],
];

/** The line for an entry. */
export function lineOf({ level, event, connectionId, fields }: LogEntry, place: string | undefined): Line {
  const { correlation_id: correlationId, ...others } = fields;
  const words = Object.entries(others).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${typeof value === "string" ? JSON.stringify(value) : value}`],
  );
  return {
    level,
    message: cut(withoutSecrets([event, ...words].join(" ")), MESSAGE_BYTES),
    ...(place !== undefined && { place: cut(withoutSecrets(place), PLACE_BYTES) }),
    ...(connectionId !== undefined && UUID.test(connectionId) && { connection_id: connectionId }),
    ...(typeof correlationId === "string" && UUID.test(correlationId) && { correlation_id: correlationId }),
  };
}

/** The text without what looks like a token. */
export function withoutSecrets(text: string): string {
  return SECRETS.reduce((safe, [pattern, instead]) => safe.replace(pattern, instead), text);
}

/** As much of the text as has `bytes` in UTF-8. */
function cut(text: string, bytes: number): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(bytes));
  return text.slice(0, read);
}

/** Lines on their way. */
export interface Batch {
  readonly lines: readonly Line[];
  /** How many were dropped before them, which the first of them says. */
  readonly dropped: number;
  /** The request's body. */
  readonly body: string;
}

/** Lines that wait, oldest first. Where there are too many the oldest go, and the next batch says how many. */
export class Lines {
  readonly #most: number;
  #waiting: Line[] = [];
  #dropped = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** How many wait. */
  get length(): number {
    return this.#waiting.length;
  }

  /** Takes a line. */
  push(line: Line): void {
    this.#waiting.push(line);
    this.#bound();
  }

  /** The next lines that fit into a request; `undefined` if there is nothing to say. */
  take(): Batch | undefined {
    const dropped = this.#dropped;
    const lines: Line[] = [];
    const texts: string[] = [];
    let bytes = '{"lines":[]}'.length;
    const add = (line: Line): boolean => {
      const text = JSON.stringify(line);
      bytes += new TextEncoder().encode(text).length + 1;
      const fits = bytes <= BODY_BYTES && texts.length < LINES;
      if (fits) {
        texts.push(text);
      }
      return fits;
    };
    if (dropped > 0) {
      add({ level: "warn", message: `log.dropped lines=${dropped}` });
    }
    for (const line of this.#waiting) {
      if (!add(line)) {
        break;
      }
      lines.push(line);
    }
    if (texts.length === 0) {
      return undefined;
    }
    this.#waiting.splice(0, lines.length);
    this.#dropped = 0;
    return { lines, dropped, body: `{"lines":[${texts.join()}]}` };
  }

  /** A batch did not get through: it waits again. */
  putBack({ lines, dropped }: Batch): void {
    this.#waiting.unshift(...lines);
    this.#dropped += dropped;
    this.#bound();
  }

  /** A batch will never get through. */
  giveUp({ lines, dropped }: Batch): void {
    this.#dropped += dropped + lines.length;
  }

  #bound(): void {
    const over = Math.max(0, this.#waiting.length - this.#most);
    this.#waiting.splice(0, over);
    this.#dropped += over;
  }
}

/**
 * URLs and headers of the handshake: on the golden output of `crates/tightwire-codegen/tests/rust/quotes.yml`, with the
 * cases that hold for the Rust client too.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type {
  MarketDataHandshake,
  MarketDataHeaders,
  OrdersHandshake,
} from "../../../crates/tightwire-codegen/tests/typescript/quotes/models.js";
import {
  marketDataHeaders,
  marketDataUrl,
  ordersUrl,
  statusUrl,
} from "../../../crates/tightwire-codegen/tests/typescript/quotes/routes.js";
import { chatUrl } from "../src/index.js";

interface Case {
  readonly route: "marketData" | "orders";
  readonly base: string;
  readonly parameters: object;
  readonly url?: string;
  readonly headers?: object;
  readonly refused?: readonly string[];
}

const file = new URL("../../../crates/tightwire-codegen/tests/handshakes.json", import.meta.url);
const cases = JSON.parse(readFileSync(file, "utf8")) as readonly Case[];

/** What a function makes, or what it says is wrong. */
function outcome(make: () => unknown): { made?: unknown; refused: readonly string[] } {
  try {
    return { made: make(), refused: [] };
  } catch (error) {
    const [, list = ""] = (error as RangeError).message.split(
      "the parameters of the handshake do not follow the contract: ",
    );
    return { refused: list.split(", ").map((one) => one.replace(/ \((.*)\)$/, " $1")) };
  }
}

it.each(cases)("$parameters at $base", ({ route, base, parameters, ...expected }) => {
  const url = outcome(() =>
    route === "orders"
      ? ordersUrl(base, parameters as OrdersHandshake)
      : marketDataUrl(base, parameters as MarketDataHandshake),
  );
  const headers = outcome(() => (route === "orders" ? {} : marketDataHeaders(parameters as MarketDataHeaders)));
  const refused = [...url.refused, ...headers.refused];
  if (refused.length > 0) {
    expect(refused).toEqual(expected.refused);
  } else {
    expect({ url: url.made, headers: headers.made }).toEqual(expected);
  }
});

describe("what types cannot hold back", () => {
  const market = (parameters: object): readonly string[] =>
    outcome(() => marketDataUrl("ws://h", parameters as MarketDataHandshake)).refused;

  it.each([
    [{ symbol: "" }, "path/symbol pattern"],
    [{ symbol: ".." }, "path/symbol pattern"],
    [{ symbol: "doge" }, "path/symbol enum"],
    [{ symbol: "btcusd", heartbeat: "yes" }, "query/heartbeat type"],
    [{ symbol: "btcusd", query_symbol: "\ud83d" }, "query/symbol type"],
    [{ symbol: "btcusd", depth: [1, 2] }, "query/depth maxItems"],
    [{ symbol: "btcusd", depth: Number.NaN }, "query/depth type"],
    [{ symbol: "btcusd", filter: {} }, "query/filter oneOf"],
    [{ symbol: "btcusd", side: ["bid", "long"] }, "query/side/1 enum"],
  ])("%j is refused", (parameters, violation) => {
    expect(market(parameters)).toEqual([violation]);
  });
});

it("asks for what is required, and for nothing else", () => {
  expect(statusUrl("ws://h")).toBe("ws://h/v1/status");
  // @ts-expect-error: the account is required.
  expect(() => ordersUrl("ws://h", {})).toThrow(RangeError);
  // @ts-expect-error: not one of the symbols.
  expect(() => marketDataUrl("ws://h", { symbol: "doge" })).toThrow(RangeError);
  // @ts-expect-error: headers are not part of a URL.
  expect(marketDataUrl("ws://h", { symbol: "btcusd", "X-Api-Key": "secret-key" })).not.toContain("secret-key");
});

it("leaves the path to the server's settings in a protocol with an envelope", () => {
  expect(chatUrl("ws://h/ws")).toBe("ws://h/ws");
  expect(chatUrl("ws://h/ws", { token: "a b" })).toBe("ws://h/ws?token=a%20b");
});

it("fills the path with the defaults of its parameters", () => {
  expect(marketDataUrl("ws://h")).toBe("ws://h/v1/marketdata/btcusd");
});

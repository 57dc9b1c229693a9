/**
 * Forms: what they read is what was given, and what is typed there.
 */
// @vitest-environment happy-dom
import { describe, expect, it } from "vitest";
import type { Json, JsonMap } from "../src/contract.js";
import { field } from "../src/form/field.js";
import { chat } from "./support.js";

const recursive: JsonMap = {
  type: "object",
  properties: { name: { type: "string" }, children: { type: "array", items: { $ref: "#" } } },
};

function typed(element: HTMLElement, selector: string, value: string): void {
  const control = element.querySelector<HTMLInputElement>(selector);
  if (control === null) {
    throw new Error(`no ${selector} in ${element.outerHTML}`);
  }
  control.value = value;
  control.dispatchEvent(new Event("input", { bubbles: true }));
}

describe("what was given is read again", () => {
  it.each<[string, JsonMap, Json]>([
    ["text", { type: "string" }, "a\nb"],
    ["a number", { type: "number" }, 1.5],
    ["a truth", { type: "boolean" }, true],
    ["one of some values", { enum: ["a", 1, null, { b: 2 }] }, { b: 2 }],
    ["a constant", { const: 4 }, 4],
    ["a list", { type: "array", items: { type: "integer" } }, [3, 1, 2]],
    ["an object", { properties: { a: { type: "string" }, b: { type: "integer" } }, required: ["a"] }, { a: "x", b: 1 }],
    ["what is left out", { properties: { a: { type: "string" }, b: { type: "integer" } } }, {}],
    ["further properties", { type: "object", additionalProperties: { type: "integer" } }, { x: 1, y: 2 }],
    ["the second alternative", { oneOf: [{ type: "string" }, { type: "array", items: { type: "string" } }] }, ["a"]],
    ["null, or a number", { type: ["null", "integer"] }, null],
    ["anything", {}, { a: [1, { b: null }] }],
    ["a tuple", { type: "array", items: [{ type: "string" }] }, ["a", 1]],
    [
      "parts of an allOf",
      { allOf: [{ properties: { a: {} } }, { properties: { b: { type: "null" } } }] },
      { a: 1, b: null },
    ],
    ["what contains itself", recursive, { name: "a", children: [{ name: "b", children: [] }] }],
  ])("%s", (_, schema, value) => {
    expect(field(schema, schema, "it", value).read()).toEqual(value);
  });

  it.each(chat.messages.to_server.flatMap(({ id, examples }) => examples.map((one) => [id, one] as const)))(
    "an example of %s",
    (id, example) => {
      const key = chat.messages.to_server.find((one) => one.id === id)?.key ?? "";
      const schema = chat.bundle["x-messages"].to_server[key] ?? {};
      expect(field(chat.bundle, schema, id, example).read()).toEqual(example);
    },
  );
});

describe("what is done in a form", () => {
  it("is read: typed, included, added, removed, chosen", () => {
    const schema: JsonMap = {
      type: "object",
      properties: {
        text: { type: "string", description: "What is said." },
        count: { type: "integer" },
        tags: { type: "array", items: { type: "string" } },
        to: { oneOf: [{ type: "integer" }, { type: "string", title: "a name" }] },
      },
      required: ["text", "tags", "to"],
      additionalProperties: false,
    };
    const form = field(schema, schema, "data", { text: "", tags: ["a"], to: 1 });
    let changes = 0;
    form.element.addEventListener("input", () => {
      changes += 1;
    });
    typed(form.element, "textarea", "hello");
    const box = form.element.querySelector<HTMLInputElement>('[type="checkbox"]');
    box?.click();
    box?.dispatchEvent(new Event("input", { bubbles: true }));
    typed(form.element, '[type="number"]', "7");
    const buttons = (): readonly HTMLButtonElement[] => [...form.element.querySelectorAll("button")];
    buttons()
      .find(({ textContent }) => textContent === "Add to tags")
      ?.click();
    buttons()
      .find(({ textContent }) => textContent === "Remove")
      ?.click();
    typed(form.element, "select", "1");
    expect(form.read()).toEqual({ text: "hello", count: 7, tags: [""], to: "" });
    expect(changes).toBeGreaterThan(4);
    // Labels and hints belong to their controls.
    const label = [...form.element.querySelectorAll("label")].find(({ textContent }) => textContent === "text");
    const control = form.element.querySelector(`#${label?.getAttribute("for")}`);
    expect(control?.getAttribute("aria-describedby")).toMatch(/^hint-/);
    expect(form.element.querySelector(`#${control?.getAttribute("aria-describedby")}`)?.textContent).toBe(
      "What is said.",
    );
  });

  it("is no number where none was typed", () => {
    const form = field({}, { type: "integer" }, "n", 1);
    typed(form.element, "input", "");
    expect(form.read()).toBeNull();
  });

  it("is text where it is no JSON", () => {
    const form = field({}, true, "it", null);
    typed(form.element, "textarea", "{not");
    expect(form.read()).toBe("{not");
  });

  it("shows what a document says as text", () => {
    const form = field({}, { type: "string", description: "<img src=x>" }, "<b>", "");
    expect(form.element.querySelector("img, b")).toBeNull();
    expect(form.element.textContent).toContain("<img src=x>");
  });
});

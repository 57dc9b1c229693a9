/**
 * A validator that is not ours, on the generated JSON Schema.
 */
import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import addFormats from "ajv-formats";

interface Bundle {
  readonly "x-messages": {
    readonly [direction: string]: { readonly [type: string]: { readonly $ref: string } };
  };
}

const bundle = JSON.parse(
  readFileSync(new URL("../../../../generated/schema/ws_messages.schema.json", import.meta.url), "utf8"),
) as Bundle;

/** For each `type` of a direction, whether a value is valid. */
export function ajvValidators(direction: "to_server" | "to_client"): ReadonlyMap<string, (value: unknown) => boolean> {
  const ajv = new Ajv({ strict: false, logger: false });
  addFormats.default(ajv);
  ajv.addSchema(bundle, "bundle");
  return new Map(
    Object.entries(bundle["x-messages"][direction] ?? {}).map(([type, { $ref }]) => {
      const validate = ajv.compile({ $ref: `bundle${$ref}` });
      return [type, (value) => validate(value) === true];
    }),
  );
}

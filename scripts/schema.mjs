// Frames of the server against the generated JSON Schema, by a validator that is not ours.

import Ajv from "ajv";
import addFormats from "ajv-formats";

/** Makes a function that gives the reasons why a frame of the server is wrong; none for a valid one. */
export function frameValidator(bundle) {
  // Keywords of documents that are no keywords of JSON Schema are not an error; a wrong use of one that is, is.
  const ajv = new Ajv({
    allErrors: true,
    strictSchema: "log",
    strictTypes: false,
    strictRequired: false,
    logger: false,
  });
  addFormats(ajv);
  ajv.addSchema(bundle, "bundle");
  const messages = bundle["x-messages"].to_client;
  const validators = new Map(
    Object.entries(messages).map(([type, { $ref }]) => [type, ajv.compile({ $ref: `bundle${$ref}` })]),
  );
  return (frame) => {
    const validator = validators.get(frame?.type);
    if (validator === undefined) {
      return [`no message of the server has the type ${JSON.stringify(frame?.type)}`];
    }
    return validator(frame) ? [] : validator.errors.map(({ instancePath, message }) => `${instancePath} ${message}`);
  };
}

/** For the `default` of a `switch` over frames: with a message that is not handled the call does not compile. */
export function assertNever(value: never): never {
  throw new TypeError(`nobody expected ${JSON.stringify(value)}`);
}

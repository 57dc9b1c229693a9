import { type RefObject, useInsertionEffect, useRef } from "react";

/** Always holds what was handed in last, so that a listener need not be taken back for every render. */
export function useLatest<Value>(value: Value): RefObject<Value> {
  const latest = useRef(value);
  useInsertionEffect(() => {
    latest.current = value;
  });
  return latest;
}

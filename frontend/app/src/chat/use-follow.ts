import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";

/** How far from its end a list may be and still count as being there, in CSS pixels. */
const NEAR = 48;

/** What a list needs to follow what comes. */
export interface Follow {
  readonly ref: RefObject<HTMLElement | null>;
  /** Whether the list is at its end and stays there. */
  readonly isFollowing: boolean;
  /** Whether something came since it is not. */
  readonly hasNew: boolean;
  /** Goes to the end, and stays there. */
  readonly follow: () => void;
}

/** Keeps what scrolls at its end while `content` grows, until somebody scrolls up. */
export function useFollow(content: readonly unknown[]): Follow {
  const ref = useRef<HTMLElement>(null);
  const [isFollowing, setFollowing] = useState(true);
  /** How many rows there were when following ended. */
  const [left, setLeft] = useState(0);
  const count = content.length;
  const latest = useRef({ isFollowing, count });
  useLayoutEffect(() => {
    latest.current = { isFollowing, count };
    if (isFollowing) {
      toEnd(ref.current);
    }
  });
  useEffect(() => {
    const list = ref.current;
    if (list === null) {
      return;
    }
    let height = list.clientHeight;
    const scrolled = (): void => {
      const isNear = list.scrollHeight - list.scrollTop - list.clientHeight <= NEAR;
      // A list that is made smaller (a keyboard, a banner) scrolls, too, and nobody wanted that.
      const isResized = height !== list.clientHeight;
      height = list.clientHeight;
      if (isResized && latest.current.isFollowing) {
        toEnd(list);
      } else if (isNear !== latest.current.isFollowing) {
        setFollowing(isNear);
        setLeft(latest.current.count);
      }
    };
    const observer = new ResizeObserver(scrolled);
    observer.observe(list);
    list.addEventListener("scroll", scrolled, { passive: true });
    return () => {
      observer.disconnect();
      list.removeEventListener("scroll", scrolled);
    };
  }, []);
  const follow = useCallback(() => {
    setFollowing(true);
    toEnd(ref.current);
    ref.current?.focus({ preventScroll: true });
  }, []);
  return { ref, isFollowing, hasNew: count > left, follow };
}

function toEnd(list: HTMLElement | null): void {
  if (list !== null) {
    list.scrollTop = list.scrollHeight;
  }
}

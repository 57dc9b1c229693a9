import { type RefObject, useEffect, useRef } from "react";

/** Whether a view was shown before: the first one leaves the focus where the browser puts it. */
let hasShown = false;

/**
 * Names the page after its view, and moves the focus to the view's heading when another one was there before, so that
 * whoever does not see the page knows where they are.
 */
export function useViewTitle(title: string): RefObject<HTMLHeadingElement | null> {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Tightwire chat`;
    if (hasShown) {
      heading.current?.focus();
    }
    hasShown = true;
  }, [title]);
  return heading;
}

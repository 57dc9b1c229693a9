import type { ReactNode } from "react";

/** Moves the focus to what the page is about. */
export function focusMain(): void {
  document.getElementById("main")?.focus();
}

/** The first thing that the keyboard comes to. The address stays: what stands behind its `#` is the view. */
export function SkipLink(): ReactNode {
  return (
    // biome-ignore lint/a11y/useValidAnchor: it leads to a place in this page, beside the views that the address knows
    <a
      className="skip-link"
      href="#main"
      onClick={(event) => {
        event.preventDefault();
        focusMain();
      }}
    >
      Skip to content
    </a>
  );
}

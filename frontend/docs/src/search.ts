/**
 * Search: what does not fit is hidden as one types.
 */

interface Entry {
  readonly element: HTMLElement;
  readonly name: string;
  readonly text: string;
}

/** Makes the field at the top of the page work. */
export function startSearch(): void {
  const box = document.querySelector<HTMLElement>("#search");
  const input = box?.querySelector("input");
  const found = document.querySelector("#found");
  const main = document.querySelector<HTMLElement>("#main");
  if (!box || !input || !found || !main) {
    return;
  }
  box.hidden = false;
  let entries: readonly Entry[] | undefined;
  let fitting: readonly Entry[] = [];

  const update = (): void => {
    const words = input.value
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== "");
    entries ??= read(main);
    fitting = entries.filter(({ text }) => words.every((word) => text.includes(word)));
    const shown = new Set(fitting.map(({ element }) => element));
    for (const { element } of entries) {
      element.hidden = !shown.has(element);
    }
    document.body.classList.toggle("searching", words.length > 0);
    hideEmpty(main, words.length > 0);
    hideLinks();
    found.textContent = words.length === 0 ? "" : `${fitting.length} of ${entries.length} entries`;
  };
  const clear = (): void => {
    if (input.value !== "") {
      input.value = "";
      update();
    }
  };
  const visit = (): void => {
    const words = input.value.toLowerCase().match(/\S+/g) ?? [];
    const named = fitting.filter(({ name }) => words.every((word) => name.includes(word)));
    const best = named.find(({ name }) => name === words.join("_")) ?? named[0] ?? fitting[0];
    if (best !== undefined) {
      best.element.tabIndex = -1;
      best.element.scrollIntoView();
      best.element.focus({ preventScroll: true });
    }
  };

  input.addEventListener("input", update);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      visit();
    } else if (event.key === "Escape") {
      clear();
    }
  });
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target instanceof Element && event.target.closest("input, textarea, select") !== null;
    if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      input.focus();
      input.select();
    }
  });
  // A link may lead to what is hidden.
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>('main a[href^="#"]') : null;
    const target = link === null ? null : document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (target?.closest("[hidden]")) {
      clear();
    }
  });
}

function read(main: HTMLElement): readonly Entry[] {
  return [...main.querySelectorAll<HTMLElement>(".entry")].map((element) => {
    const name = element.querySelector("h3 code, h4 code, th code")?.textContent ?? "";
    return { element, name: name.toLowerCase(), text: (element.textContent ?? "").toLowerCase() };
  });
}

/** Sections without an entry that fits, and what is about no entry. */
function hideEmpty(main: HTMLElement, searching: boolean): void {
  for (const section of main.querySelectorAll<HTMLElement>("section")) {
    section.hidden = searching && section.querySelector(".entry:not([hidden])") === null;
  }
}

function hideLinks(): void {
  for (const link of document.querySelectorAll<HTMLAnchorElement>("#contents a")) {
    const target = document.getElementById(decodeURIComponent(link.hash.slice(1)));
    const item = link.closest("li");
    if (item !== null) {
      item.hidden = target?.closest("[hidden]") != null;
    }
  }
}

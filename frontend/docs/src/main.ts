/**
 * The script of the page: search, the limits in force, and the console. The page is whole without it.
 */
import { startConsole } from "./console/console.js";
import { h } from "./dom.js";
import { showLimits } from "./limits.js";
import { startSearch } from "./search.js";
import { fetchContract, isServed } from "./server.js";

/** From this width on the contents stand beside the text, and are always open. */
const WIDE = "(min-width: 64rem)";

async function start(): Promise<void> {
  startSearch();
  const contents = document.querySelector<HTMLDetailsElement>("#contents");
  const wide = matchMedia(WIDE);
  const open = (): void => {
    if (contents !== null) {
      contents.open = wide.matches;
    }
  };
  wide.addEventListener("change", open);
  open();
  const section = document.querySelector<HTMLElement>("#console");
  if (section === null) {
    return;
  }
  if (!isServed()) {
    section.append(h("p", {}, "There is a console here where a server serves this page, at /docs."));
    return;
  }
  showLimits().catch(() => {
    // A page that is served by something else has the limits of the contract.
  });
  try {
    startConsole(await fetchContract(), section);
    // What stands above the place in the address has become taller.
    document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
  } catch (error) {
    section.append(h("p", { class: "bad" }, `There is no console: ${String(error)}. Load the page again.`));
  }
}

void start();

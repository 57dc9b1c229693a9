/** Two small pictures: how long answers took, and where the connection was. Each says in words what it shows. */
import { summaryOf } from "../model/exchanges.js";
import type { Stretch } from "../model/timeline.js";
import { set, svg } from "./element.js";

/** How many answers are shown. */
const POINTS = 60;

/** How long answers took. */
export function sparkline(page: Document): { readonly element: Element; draw(times: readonly number[]): string } {
  const line = svg(page, "polyline", { class: "line" });
  const element = svg(page, "svg", { viewBox: "0 0 120 24", preserveAspectRatio: "none", role: "img" }, line);
  return {
    element,
    draw(times) {
      const shown = times.slice(-POINTS);
      const most = Math.max(1, ...shown);
      const step = 120 / Math.max(1, shown.length - 1);
      const points = shown.map((ms, index) => `${(index * step).toFixed(1)},${(23 - (22 * ms) / most).toFixed(1)}`);
      const summary = summaryOf(shown);
      const text =
        summary === undefined
          ? "no answers yet"
          : `answered in ${summary.last} ms, median ${summary.median} ms, longest ${summary.longest} ms`;
      // A single point is drawn as a line, too.
      set(line, { points: (points.length === 1 ? [...points, `120,${points[0]?.split(",")[1]}`] : points).join(" ") });
      set(element, { "aria-label": text });
      return text;
    },
  };
}

/** Where the connection was. */
export function timeline(page: Document): { readonly element: Element; draw(found: readonly Stretch[]): void } {
  const element = svg(page, "svg", { viewBox: "0 0 100 10", preserveAspectRatio: "none", role: "img" });
  return {
    element,
    draw(found) {
      element.replaceChildren(
        ...found.map(({ from, to, colour }) =>
          svg(page, "rect", { class: colour, x: 100 * from, width: 100 * (to - from), y: 0, height: 10 }),
        ),
      );
      const share = (colour: string): number =>
        Math.round(100 * found.reduce((sum, part) => sum + (part.colour === colour ? part.to - part.from : 0), 0));
      const text = `the last 5 minutes: live ${share("green")} %, with limits ${share("amber")} %, down ${share("red")} %`;
      set(element, { "aria-label": text });
    },
  };
}

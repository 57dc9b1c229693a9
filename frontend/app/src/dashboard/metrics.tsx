import type { CoordinationMetrics } from "@tightwire/chat";
import type { ReactNode } from "react";

const TRENDS = {
  rising: { mark: "↗", text: "rising" },
  steady: { mark: "→", text: "steady" },
  falling: { mark: "↘", text: "falling" },
} as const;

const WIDTH = 240;
const HEIGHT = 48;

/** The share of answers that were completed, and where it is going. */
export function Metrics({
  metrics,
  rates,
}: {
  readonly metrics: CoordinationMetrics;
  readonly rates: readonly number[];
}): ReactNode {
  const { mark, text } = TRENDS[metrics.trend];
  const percent = (metrics.success_rate * 100).toFixed(metrics.success_rate === 1 ? 0 : 1);
  return (
    <>
      <p className="figure">
        {percent} %
        <span className="trend" data-trend={metrics.trend}>
          <span aria-hidden="true">{mark}</span> {text}
        </span>
      </p>
      <p className="note">of answers were completed</p>
      <svg className="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        <line x1="0" y1={HEIGHT - 1} x2={WIDTH} y2={HEIGHT - 1} className="spark-ground" />
        <polyline points={sparkPoints(rates)} className="spark-line" />
      </svg>
    </>
  );
}

/** The points of a line over the whole width: 1 is at the top, 0 at the bottom. */
export function sparkPoints(rates: readonly number[]): string {
  const all = rates.length === 1 ? [...rates, ...rates] : rates;
  return all
    .map((rate, at) => `${((at * WIDTH) / (all.length - 1)).toFixed(1)},${(2 + (1 - rate) * (HEIGHT - 4)).toFixed(1)}`)
    .join(" ");
}

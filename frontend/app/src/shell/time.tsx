import type { ReactNode } from "react";

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const PRECISE = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });

/** A moment: the time of day, with the day where it is not today. */
export function Time({
  at,
  isPrecise = false,
}: {
  readonly at: number | string;
  readonly isPrecise?: boolean;
}): ReactNode {
  const date = new Date(at);
  const isToday = date.toDateString() === new Date().toDateString();
  const time = (isPrecise ? PRECISE : CLOCK).format(date);
  return <time dateTime={date.toISOString()}>{isToday ? time : `${DAY.format(date)}, ${time}`}</time>;
}

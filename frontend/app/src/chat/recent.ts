/** The threads that were opened here, the newest first. */
import { useEffect, useState } from "react";
import { FIRST_THREAD, THREAD_NAME } from "../routing.js";
import { keep, recall } from "../storage.js";

const KEY = "tightwire.threads";
const MOST = 12;
const store = (): Storage => window.localStorage;

/** The list with a thread in it; one that is in it already stays where it is. */
export function withThread(threads: readonly string[], thread: string): readonly string[] {
  return threads.includes(thread) ? threads : [thread, ...threads].slice(0, MOST);
}

/** The threads that were opened here, with the one that is open now. */
export function useRecentThreads(open: string): readonly string[] {
  const [threads, setThreads] = useState<readonly string[]>(() => {
    const kept = recall(store, KEY)?.split(" ") ?? [];
    return kept.filter((name) => THREAD_NAME.test(name));
  });
  const all = withThread(threads, open);
  if (all !== threads) {
    setThreads(all);
  }
  useEffect(() => keep(store, KEY, all.join(" ")), [all]);
  return all.includes(FIRST_THREAD) ? all : [...all, FIRST_THREAD];
}

let last = FIRST_THREAD;

/** The thread that was open last: coming back from another view leads to it. */
export function lastThread(): string {
  return last;
}

/** This thread is open. */
export function rememberThread(thread: string): void {
  last = thread;
}

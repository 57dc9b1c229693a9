import { type ReactNode, useMemo } from "react";
import { assertNever } from "../assert-never.js";
import type { Closing } from "../state.js";
import { BANNER, type BannerOptions, type BannerView, bannerRule } from "./banner.js";
import { classes, type PieceProps } from "./connection-badge.js";
import { useRule } from "./observed.js";
import { useConnection } from "./use-connection-state.js";

/** The words of the banner. */
export interface BannerTexts {
  /** What is going on. It does not change from second to second: it is read out. */
  readonly message: (view: Exclude<BannerView, { readonly kind: "none" }>) => string;
  /** What goes on after it, for the eye only: the countdown. */
  readonly detail: (view: BannerView) => string;
  /** What the button says. */
  readonly action: (view: BannerView) => string;
}

/** The words that are used where no others are given. */
export const BANNER_TEXTS: BannerTexts = { message, detail, action };

/** What the banner takes. */
export interface ConnectionBannerProps extends PieceProps, Partial<BannerOptions> {
  /** Words of the application's own. */
  readonly texts?: Partial<BannerTexts> | undefined;
  /**
   * What the button does where the application knows better than to try again, for instance to reload the page. `true` says
   * that this was done, and nothing else is.
   */
  readonly onAction?: ((view: BannerView) => boolean) | undefined;
}

/**
 * Says that live updates are interrupted once they have been for five seconds, counts down to the next attempt and has a
 * button for those who cannot wait. The message is a live region (`role="status"`), which is there from the beginning, as
 * assistive technology needs it; the countdown is not a part of what is read out.
 */
export function ConnectionBanner({
  client,
  className,
  texts,
  onAction,
  afterMs = BANNER.afterMs,
  backMs = BANNER.backMs,
}: ConnectionBannerProps): ReactNode {
  const connection = useConnection(client);
  const rule = useMemo(() => bannerRule({ afterMs, backMs }), [afterMs, backMs]);
  const [view] = useRule(connection, rule);
  const { message, detail, action } = { ...BANNER_TEXTS, ...texts };
  const hasAction = view.kind !== "none" && view.kind !== "back";
  const act = (): void => {
    if (onAction?.(view) === true) {
      return;
    }
    if (view.kind === "stopped") {
      connection.connect();
    } else {
      connection.retryNow();
    }
  };
  return (
    <div className={classes("tw-banner", className)} data-kind={view.kind}>
      <p className="tw-banner-message" role="status">
        {view.kind !== "none" && message(view)}
        <span aria-hidden="true">{detail(view)}</span>
      </p>
      {hasAction && (
        <button type="button" className="tw-banner-action" aria-disabled={view.kind === "connecting"} onClick={act}>
          {action(view)}
        </button>
      )}
    </div>
  );
}

function message(view: Exclude<BannerView, { readonly kind: "none" }>): string {
  switch (view.kind) {
    case "waiting":
    case "connecting":
      return view.wasLive ? "Live updates paused, reconnecting" : "There is no connection yet, connecting";
    case "offline":
      return view.wasLive
        ? "You are offline. Live updates go on when there is a network again."
        : "You are offline. Connect to a network to begin.";
    case "stopped":
      return `Live updates have stopped. ${reasonOf(view.closing)} Connect again, or reload the page.`;
    case "back":
      return view.wasLive ? "Live updates are back." : "Connected.";
    default:
      return assertNever(view);
  }
}

function reasonOf(closing: Closing): string {
  return closing.known?.meaning ?? closing.reason;
}

function detail(view: BannerView): string {
  return view.kind === "waiting" ? ` in ${view.seconds} s` : view.kind === "connecting" ? " now" : "";
}

function action(view: BannerView): string {
  return view.kind === "stopped" ? "Connect again" : "Retry now";
}

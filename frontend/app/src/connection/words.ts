/** What the contract's close codes mean to somebody who reads this page. */
import { CLOSE_CODES } from "@tightwire/chat";
import type { Closing } from "@tightwire/client";
import {
  BANNER_TEXTS,
  type BannerTexts,
  contractWords,
  type ToastText,
  type ToastWords,
} from "@tightwire/client/react";

/** Words for a code, without what happens next, which is the same for most. */
type Words = Omit<ToastText, "next"> & { readonly next?: string };

const WORDS: { readonly [Name in keyof typeof CLOSE_CODES]?: Words } = {
  contract_violation: {
    title: "This page and the server do not understand each other",
    meaning: "One of them sent something that the other does not know (code 1002). Most likely one of them is newer.",
    next: "Reload the page to get its newest version.",
  },
  unsupported_data: {
    title: "The server refused what this page sent",
    meaning: "It was not text (code 1003).",
    next: "Reload the page. If it happens again, tell whoever runs the server.",
  },
  invalid_payload: {
    title: "The server refused what this page sent",
    meaning: "It was not written in UTF-8 (code 1007).",
    next: "Reload the page. If it happens again, tell whoever runs the server.",
  },
  message_too_big: {
    title: "That was too long for the server",
    meaning: "What was sent is larger than the server takes (code 1009).",
    next: "Connect again, and send it in parts.",
  },
  internal_error: {
    title: "The server had a problem",
    meaning: "Nothing was wrong with what you did (code 1011).",
  },
  try_again_later: {
    title: "The server is full",
    meaning: "It takes no more connections for now (code 1013).",
  },
  unauthorized: {
    title: "You are signed out",
    meaning: "The server does not accept the token, or it has expired (code 4401).",
    next: "Sign in again to go on.",
  },
  topic_forbidden: {
    title: "You may not see this",
    meaning: "Your token does not allow what was asked for (code 4403).",
    next: "Sign in with another token.",
  },
  pong_timeout: {
    title: "The connection had gone quiet",
    meaning: "The server heard nothing of this page for too long (code 4408). Sleep and weak networks do that.",
  },
  slow_consumer: {
    title: "Updates came faster than this page could take them",
    meaning: "The server cut the connection rather than wait (code 4409).",
  },
  idle_timeout: {
    title: "The connection was idle",
    meaning: "Nothing had happened for so long that the server closed it (code 4410).",
  },
};

const RECONNECTING = "It is connecting again by itself; what you missed follows.";

/** Toasts in the words of this application. */
export const toastWords: ToastWords = (closing, name, willReconnect) => {
  const words = WORDS[name as keyof typeof WORDS];
  if (words === undefined) {
    return contractWords(closing, name, willReconnect);
  }
  return { ...words, next: words.next ?? (willReconnect ? RECONNECTING : "Connect again, or reload the page.") };
};

/** What helps after the client has stopped. */
export type Remedy = "sign-in" | "reload" | "connect";

/** What helps after an end of the connection that the client does not come back from. */
export function remedyFor(closing: Closing | undefined): Remedy {
  switch (closing?.code) {
    case CLOSE_CODES.unauthorized.code:
    case CLOSE_CODES.topic_forbidden.code:
      return "sign-in";
    case CLOSE_CODES.contract_violation.code:
    case CLOSE_CODES.unsupported_data.code:
      return "reload";
    default:
      return "connect";
  }
}

const REMEDIES: { readonly [Name in Remedy]: { readonly message: string; readonly action: string } } = {
  "sign-in": { message: "Sign in to go on.", action: "Sign in" },
  reload: { message: "Reload the page to get its newest version.", action: "Reload" },
  connect: { message: "Connect again, or reload the page.", action: "Connect again" },
};

/** The banner in the words of this application. */
export const bannerTexts: Partial<BannerTexts> = {
  message: (view) =>
    view.kind === "stopped"
      ? `Live updates have stopped. ${REMEDIES[remedyFor(view.closing)].message}`
      : BANNER_TEXTS.message(view),
  action: (view) => (view.kind === "stopped" ? REMEDIES[remedyFor(view.closing)].action : BANNER_TEXTS.action(view)),
};

/** The protocol that every hook of this application speaks. */
import type { ChatTypes } from "@tightwire/chat";

declare module "@tightwire/client/react" {
  interface Register {
    types: ChatTypes;
  }
}

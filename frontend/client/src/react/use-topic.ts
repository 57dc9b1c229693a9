import { useEffect } from "react";
import type { Client } from "../client.js";
import type { Gap } from "../positions.js";
import type { FramesOn, ProtocolTypes } from "../protocol.js";
import type { Refusal } from "../subscriptions.js";
import { useClient } from "./context.js";
import { useLatest } from "./latest.js";
import type { RegisteredTypes } from "./register.js";

/** How a component listens to a topic. */
export interface TopicOptions<Types extends ProtocolTypes> {
  /** The client. Default: that of the `ClientProvider` around. */
  readonly client?: Client<Types> | undefined;
  /** Told when frames of the topic are lost: what was made of them has to be loaded anew. */
  readonly onGap?: ((gap: Gap) => void) | undefined;
  /** Told when the server does not grant the topic. */
  readonly onRefused?: ((refusal: Refusal) => void) | undefined;
}

/**
 * Subscribes to a topic as long as the component is mounted, and calls `onFrame` with each of its frames, once and in
 * order. Nothing is subscribed to where the topic is `undefined`. The functions may be new ones in every render.
 */
export function useTopic<Topic extends Types["topic"], Types extends ProtocolTypes = RegisteredTypes>(
  topic: Topic | undefined,
  onFrame: (frame: FramesOn<Types, Topic>) => void,
  options: TopicOptions<Types> = {},
): void {
  const client = useClient(options.client);
  const latest = useLatest({ onFrame, onGap: options.onGap, onRefused: options.onRefused });
  useEffect(() => {
    if (topic === undefined) {
      return;
    }
    const { unsubscribe } = client.topic(topic).subscribe((frame) => latest.current.onFrame(frame as never));
    const offGap = client.onEvent("gap", (gap) => {
      if (gap.topic === topic) {
        latest.current.onGap?.(gap);
      }
    });
    const offRefused = client.onEvent("refused", (refusal) => {
      if (refusal.topic === topic) {
        latest.current.onRefused?.(refusal);
      }
    });
    return () => {
      unsubscribe();
      offGap();
      offRefused();
    };
  }, [client, topic, latest]);
}

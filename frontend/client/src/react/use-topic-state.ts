import { useState } from "react";
import type { Gap } from "../positions.js";
import type { FramesOn, ProtocolTypes } from "../protocol.js";
import { useLatest } from "./latest.js";
import type { RegisteredTypes } from "./register.js";
import { type TopicOptions, useTopic } from "./use-topic.js";

/** What happens on a topic. */
export type TopicEvent<Frame> =
  | { readonly kind: "frame"; readonly frame: Frame }
  /** Frames are lost: what is there is out of date until it is loaded anew. */
  | { readonly kind: "gap"; readonly gap: Gap };

/**
 * What a reducer makes of a topic: of each frame, once and in order, and of each gap. `initial` is what there is before
 * the first; another topic begins with it again.
 */
export function useTopicState<State, Topic extends Types["topic"], Types extends ProtocolTypes = RegisteredTypes>(
  topic: Topic | undefined,
  reducer: (state: State, event: TopicEvent<FramesOn<Types, Topic>>) => State,
  initial: State,
  options: TopicOptions<Types> = {},
): State {
  const [held, hold] = useState<{ readonly topic: Topic | undefined; readonly state: State }>({
    topic,
    state: initial,
  });
  const latest = useLatest({ reducer, initial });
  const take = (event: TopicEvent<FramesOn<Types, Topic>>): void =>
    hold((before) => {
      const { reducer, initial } = latest.current;
      return { topic, state: reducer(before.topic === topic ? before.state : initial, event) };
    });
  useTopic<Topic, Types>(topic, (frame) => take({ kind: "frame", frame }), {
    ...options,
    onGap: (gap) => {
      take({ kind: "gap", gap });
      options.onGap?.(gap);
    },
  });
  return held.topic === topic ? held.state : initial;
}

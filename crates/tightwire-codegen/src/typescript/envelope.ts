/** What every frame has. */
export interface Frame<Type extends string, Topic extends string, Data> {
  /** The version of the envelope. */
  readonly v: 1;
  /** Identity of this frame (a UUID); the trace id that logs and spans carry. */
  readonly id: string;
  /** The message's name. */
  readonly type: Type;
  /** What the frame is about. */
  readonly topic: Topic;
  /** When the sender made it, in milliseconds since the Unix epoch. */
  readonly ts: number;
  /** The payload. */
  readonly data: Data;
}

/** What every frame of a client has. */
export interface ClientFrameBase<Type extends string, Topic extends string, Data> extends Frame<Type, Topic, Data> {
  /** The `id` of the frame that this one answers. */
  readonly correlation_id?: string;
}

/** What every frame of the server has. */
export interface ServerFrameBase<Type extends string, Topic extends string, Data> extends Frame<Type, Topic, Data> {
  /** The `id` of the frame that this one answers; on a broadcast a fresh one, the same for all receivers. */
  readonly correlation_id: string;
  /** Position in the topic's log, on frames that are kept. It rises by 1; a jump is a gap. */
  readonly seq?: number;
  /** Changes when the topic's log was lost or rebuilt. Positions of different epochs are never compared. */
  readonly epoch?: string;
}

/** What every frame has that the server keeps and can replay. */
export interface PublishedFrameBase<Type extends string, Topic extends string, Data>
  extends ServerFrameBase<Type, Topic, Data> {
  readonly seq: number;
  readonly epoch: string;
}

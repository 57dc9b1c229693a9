import { useCallback, useEffect, useRef, useState } from "react";
import type { Client } from "../client.js";
import type { RequestOptions } from "../options.js";
import type { ClientFrameOf, ProtocolTypes, ReplyOf, RequestType } from "../protocol.js";
import { RequestError } from "../requests.js";
import { useClient } from "./context.js";
import type { RegisteredTypes } from "./register.js";

/** How far a request has come. */
export type RequestState<Reply> =
  | { readonly status: "idle"; readonly reply: undefined; readonly error: undefined }
  | {
      readonly status: "pending";
      /** The reply of the request before. */
      readonly reply: Reply | undefined;
      readonly error: undefined;
    }
  | { readonly status: "done"; readonly reply: Reply; readonly error: undefined }
  | {
      readonly status: "failed";
      /** The reply of the request before. */
      readonly reply: Reply | undefined;
      readonly error: RequestError;
    };

/** What `useRequest` gives. */
export type UseRequest<Types extends ProtocolTypes, Type extends RequestType<Types>> = RequestState<
  ReplyOf<Types, Type>
> & {
  /**
   * Sends the request, and gives up the one before. The reply, or `undefined` if there is none: `error` says why. It never
   * throws.
   */
  readonly request: (
    topic: ClientFrameOf<Types, Type>["topic"],
    data: ClientFrameOf<Types, Type>["data"],
    options?: Omit<RequestOptions<Types>, "signal">,
  ) => Promise<ReplyOf<Types, Type> | undefined>;
};

/** Requests of a type, one at a time. What is not answered when the component is unmounted is given up. */
export function useRequest<Type extends RequestType<Types>, Types extends ProtocolTypes = RegisteredTypes>(
  type: Type,
  { client: given }: { readonly client?: Client<Types> | undefined } = {},
): UseRequest<Types, Type> {
  type Reply = ReplyOf<Types, Type>;
  const client = useClient(given);
  const [state, setState] = useState<RequestState<Reply>>({ status: "idle", reply: undefined, error: undefined });
  const current = useRef<AbortController>(undefined);
  useEffect(() => () => current.current?.abort(), []);
  const request: UseRequest<Types, Type>["request"] = useCallback(
    async (topic, data, options) => {
      current.current?.abort();
      const own = new AbortController();
      current.current = own;
      setState(({ reply }) => ({ status: "pending", reply, error: undefined }));
      try {
        const reply = await client.request(type, topic, data, { ...options, signal: own.signal });
        if (!own.signal.aborted) {
          setState({ status: "done", reply, error: undefined });
        }
        return reply;
      } catch (thrown) {
        const error = thrown instanceof RequestError ? thrown : new RequestError("invalid", String(thrown));
        if (!own.signal.aborted) {
          setState(({ reply }) => ({ status: "failed", reply, error }));
        }
        return undefined;
      }
    },
    [client, type],
  );
  return { ...state, request };
}

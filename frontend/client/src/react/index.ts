/**
 * The client for React: hooks that subscribe and let go with their components, and the pieces that show how the connection
 * is. The pieces have class names (`tw-…`) and data attributes and no style of their own.
 *
 * ```tsx
 * function App() {
 *   const client = useResilientWebSocket(protocol, { url: "wss://chat.example/ws" });
 *   return (
 *     <ClientProvider client={client}>
 *       <ConnectionBadge />
 *       <ConnectionBanner />
 *       <Thread id="welcome" />
 *       <ConnectionToasts />
 *     </ClientProvider>
 *   );
 * }
 * ```
 */
export { type Badge, badgeOf } from "./badge.js";
export { BANNER, type BannerMemory, type BannerOptions, type BannerView, bannerRule } from "./banner.js";
export type { Connection } from "./connection.js";
export { ConnectionBadge, type PieceProps } from "./connection-badge.js";
export { BANNER_TEXTS, type BannerTexts, ConnectionBanner, type ConnectionBannerProps } from "./connection-banner.js";
export { ConnectionToasts, type ConnectionToastsProps } from "./connection-toasts.js";
export { ClientProvider, useClient } from "./context.js";
export type { Judged, Rule } from "./observed.js";
// `export *`, so that applications can fill in `Register` under the name of this entry.
export * from "./register.js";
export { ageText, type StaleView, staleRule } from "./stale.js";
export { StaleData, type StaleDataProps } from "./stale-data.js";
export {
  contractWords,
  TOASTS,
  type Toast,
  type ToastMemory,
  type ToastOptions,
  type ToastText,
  type ToastWords,
  toastRule,
} from "./toasts.js";
export { useConnectionState } from "./use-connection-state.js";
export { type RequestState, type UseRequest, useRequest } from "./use-request.js";
export { useResilientWebSocket } from "./use-resilient-web-socket.js";
export { type TopicOptions, useTopic } from "./use-topic.js";
export { type TopicEvent, useTopicState } from "./use-topic-state.js";

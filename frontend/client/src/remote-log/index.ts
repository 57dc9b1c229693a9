/**
 * Where what the client says of itself goes: the server's log, and the console.
 *
 * ```ts
 * import { allLogs, consoleLog, remoteLog } from "@tightwire/client/remote-log";
 *
 * const client = createClient(protocol, { url, log: allLogs(consoleLog("info"), remoteLog("/api/client-logs")) });
 * ```
 */
export { allLogs, consoleLog } from "./console-log.js";
export { type RemoteLog, type RemoteLogOptions, remoteLog } from "./remote-log.js";

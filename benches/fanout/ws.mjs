// npm `ws` as its documentation shows it: broadcast to every client, one frame per byte on the control connection.
import { createServer } from "node:net";
import { WebSocketServer } from "ws";

const [port, controlPort, frameBytes, pongBytes] = process.argv.slice(2).map(Number);
const frame = "x".repeat(frameBytes - 4);
const pong = "x".repeat(pongBytes - 4);

const server = new WebSocketServer({ host: "127.0.0.1", port, path: "/ws" });
server.on("connection", (client) => {
  client.on("error", () => client.terminate());
  client.on("message", () => client.send(pong));
});

createServer((control) => {
  control.on("data", (bytes) => {
    for (let count = 0; count < bytes.length; count += 1) {
      for (const client of server.clients) {
        client.send(frame);
      }
    }
  });
  control.on("close", () => process.exit(0));
}).listen(controlPort, "127.0.0.1");

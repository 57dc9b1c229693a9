//! Tests for WebSocket protocols: a harness that checks every frame against the contract.
//!
//! | module | what is in it |
//! |---|---|
//! | [`harness`] | [`WsHarness`]: contract and options; connects clients to a URL, an address, a stream or a server of its own |
//! | [`client`] | [`WsClient`]: sends, requests, expects |
//! | [`expect`] | expectations and how to narrow them; [`expect_seq!`] |
//! | [`contract`] | [`Contract`]: the JSON Schema bundle that frames are checked against |
//! | [`sequence`] | patterns of frames such as `stream_start, stream_chunk+, stream_end` |
//! | [`time`] | the paused clock |
//! | [`process`] | [`ServerProcess`]: a real server binary for the length of a test |
//! | [`pact`] | contracts that consumers' tests write, in the format Pact V4 |
//! | [`memory`] | [`Memory`]: what a process takes of the machine's memory |
//! | [`fuzz`] | sequence fuzzing: random conversations, judged by a model of the session |
//! | [`raw`] | [`RawClient`]: bytes in, frames out, for what no well-behaved client does |
//!
//! The harness knows the Tightwire envelope and the session's heartbeat, and nothing of any application.
//!
//! ```
//! use serde_json::json;
//! use tightwire_testkit::{Contract, WsHarness, expect_seq};
//! # use futures_util::{SinkExt, StreamExt};
//! # async fn serve(io: tokio::io::DuplexStream) {
//! #     let (_, mut socket) = tokio_websockets::ServerBuilder::new().accept(io).await.unwrap();
//! #     let frame: serde_json::Value = serde_json::from_str(socket.next().await.unwrap().unwrap().as_text().unwrap()).unwrap();
//! #     for number in [1, 2] {
//! #         let echo = json!({"v": 1, "id": uuid::Uuid::new_v4(), "type": "echo", "topic": "room", "ts": 0,
//! #             "correlation_id": frame["id"], "data": {"number": number}});
//! #         socket.send(tokio_websockets::Message::text(echo.to_string())).await.unwrap();
//! #     }
//! #     socket.close().await.unwrap();
//! # }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! // In a test: include_str!("../generated/schema/ws_messages.schema.json"), or `CONTRACT.schema_bundle` of generated code.
//! let bundle = r##"{
//!     "definitions": {
//!         "Say": {"type": "object", "required": ["v", "id", "type", "topic", "ts", "data"]},
//!         "Echo": {"properties": {"data": {"required": ["number"]}}}
//!     },
//!     "x-messages": {
//!         "to_server": {"say": {"$ref": "#/definitions/Say"}},
//!         "to_client": {"echo": {"$ref": "#/definitions/Echo"}}
//!     }
//! }"##;
//! let server = WsHarness::spawn(Contract::from_bundle(bundle).unwrap(), |io| serve(io));
//! let mut client = server.connect().await;
//!
//! let reply = client.request("say", "room", json!({"text": "hello"})).await;
//! assert_eq!(reply.data["number"], 1);
//! let rest = expect_seq!(client, [echo]).on("room").await;
//! assert_eq!(rest[0].correlation_id, reply.correlation_id);
//! client.expect_close(1000).await;
//! # }
//! ```

pub mod client;
mod connection;
pub mod contract;
pub mod expect;
mod failure;
pub mod frame;
pub mod fuzz;
mod handshake;
pub mod harness;
mod json;
pub mod memory;
pub mod pact;
mod positions;
pub mod process;
pub mod raw;
pub mod sequence;
mod session;
pub mod target;
pub mod time;
mod transcript;

pub use client::{Closed, WsClient};
pub use contract::Contract;
pub use frame::Frame;
pub use harness::{ConnectError, Served, WsHarness};
pub use memory::Memory;
pub use process::ServerProcess;
pub use raw::{RawClient, RawFrame};
pub use target::Target;

//! What the benchmarks share.
//!
//! | module | what is in it |
//! |---|---|
//! | [`cores`] | which core a process runs on |
//! | [`process`] | a server's process, and what it takes of the machine |
//! | [`wire`] | what clients send, and a counter of the frames that arrive |
//! | [`open`] | opening a WebSocket |
//! | [`document`] | tables between the markers of a document |

pub mod cores;
pub mod document;
pub mod open;
pub mod process;
pub mod wire;

//! The chat server under random conversations, and what shows that these would find something.

#[path = "../common/mod.rs"]
mod common;

mod chat;
mod conversations;
mod mutants;
mod real_sockets;
mod reproduced;
mod reproductions;
mod sequences;
mod stage;
mod tampering;

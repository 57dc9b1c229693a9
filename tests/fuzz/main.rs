//! The chat server under random conversations, and what shows that these would find something.

#[path = "../common/mod.rs"]
mod common;

mod conversations;
mod stage;
mod tampering;

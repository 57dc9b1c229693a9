//! What the protections hold off, shown from outside: the real chat server in a process of its own, real sockets, and a
//! client without manners. One file per family of attacks; each says what the attacker gets to see, and `arena` that the
//! server is none the worse for it.

mod arena;
#[path = "../common/mod.rs"]
mod common;
#[path = "../common/dice.rs"]
mod dice;
mod drain;
mod flooding;
mod framing;
mod handshake;
mod http;
mod idle;
mod slowness;
mod soak;
mod topics;

//! Who may connect, from outside: tokens and what follows where they are missing, wrong or too old.

mod custom;
mod expiry;
mod handshake;
mod http;
mod keys;
mod rotation;
mod secrecy;
pub(crate) mod tokens;
mod topics;

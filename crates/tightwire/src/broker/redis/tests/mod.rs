//! Brokers over a real Redis, as the nodes of a system have them. Where `redis-server` is not installed the tests say so
//! and pass.

mod failing;
mod fencing;
mod following;
mod losing;
mod missing;
mod node;
mod places;
mod refusing;
mod sharing;
mod strange;

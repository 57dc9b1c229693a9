//! What tests of brokers stand on: Redis servers of their own, and a proxy that loses connections.
//!
//! | module | what is in it |
//! |---|---|
//! | [`redis`] | [`RedisServer`]: a real `redis-server` for the length of a test, which can be stopped, emptied, paused and killed |
//! | [`cluster`] | [`RedisCluster`]: three masters that share the slots |
//! | [`sentinel`] | [`RedisSentinel`]: a master, a replica, and who promotes it |
//! | [`wire`] | [`Wire`]: one connection to a Redis server, for what a test asks of it directly |
//! | [`proxy`] | [`ChaosProxy`]: a TCP proxy that cuts, stalls, and delivers late |
//! | [`until`] | [`until()`](until::until): waits for something to become true |
//!
//! Everything here blocks for the moment that it takes and runs on threads of its own. So it works in tests of any kind,
//! whatever runtime they have and whether its clock runs or not. It depends on nothing else of the project, so that the
//! runtime's own tests can use it.

pub mod cluster;
mod port;
pub mod proxy;
pub mod redis;
pub mod sentinel;
pub mod until;
pub mod wire;

pub use cluster::RedisCluster;
pub use proxy::{ChaosProxy, Direction};
pub use redis::RedisServer;
pub use sentinel::RedisSentinel;
pub use until::until;
pub use wire::{Reply, Wire};

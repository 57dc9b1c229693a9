//! Redis with Sentinel: a master, a replica, and who promotes it.

use std::net::SocketAddr;

use crate::proxy::ChaosProxy;
use crate::redis::{Launch, RedisServer, is_installed};
use crate::until::until;

/// What the master is called.
pub const MASTER: &str = "tightwire";

/// A master, its replica, and a sentinel that promotes the replica half a second after the master is gone.
#[derive(Debug)]
pub struct RedisSentinel {
    /// The first master.
    pub master: RedisServer,
    /// Its replica.
    pub replica: RedisServer,
    /// Who watches them.
    pub sentinel: RedisServer,
    /// Between the replica and the master: what the replica does not get is lost when it is promoted.
    pub link: ChaosProxy,
}

impl RedisSentinel {
    /// Starts them, and waits until the replica follows and the sentinel knows both. `None`, with the reason printed,
    /// where Redis is not installed.
    ///
    /// # Panics
    /// Where it is installed and does not start.
    #[must_use]
    pub fn start() -> Option<Self> {
        Self::start_with(RedisServer::launch())
    }

    /// The same with a sentinel that is started like that, for instance with a password.
    ///
    /// # Panics
    /// Where Redis is installed and does not start.
    #[must_use]
    pub fn start_with(sentinel: Launch) -> Option<Self> {
        if !is_installed() {
            return None;
        }
        let fresh = || RedisServer::launch().append_only().line("repl-diskless-sync-delay 0");
        let master = fresh().start().expect("it is installed");
        let port = master.port();
        let link = ChaosProxy::start(master.address());
        let through = link.address().port();
        let replica = fresh().line(format!("replicaof 127.0.0.1 {through}")).start().expect("it is installed");
        // The replica believes so a moment before the master does.
        until("the replica follows", || master.info("connected_slaves").starts_with('1').then_some(()));
        until("the replica is sent what is new", || master.info("slave0").contains("state=online").then_some(()));
        let sentinel = sentinel
            .line(format!("sentinel monitor {MASTER} 127.0.0.1 {port} 1"))
            .line(format!("sentinel down-after-milliseconds {MASTER} 500"))
            .line(format!("sentinel failover-timeout {MASTER} 3000"))
            .sentinel()
            .start()
            .expect("it is installed");
        until("the sentinel knows the replica", || {
            (sentinel.ask(&["SENTINEL", "REPLICAS", MASTER]).list().len() == 1).then_some(())
        });
        Some(Self { master, replica, sentinel, link })
    }

    /// The URL that names the sentinel and the master's name.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis+sentinel://{}/{MASTER}", self.sentinel.address())
    }

    /// Where the sentinel says that the master is.
    ///
    /// # Panics
    /// Where the sentinel does not answer.
    #[must_use]
    pub fn master_address(&self) -> SocketAddr {
        let answer = self.sentinel.ask(&["SENTINEL", "GET-MASTER-ADDR-BY-NAME", MASTER]);
        let [host, port] = answer.list() else { panic!("no master: {answer}") };
        format!("{host}:{port}").parse().expect("an address")
    }

    /// Waits until the replica has everything that was written until now.
    pub fn until_replicated(&self) {
        let offset = |server: &RedisServer, field| server.info(field).parse::<u64>().expect("a number");
        let written = offset(&self.master, "master_repl_offset");
        until("the replica has everything", || (offset(&self.replica, "slave_repl_offset") >= written).then_some(()));
    }

    /// Kills the master and waits until the replica is promoted.
    pub fn fail_over(&mut self) {
        let promoted = self.replica.address();
        self.master.kill();
        until("the replica is promoted", || {
            (self.master_address() == promoted && self.replica.info("role") == "master").then_some(())
        });
    }
}

//! A real `redis-server` for the length of a test.

mod launch;

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

pub use self::launch::Launch;
use crate::port;
use crate::until::until;
use crate::wire::{Reply, Wire};

const PROGRAM: &str = "redis-server";
/// How many ports are tried where somebody else was quicker.
const PORTS: usize = 5;

/// A Redis server that runs on a port and in a folder of its own. Killed when dropped; where the test is failing then,
/// its log is shown.
///
/// ```
/// use tightwire_testbed::RedisServer;
///
/// let Some(mut redis) = RedisServer::start() else { return };
/// redis.ask(&["SET", "key", "value"]);
/// redis.start_empty();
/// assert_eq!(redis.ask(&["GET", "key"]).text(), None);
/// ```
#[derive(Debug)]
pub struct RedisServer {
    launch: Launch,
    folder: TempDir,
    port: u16,
    child: Option<Child>,
}

/// Whether `redis-server` is installed. Where it is not, says so, once in a process.
#[must_use]
#[expect(clippy::print_stderr, reason = "the test runner shows it")]
pub fn is_installed() -> bool {
    static INSTALLED: OnceLock<bool> = OnceLock::new();
    *INSTALLED.get_or_init(|| {
        let found = Command::new(PROGRAM).arg("--version").stdout(Stdio::null()).status().is_ok();
        if !found {
            eprintln!(
                "SKIPPED: there is no `{PROGRAM}` (Debian package redis-server); `make redis-server` installs it"
            );
        }
        found
    })
}

impl RedisServer {
    /// Starts one that keeps its data in memory only. `None`, with the reason printed, where it is not installed.
    ///
    /// # Panics
    /// Where it is installed and does not start.
    #[must_use]
    pub fn start() -> Option<Self> {
        Self::launch().start()
    }

    /// Begins to describe one.
    pub fn launch() -> Launch {
        Launch::default()
    }

    fn launched(launch: Launch) -> Self {
        let folder = TempDir::new().expect("a folder");
        let mut server = Self { launch, folder, port: 0, child: None };
        for _ in 0..PORTS {
            server.port = port::free();
            let config = server.launch.config(server.port, &server.data());
            fs::write(server.config(), config).expect("its own folder");
            if server.try_to_run() {
                return server;
            }
        }
        panic!("{PROGRAM} does not start; its log:\n{}", server.log())
    }

    /// Where it listens, now or when it is started again.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// Its URL, with user and password if it has one.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_at(self.address())
    }

    /// The same through a proxy that listens at `address`.
    #[must_use]
    pub fn url_at(&self, address: SocketAddr) -> String {
        match self.launch.credentials() {
            Some((user, password)) => format!("redis://{user}:{password}@{address}"),
            None => format!("redis://{address}"),
        }
    }

    /// A connection that may do everything that the server's user may.
    ///
    /// # Panics
    /// Where the server does not run.
    #[must_use]
    pub fn wire(&self) -> Wire {
        self.try_wire().expect("it runs")
    }

    /// Asks it something on a connection for this alone.
    ///
    /// # Panics
    /// Where it does not run, or refuses.
    #[track_caller]
    pub fn ask(&self, command: &[&str]) -> Reply {
        match self.wire().ask(command).expect("it runs") {
            Reply::Error(error) => panic!("{command:?}: {error}"),
            reply => reply,
        }
    }

    /// A number from `INFO`, for instance `used_cpu_user` or `total_commands_processed`.
    ///
    /// # Panics
    /// Where it does not run, or there is no such field.
    #[must_use]
    #[track_caller]
    pub fn info(&self, field: &str) -> String {
        let all = self.ask(&["INFO", "everything"]);
        let line =
            all.text().into_iter().flat_map(str::lines).find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
        line.unwrap_or_else(|| panic!("`{field}` is not in INFO")).to_owned()
    }

    /// Ends it as a system does that goes down: what is appended to a file is there when it is started again, the rest is
    /// not.
    pub fn stop(&mut self) {
        self.signal(Signal::TERM);
        let mut child = self.child.take().expect("it runs");
        until("the server ends after SIGTERM", || child.try_wait().expect("a child"));
    }

    /// Ends it as a power cut does.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Either call only fails where the process has ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Starts it again after [`stop`](Self::stop) or [`kill`](Self::kill), on the same port and with what it has kept.
    ///
    /// # Panics
    /// Where it does not start.
    #[track_caller]
    pub fn start_again(&mut self) {
        assert!(self.child.is_none(), "it runs");
        // Not at once where the port is needed by somebody for a moment.
        until("the server starts again", || self.try_to_run().then_some(()));
    }

    /// Kills it if it runs, and starts it again on the same port without any data.
    ///
    /// # Panics
    /// Where it does not start.
    #[track_caller]
    pub fn start_empty(&mut self) {
        self.kill();
        fs::remove_dir_all(self.data()).expect("its own folder");
        self.start_again();
    }

    /// Lets it do nothing at all (SIGSTOP). Connections are accepted by the system, and nobody answers.
    pub fn pause(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it go on (SIGCONT).
    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    /// What it has logged.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read(self.folder.path().join("log"))
            .map(|log| String::from_utf8_lossy(&log).into_owned())
            .unwrap_or_default()
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Sentinel also writes to it what it gets to know.
    fn config(&self) -> PathBuf {
        self.folder.path().join("config")
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn signal(&self, signal: Signal) {
        let child = self.child.as_ref().expect("it runs");
        let id = i32::try_from(child.id()).ok().and_then(Pid::from_raw).expect("a process id");
        kill_process(id, signal).expect("it is ours and not yet waited for");
    }

    fn try_wire(&self) -> Option<Wire> {
        let mut wire = Wire::connect(self.address()).ok()?;
        if let Some((user, password)) = self.launch.credentials() {
            wire.ask(&["AUTH", user, password]).ok()?;
        }
        Some(wire)
    }

    /// Starts the process and waits until it answers. False if it ended, for instance since its port is taken.
    fn try_to_run(&mut self) -> bool {
        fs::create_dir_all(self.data()).expect("its own folder");
        let log =
            File::options().create(true).append(true).open(self.folder.path().join("log")).expect("its own folder");
        let mut command = Command::new(PROGRAM);
        command.arg(self.config()).args(self.launch.is_sentinel().then_some("--sentinel"));
        command.stdin(Stdio::null()).stderr(log.try_clone().expect("a file")).stdout(log);
        let mut child = command.spawn().expect("it is installed");
        let id = child.id().to_string();
        let runs = until("the server answers", || {
            if child.try_wait().expect("a child").is_some() {
                return Some(false);
            }
            // Somebody else may listen there; then this one is about to end.
            let mut wire = self.try_wire()?;
            let answer = wire.ask(&["INFO", "server"]).ok()?;
            let is_ours = answer.text()?.lines().any(|line| line.strip_prefix("process_id:") == Some(&id));
            (is_ours && wire.ask(&["PING"]).ok()? == Reply::Text("PONG".to_owned())).then_some(true)
        });
        if runs {
            self.child = Some(child);
        }
        runs
    }
}

impl Drop for RedisServer {
    #[expect(clippy::print_stderr, reason = "the test runner shows it beside the failure")]
    fn drop(&mut self) {
        self.kill();
        if thread::panicking() {
            eprintln!("the Redis server on port {} logged:\n{}", self.port, self.log());
        }
    }
}

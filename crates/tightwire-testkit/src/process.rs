//! A server binary that runs for the length of a test.
//!
//! It gets a free port, is waited for until it is ready (never for a fixed time), is killed when the fixture is dropped,
//! and what it printed is shown where the test fails. The command has to be the server itself and not something that
//! starts it, and tokio's clock has to run: a paused one would be at the deadline before the process has begun.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Read};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::ops::Range;
use std::panic::Location;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::memory::Memory;

/// How many lines of output are kept.
const LINES: usize = 200;
/// How often a starting or ending process is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// How many ports are tried where another process was quicker.
const PORTS: usize = 3;

/// The ports that are picked from, and how many are tried until one is free.
const FREE_PORTS: Range<u16> = 3_000..11_000;
const ATTEMPTS: usize = 100;

/// A running server. Killed when dropped; where the test is failing then, its output is printed.
#[derive(Debug)]
pub struct ServerProcess {
    child: Child,
    address: SocketAddr,
    output: Arc<Output>,
}

/// How to start a [`ServerProcess`].
///
/// `{port}` and `{addr}` in arguments and environment values stand for the port that was picked and for
/// `127.0.0.1:{port}`.
#[derive(Clone, Debug)]
#[must_use = "nothing is started before `start`"]
pub struct Launch {
    command: String,
    args: Vec<String>,
    env: Vec<(String, String)>,
    address: Option<SocketAddr>,
    ready: Ready,
    within: Duration,
}

#[derive(Clone, Debug)]
enum Ready {
    /// The port accepts connections.
    Listening,
    /// `GET` of that path answers 2xx.
    Http(String),
    /// A line of output contains that text.
    Log(String),
}

/// The newest lines of standard output and standard error, as they came. Written by one thread per pipe.
#[derive(Debug, Default)]
struct Output {
    lines: Mutex<VecDeque<String>>,
}

impl ServerProcess {
    /// Begins to describe how to start the binary, for instance `env!("CARGO_BIN_EXE_chat")`.
    pub fn command(binary: impl Into<String>) -> Launch {
        Launch {
            command: binary.into(),
            args: Vec::new(),
            env: Vec::new(),
            address: None,
            ready: Ready::Listening,
            within: Duration::from_secs(10),
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The id of the process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it takes of the machine's memory.
    ///
    /// # Errors
    /// If it does not run, or this is not Linux.
    pub fn memory(&self) -> io::Result<Memory> {
        Memory::of(self.id())
    }

    /// `ws://` and that path on the server, for [`WsHarness::connect`](crate::WsHarness::connect).
    #[must_use]
    pub fn ws_url(&self, path: &str) -> String {
        format!("ws://{}{path}", self.address)
    }

    /// `http://` and that path on the server.
    #[must_use]
    pub fn http_url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What it printed last, standard output and standard error in the order they came.
    #[must_use]
    pub fn output(&self) -> String {
        self.output.text()
    }

    /// Waits for a line of output that contains the text, and gives the line.
    ///
    /// # Panics
    /// Where it does not come in time.
    #[track_caller]
    pub fn wait_for_output<'a>(&'a self, text: &'a str, within: Duration) -> impl Future<Output = String> + 'a {
        let at = Location::caller();
        async move {
            let deadline = Instant::now() + within;
            loop {
                if let Some(line) = self.output.find(text) {
                    return line;
                }
                if Instant::now() >= deadline {
                    panic!(
                        "at {at}\n  no line with `{text}` within {within:?}; the server printed:\n{}",
                        self.output()
                    );
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        }
    }

    /// Asks it to end (SIGTERM) and waits for it.
    ///
    /// # Panics
    /// Where it does not end in time.
    #[cfg(unix)]
    #[track_caller]
    pub fn terminate(&mut self, within: Duration) -> impl Future<Output = ExitStatus> {
        let at = Location::caller();
        async move {
            // The `kill` of the system, since signals need unsafe code or one more dependency.
            let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
            let deadline = Instant::now() + within;
            loop {
                match self.child.try_wait() {
                    Ok(Some(status)) => return status,
                    Ok(None) if Instant::now() < deadline => tokio::time::sleep(LOOK_EVERY).await,
                    still => panic!(
                        "at {at}\n  the server did not end within {within:?} of SIGTERM ({asked:?}, {still:?}); it printed:\n{}",
                        self.output()
                    ),
                }
            }
        }
    }
}

impl Drop for ServerProcess {
    #[expect(clippy::print_stderr, reason = "the test runner shows it beside the failure")]
    fn drop(&mut self) {
        // Either call only fails where the process has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("the server on {} printed:\n{}", self.address, self.output());
        }
    }
}

impl Launch {
    /// Adds arguments.
    pub fn args<I: IntoIterator>(mut self, args: I) -> Self
    where
        I::Item: Into<String>,
    {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Sets an environment variable.
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// Gives it that address instead of a free one, for instance that of a server whose place it takes.
    pub fn at(mut self, address: SocketAddr) -> Self {
        self.address = Some(address);
        self
    }

    /// Ready when `GET` of that path answers with a 2xx status. Default: when the port accepts connections.
    pub fn ready_when_http(mut self, path: impl Into<String>) -> Self {
        self.ready = Ready::Http(path.into());
        self
    }

    /// Ready when a line of its output contains that text. Default: when the port accepts connections.
    pub fn ready_when_log(mut self, text: impl Into<String>) -> Self {
        self.ready = Ready::Log(text.into());
        self
    }

    /// How long the start may take. Default: 10 s.
    pub fn within(mut self, within: Duration) -> Self {
        self.within = within;
        self
    }

    /// Starts the server and waits until it is ready.
    ///
    /// # Panics
    /// Where it cannot be started, ends, or is not ready in time; with what it printed.
    #[track_caller]
    pub fn start(self) -> impl Future<Output = ServerProcess> {
        let at = Location::caller();
        async move {
            let mut failure = String::new();
            for _ in 0..PORTS {
                match self.start_once().await {
                    Ok(server) => return server,
                    Err(Unready::PortTaken(error)) => failure = error,
                    Err(Unready::Failed(error)) => {
                        failure = error;
                        break;
                    }
                }
            }
            panic!("at {at}\n  could not start {}: {failure}", self.command)
        }
    }

    async fn start_once(&self) -> Result<ServerProcess, Unready> {
        let address = self.address.map_or_else(free_address, Ok);
        let address = address.map_err(|error| Unready::Failed(format!("no free port: {error}")))?;
        let fill =
            |text: &str| text.replace("{port}", &address.port().to_string()).replace("{addr}", &address.to_string());
        let mut child = Command::new(OsStr::new(&self.command))
            .args(self.args.iter().map(|arg| fill(arg)))
            .envs(self.env.iter().map(|(name, value)| (name, fill(value))))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| Unready::Failed(error.to_string()))?;
        let output = Arc::new(Output::default());
        output.collect(child.stdout.take());
        output.collect(child.stderr.take());
        let mut server = ServerProcess { child, address, output };
        let deadline = Instant::now() + self.within;
        loop {
            if self.ready.is_met(&server).await {
                return Ok(server);
            }
            if let Ok(Some(status)) = server.child.try_wait() {
                // The pipes are read to their end by threads that the exit does not wait for.
                tokio::time::sleep(LOOK_EVERY).await;
                let output = server.output();
                let error = format!("it ended ({status}) before it was ready; it printed:\n{output}");
                let taken = output.to_lowercase().contains("in use");
                return Err(if taken { Unready::PortTaken(error) } else { Unready::Failed(error) });
            }
            if Instant::now() >= deadline {
                let (ready, within) = (&self.ready, self.within);
                let output = server.output();
                return Err(Unready::Failed(format!("not ready ({ready:?}) within {within:?}; it printed:\n{output}")));
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

enum Unready {
    PortTaken(String),
    Failed(String),
}

impl Ready {
    async fn is_met(&self, server: &ServerProcess) -> bool {
        match self {
            Self::Listening => TcpStream::connect(server.address).await.is_ok(),
            Self::Http(path) => http_ok(server.address, path).await.unwrap_or(false),
            Self::Log(text) => server.output.find(text).is_some(),
        }
    }
}

impl Output {
    fn collect(self: &Arc<Self>, pipe: Option<impl Read + Send + 'static>) {
        let Some(pipe) = pipe else { return };
        let output = Arc::clone(self);
        // Ends with the process, which holds the other end of the pipe.
        thread::spawn(move || {
            let mut lines = BufReader::new(pipe).split(b'\n');
            while let Some(Ok(line)) = lines.next() {
                let mut kept = output.lines.lock().unwrap_or_else(PoisonError::into_inner);
                if kept.len() == LINES {
                    kept.pop_front();
                }
                kept.push_back(String::from_utf8_lossy(&line).into_owned());
            }
        });
    }

    fn find(&self, text: &str) -> Option<String> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().find(|line| line.contains(text)).cloned()
    }

    fn text(&self) -> String {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().fold(String::new(), |mut text, line| {
            let _ = writeln!(text, "  {line}");
            text
        })
    }
}

/// Somebody else may take the port before the server does; [`Launch::start`] then tries another. It is none of those that
/// systems give to whoever asks for any, as all that runs beside this test does: whoever had taken it would look like the server.
fn free_address() -> io::Result<SocketAddr> {
    let mut taken = None;
    for _ in 0..ATTEMPTS {
        let [high, low, ..] = *uuid::Uuid::new_v4().as_bytes();
        let port = FREE_PORTS.start + u16::from_be_bytes([high, low]) % FREE_PORTS.len() as u16;
        match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            Ok(listener) => return listener.local_addr(),
            Err(error) => taken = Some(error),
        }
    }
    Err(taken.unwrap_or_else(|| io::ErrorKind::AddrInUse.into()))
}

async fn http_ok(address: SocketAddr, path: &str) -> io::Result<bool> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut status = [0; 12];
    // A server that accepts and then hangs must not hang the test.
    tokio::time::timeout(Duration::from_secs(1), stream.read_exact(&mut status)).await??;
    Ok(status.starts_with(b"HTTP/1.") && status[9] == b'2')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server answers `answer` to one connection; whether that counts as ready must be as `expected`.
    async fn check_http(answer: &'static str, expected: Option<bool>) {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 1024];
            let length = stream.read(&mut request).await.unwrap();
            stream.write_all(answer.as_bytes()).await.unwrap();
            String::from_utf8_lossy(&request[..length]).into_owned()
        });
        assert_eq!(http_ok(address, "/health?x").await.ok(), expected, "{answer}");
        assert!(serving.await.unwrap().starts_with("GET /health?x HTTP/1.1\r\n"));
    }

    #[tokio::test]
    async fn only_a_2xx_answer_is_ready() {
        check_http("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", Some(true)).await;
        check_http("HTTP/1.0 204 No Content\r\n\r\n", Some(true)).await;
        check_http("HTTP/1.1 503 Service Unavailable\r\n\r\n", Some(false)).await;
        check_http("SSH-2.0-OpenSSH_9", Some(false)).await;
        check_http("", None).await;
    }
}

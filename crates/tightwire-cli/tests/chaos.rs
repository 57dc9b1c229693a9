//! `tightwire chaos` from outside, in front of a server that repeats what it is told.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// A server that sends back what comes.
fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || std::io::copy(&mut stream.try_clone()?, &mut &stream));
        }
    });
    address
}

/// A `chaos` that runs.
struct Chaos {
    child: Child,
    lines: BufReader<ChildStdout>,
    address: SocketAddr,
}

impl Chaos {
    fn start(upstream: SocketAddr, arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tightwire"));
        command.args(["chaos", "127.0.0.1:0", &upstream.to_string()]).args(arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
        let lines = BufReader::new(child.stdout.take().expect("piped"));
        let mut chaos = Self { child, lines, address: upstream };
        let line = chaos.until("listening at ");
        let address = line.strip_prefix("listening at ").and_then(|rest| rest.split(',').next()).expect("an address");
        chaos.address = address.parse().expect("an address");
        chaos
    }

    /// Reads up to a line with this text.
    #[track_caller]
    fn until(&mut self, text: &str) -> String {
        let mut line = String::new();
        while !line.contains(text) {
            line.clear();
            assert!(self.lines.read_line(&mut line).expect("text") > 0, "there is no `{text}`");
        }
        line
    }

    /// Types a command, and waits until it is in force.
    #[track_caller]
    fn say(&mut self, command: &str) {
        writeln!(self.child.stdin.as_mut().expect("piped"), "{command}").expect("it reads");
        self.until(&format!(" s  {command}"));
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }
}

impl Drop for Chaos {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Says something, and expects to hear it.
#[track_caller]
fn exchange(stream: &mut TcpStream, text: &str) {
    stream.write_all(text.as_bytes()).expect("it is connected");
    hear(stream, text);
}

#[track_caller]
fn hear(stream: &mut TcpStream, text: &str) {
    let mut heard = vec![0; text.len()];
    stream.read_exact(&mut heard).expect("an answer");
    assert_eq!(String::from_utf8_lossy(&heard), text);
}

#[track_caller]
fn is_reset(stream: &mut TcpStream) {
    let error = stream.read(&mut [0]).expect_err("no end, but a reset");
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[test]
fn what_is_typed_happens() {
    let mut chaos = Chaos::start(echo(), &[]);
    let mut stream = chaos.connect();
    exchange(&mut stream, "hello");

    chaos.say("stall up");
    stream.write_all(b"held").unwrap();
    // The bytes are where nobody hears them.
    while !chaos.status().contains("4 bytes held") {}
    chaos.say("pass");
    hear(&mut stream, "held");

    chaos.say("reset");
    is_reset(&mut stream);
    let mut stream = chaos.connect();
    exchange(&mut stream, "again");

    chaos.say("cut");
    is_reset(&mut stream);
    is_reset(&mut chaos.connect());
    chaos.say("pass");
    exchange(&mut chaos.connect(), "and again");

    let mut stream = chaos.connect();
    chaos.say("delay 200ms");
    let before = Instant::now();
    exchange(&mut stream, "slow");
    assert!(before.elapsed() >= Duration::from_millis(400), "there and back");

    writeln!(chaos.child.stdin.as_mut().unwrap(), "dance\nquit").unwrap();
    assert_eq!(chaos.child.wait().unwrap().code(), Some(0));
}

impl Chaos {
    fn status(&mut self) -> String {
        writeln!(self.child.stdin.as_mut().expect("piped"), "status").expect("it reads");
        self.until("bytes held")
    }
}

#[test]
fn a_script_happens_by_itself_and_ends_well() {
    let mut chaos = Chaos::start(echo(), &["--script", "cut 300ms, stall 300ms"]);
    // Nobody types here.
    drop(chaos.child.stdin.take());
    chaos.until(" s  stall");
    let mut stream = chaos.connect();
    exchange(&mut stream, "held until all is well");
    chaos.until(" s  pass");
    exchange(&mut stream, "and goes on");
}

#[test]
fn chance_says_its_seed() {
    let mut chaos = Chaos::start(echo(), &["--every", "40ms", "--longest", "30ms", "--seed", "7"]);
    chaos.until("--seed 7 repeats what happens");
    for _ in 0..3 {
        chaos.until(" s  pass");
    }
}

#[test]
fn a_server_that_is_not_there_is_for_the_client_to_find_out() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let chaos = Chaos::start(nobody, &[]);
    is_reset(&mut chaos.connect());
}

#[test]
fn what_cannot_be_done_is_said() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let run = |arguments: &[&str]| {
        let output =
            Command::new(env!("CARGO_BIN_EXE_tightwire")).arg("chaos").args(arguments).output().expect("it starts");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, said) = run(&[&taken.local_addr().unwrap().to_string(), "127.0.0.1:1"]);
    assert!(code == Some(3) && said.contains("cannot listen at"), "{code:?} {said}");
    let (code, said) = run(&["127.0.0.1:0", "127.0.0.1:1", "--script", "dance 5s"]);
    assert!(code == Some(2) && said.contains("`dance` is none of"), "{code:?} {said}");
}

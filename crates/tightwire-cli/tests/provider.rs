//! `tightwire contract provider` from outside, as tests in any language use it: HTTP to say what is relied on, a WebSocket to try it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

/// A provider that runs.
struct Provider {
    child: Child,
    input: ChildStdin,
    address: String,
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn command(spec: &Path, out: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tightwire"));
    command.args(["contract", "provider", "--consumer", "test", "--provider", "chat", "--spec"]).arg(spec);
    command.arg("--out").arg(out).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

impl Provider {
    fn start(out: &Path, arguments: &[&str]) -> Self {
        let mut child = command(&root().join("asyncapi/chat.yml"), out).args(arguments).spawn().expect("it starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("text");
        let line: Value = serde_json::from_str(&line).expect("the first line is JSON");
        let address = line["address"].as_str().expect("an address").to_owned();
        assert_eq!(line["control"], format!("http://{address}/__pact/"));
        let input = child.stdin.take().expect("piped");
        Self { child, input, address }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket");
        stream
    }

    fn ask(&self, path: &str, body: &Value) -> (u16, Value) {
        let mut stream = self.connect();
        let body = body.to_string();
        write!(stream, "POST /__pact/{path} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}", body.len())
            .expect("it reads");
        let mut response = String::new();
        stream.read_to_string(&mut response).expect("it answers");
        let (head, body) = response.split_once("\r\n\r\n").expect("a head");
        let status = head.split(' ').nth(1).expect("a status").parse().expect("a number");
        (status, serde_json::from_str(body).expect("JSON"))
    }

    /// Begins a test whose client relies on the server's greeting.
    fn expect_greeting(&self) {
        assert_eq!(
            self.ask("sessions", &json!({})),
            (200, json!({"session": 1, "url": format!("ws://{}/1", self.address)}))
        );
        let chat = std::fs::read_to_string(root().join("contracts/rust-client-v1.json")).expect("committed");
        let chat: Value = serde_json::from_str(&chat).expect("JSON");
        let greeted = chat["interactions"].as_array().expect("a list").iter();
        let mut greeted = greeted.filter(|one| one["description"] == "the Rust client is greeted");
        let data = greeted.next().expect("it is in there")["contents"]["content"]["data"].clone();
        let push = json!({"type": "connection_established", "topic": "system", "data": data});
        let interaction = json!({"description": "a greeting", "push": push, "x-ws": {"deadline_ms": 1000}});
        assert_eq!(self.ask("sessions/1/interactions", &interaction), (200, json!({"interaction": 0})));
    }

    /// Connects as the client does, and waits for the greeting.
    fn greet(&self) -> TcpStream {
        let mut stream = self.connect();
        let upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13";
        write!(
            stream,
            "GET /1 HTTP/1.1\r\nHost: x\r\n{upgrade}\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        .expect("it reads");
        let mut read = Vec::new();
        while !String::from_utf8_lossy(&read).contains("connection_established") {
            let mut buffer = [0; 4096];
            let length = stream.read(&mut buffer).expect("it greets");
            assert!(length > 0, "it left");
            read.extend(&buffer[..length]);
        }
        stream
    }

    /// Ends it as a test's end does.
    fn end(mut self) -> ExitStatus {
        drop(self.input);
        self.child.wait().expect("it ends")
    }
}

#[test]
fn records_and_compares() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("contracts/test.json");
    let provider = Provider::start(&out, &[]);
    provider.expect_greeting();
    let client = provider.greet();
    let (status, ended) = provider.ask("sessions/1/end", &json!({"passed": true}));
    assert_eq!((status, &ended["problems"]), (200, &json!([])), "{ended}");
    assert!(ended["transcript"][0].as_str().unwrap().starts_with("← connection_established on system"), "{ended}");
    let (_, finished) = provider.ask("finish", &json!({}));
    assert_eq!(finished["outcome"], "written", "{finished}");
    drop(client);
    assert_eq!(provider.end().code(), Some(0));

    let provider = Provider::start(&out, &["--check"]);
    provider.expect_greeting();
    let _client = provider.greet();
    provider.ask("sessions/1/end", &json!({"passed": true}));
    assert_eq!(provider.ask("finish", &json!({})).1["outcome"], "same");
    provider.end();

    let provider = Provider::start(&out, &["--check"]);
    let (_, finished) = provider.ask("finish", &json!({}));
    assert_eq!(finished["outcome"], "different");
    let said = finished["text"].as_str().unwrap();
    assert!(said.contains("`a greeting` is in the file, and no test relies on it any more"), "{said}");
}

#[test]
fn says_what_is_wrong_with_a_test() {
    let folder = tempfile::tempdir().unwrap();
    let provider = Provider::start(&folder.path().join("test.json"), &[]);
    provider.expect_greeting();
    let forbidden = json!({"description": "x", "push": {"type": "agent_event", "topic": "agent:a", "data": {}}});
    let (status, refused) = provider.ask("sessions/1/interactions", &forbidden);
    assert_eq!(status, 422);
    let problem =
        "/contents/content/data: the example is not a valid `agent_event`: \"agent_id\" is a required property";
    assert!(refused["problems"][0].as_str().unwrap().starts_with(problem), "{refused}");
    let (status, refused) = provider.ask("sessions/1/interactions", &json!({"descripton": "x"}));
    assert_eq!(status, 422);
    assert!(refused["problems"][0].as_str().unwrap().contains("unknown field `descripton`"), "{refused}");
    assert_eq!(provider.ask("sessions/2/end", &json!({})).0, 404);
    assert_eq!(provider.ask("nothing", &json!({})).0, 404);
    let (_, ended) = provider.ask("sessions/1/end", &json!({"passed": true}));
    assert_eq!(ended["problems"], json!(["`a greeting` was not exercised"]));
    assert_eq!(provider.ask("finish", &json!({})).1["outcome"], "incomplete");
}

#[track_caller]
fn check_refused(spec: &str, code: i32, expected: &str) {
    let output = command(&root().join(spec), Path::new("nowhere.json")).output().expect("it runs");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert!(said.contains(expected), "{said}");
}

#[test]
fn refuses_documents_that_are_not_for_it() {
    check_refused("asyncapi/no-such-file.yml", 3, "no-such-file.yml");
    check_refused("examples/kraken/asyncapi/kraken.yml", 1, "describes no envelope (`x-envelope: 1`)");
}

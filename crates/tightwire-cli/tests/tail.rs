//! `tightwire tail` from outside. The servers here are not one system, so that what one has the other lacks.

mod server;

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;

use self::server::{Chat, root};

/// A `tail` that runs.
struct Tail {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Tail {
    fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tightwire"));
        command.arg("tail").args(arguments).current_dir(root()).env_remove("TIGHTWIRE_TOKEN");
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let lines = BufReader::new(child.stdout.take().expect("piped"));
        Self { child, lines }
    }

    /// Reads up to a line with all of these texts.
    #[track_caller]
    fn until(&mut self, texts: &[&str]) -> String {
        let mut before = String::new();
        loop {
            let mut line = String::new();
            let count = self.lines.read_line(&mut line).expect("text");
            assert!(count > 0, "there is no {texts:?} in:\n{before}{}", self.complaints());
            before.push_str(&line);
            if texts.iter().all(|text| line.contains(text)) {
                return line;
            }
        }
    }

    fn complaints(&mut self) -> String {
        let mut said = String::new();
        self.child.stderr.take().expect("piped").read_to_string(&mut said).expect("text");
        said
    }

    /// The exit code, and what was not read yet.
    fn end(mut self) -> (Option<i32>, String, String) {
        let mut rest = String::new();
        self.lines.read_to_string(&mut rest).expect("text");
        let said = self.complaints();
        (self.child.wait().expect("it ends").code(), rest, said)
    }
}

/// Publishes a frame, `number` of which tells it from others.
fn publish(chat: &Chat, number: u32) {
    let data = serde_json::json!({
        "agent_id": "guide", "event": "task_started", "status": "busy", "details": {"number": number},
    });
    let mut command = Command::new(env!("CARGO_BIN_EXE_tightwire"));
    command.args(["publish", &chat.url(), "agent:guide", "agent_event", &data.to_string()]);
    assert!(command.stdout(Stdio::null()).status().expect("it starts").success());
}

#[test]
fn servers_that_deliver_the_same_are_sound() {
    let chat = Chat::start(&["--auth-disabled"]);
    let mut tail = Tail::start(&[&chat.url(), &chat.url(), "--topics", "agent:guide,dashboard", "--count", "2"]);
    tail.until(&["is listened to"]);
    tail.until(&["is listened to"]);
    let mut both = Tail::start(&[&chat.url(), "--topics", "agent:guide", "--count", "1", "--json"]);
    both.until(&["is listened to"]);
    publish(&chat, 1);
    let first: Value = serde_json::from_str(&both.until(&["agent_event"])).expect("JSON");
    assert_eq!((&first["topic"], &first["seq"]), (&"agent:guide".into(), &1.into()), "{first}");
    let (code, rest, _) = both.end();
    let summary: Value = serde_json::from_str(&rest).expect("JSON");
    assert_eq!((code, &summary["summary"]["nodes"][0]["delivered"]), (Some(0), &1.into()), "{rest}");
    publish(&chat, 2);
    let row = tail.until(&["agent:guide", "2", "agent_event"]);
    assert!(row.contains(first["epoch"].as_str().expect("text")), "{row}");
    let (code, rest, said) = tail.end();
    assert_eq!(code, Some(0), "{rest}{said}");
    assert!(rest.contains("2 frames with a position\n") && rest.contains("n2 ") && rest.contains(" 0 lost"), "{rest}");
}

#[test]
fn what_one_server_lacks_is_lost() {
    let (one, other) = (Chat::start(&["--auth-disabled"]), Chat::start(&["--auth-disabled"]));
    let mut tail = Tail::start(&[&one.url(), &other.url(), "--topics", "agent:guide", "--wait", "100", "--count", "3"]);
    let (first, second) = (tail.until(&["is listened to"]), tail.until(&["is listened to"]));
    assert_ne!(first, second);
    for number in 1..=3 {
        // Each row takes as long as is waited, so that after the first one the servers have been listened to long enough.
        publish(&one, number);
        tail.until(&["agent_event", "none"]);
    }
    let (code, rest, said) = tail.end();
    assert_eq!(code, Some(1), "{rest}{said}");
    let lines: Vec<_> = rest.lines().skip_while(|line| !line.ends_with("with a position")).collect();
    assert!(lines[1].contains("3 delivered, 0 of them late, 0 lost"), "{rest}");
    assert!(lines[2].contains("0 delivered") && !lines[2].contains(" 0 lost"), "{rest}");
}

#[test]
fn a_server_that_comes_back_is_listened_to_again() {
    let chat = Chat::start(&["--auth-disabled", "--drain-ms", "0"]);
    let address = chat.url().trim_start_matches("http://").parse().expect("an address");
    let mut tail = Tail::start(&[&chat.url(), "--topics", "agent:guide", "--count", "2"]);
    tail.until(&["n1 is listened to"]);
    publish(&chat, 1);
    tail.until(&["agent_event"]);
    drop(chat);
    tail.until(&["n1 is down: "]);
    // It remembers nothing, and says so.
    let chat = Chat::start_at(address, &["--auth-disabled"]);
    tail.until(&["n1 is back after "]);
    tail.until(&["n1 says that frames of agent:guide are missing"]);
    publish(&chat, 2);
    let (code, rest, said) = tail.end();
    assert_eq!(code, Some(0), "{rest}{said}");
    assert!(rest.contains("2 delivered, 0 of them late, 0 lost, 0 doubled or out of order, 1 gaps told"), "{rest}");
}

#[track_caller]
fn check_refused(arguments: &[&str], code: i32, expected: &str) {
    let (found, rest, said) = Tail::start(arguments).end();
    assert!(found == Some(code) && said.contains(expected), "{found:?} {rest}{said}");
}

#[test]
fn mistakes_are_told() {
    let chat = Chat::start(&["--auth-disabled"]);
    check_refused(&[&chat.url(), "--topics", "agnt:guide"], 3, "answered 404: ");
    check_refused(&["ws://127.0.0.1:9/ws", "--topics", "a"], 2, "give the server's, http://host:port");
    check_refused(&["http://127.0.0.1:9"], 2, "--topics");
    let guarded = Chat::start(&["--auth-jwt-secret", "hunter2-hunter2-hunter2-hunter2-hunter2"]);
    check_refused(&[&guarded.url(), "--topics", "agent:guide"], 3, "answered 401: ");
}

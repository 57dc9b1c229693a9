//! `tightwire publish` from outside, against the chat server.

mod server;

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use self::server::{Chat, root};

const DATA: &str = r#"{"agent_id":"guide","event":"task_started","status":"busy","details":{"thread_id":"welcome"}}"#;

fn tightwire(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tightwire"));
    command.args(arguments).current_dir(root()).env_remove("TIGHTWIRE_TOKEN");
    command
}

/// Publishes; the exit code, the result and the complaints.
fn publish(arguments: &[&str]) -> (Option<i32>, String, String) {
    output(tightwire(&["publish"]).args(arguments).stdin(Stdio::null()).output().expect("it starts"))
}

fn output(output: Output) -> (Option<i32>, String, String) {
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[track_caller]
fn check_refused(arguments: &[&str], code: i32, expected: &str) {
    let (found, result, said) = publish(arguments);
    assert!(found == Some(code) && said.contains(expected) && result.is_empty(), "{found:?} {result}{said}");
}

#[test]
fn a_message_is_published_and_its_position_told() {
    let chat = Chat::start(&["--auth-disabled"]);
    let url = chat.url();
    let (code, first, said) = publish(&[&url, "agent:guide", "agent_event", DATA]);
    assert!(code == Some(0) && first.starts_with("published at ") && first.contains(":1, id "), "{first}{said}");
    // The same from a file and from standard input, checked first.
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), DATA).expect("writable");
    let from = format!("@{}", file.path().display());
    let (_, second, said) = publish(&[&url, "agent:guide", "agent_event", &from, "--spec", "asyncapi/chat.yml"]);
    assert!(second.contains(":2, id "), "{second}{said}");
    let mut command = tightwire(&["publish", &url, "agent:guide", "agent_event", "--json"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
    child.stdin.take().expect("piped").write_all(DATA.as_bytes()).expect("it reads");
    let (_, third, _) = output(child.wait_with_output().expect("it ends"));
    let third: Value = serde_json::from_str(&third).expect("JSON");
    assert_eq!(third["position"]["seq"], 3, "{third}");
}

#[test]
fn a_key_stands_for_one_publication() {
    let chat = Chat::start(&["--auth-disabled"]);
    let arguments = [&*chat.url(), "agent:guide", "agent_event", DATA, "--idempotency-key", "k"];
    let (_, first, _) = publish(&arguments);
    let (_, second, _) = publish(&arguments);
    assert!(first.contains(":1, id ") && first == second, "{first}{second}");
    let other = DATA.replace("welcome", "other");
    check_refused(&[&chat.url(), "agent:guide", "agent_event", &other, "--idempotency-key", "k"], 3, "answered 409: ");
}

#[test]
fn what_does_not_follow_the_contract_is_refused_alike_by_both_sides() {
    let chat = Chat::start(&["--auth-disabled"]);
    let url = chat.url();
    let wrong = DATA.replace("busy", "asleep");
    let (code, _, by_server) = publish(&[&url, "agent:guide", "agent_event", &wrong]);
    assert_eq!(code, Some(1), "{by_server}");
    // Nobody listens at port 9: what is refused here is not sent.
    let spec = ["--spec", "asyncapi/chat.yml"];
    let nowhere = "http://127.0.0.1:9";
    let (code, _, here) = publish(&[&[nowhere, "agent:guide", "agent_event", &wrong], &spec[..]].concat());
    assert_eq!(code, Some(1), "{here}");
    let places = |said: &str| said.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
    assert!(!places(&here).is_empty() && places(&here) == places(&by_server), "{here}{by_server}");
    assert!(here.contains("/data/status: "), "{here}");
    check_refused(&[&[nowhere, "agent:guide", "agnt_event", DATA], &spec[..]].concat(), 1, "there are ");
    check_refused(&[&[nowhere, "agent:guide", "ping", "{}"], &spec[..]].concat(), 1, "no message `ping` is published");
    check_refused(&[&[nowhere, "agnt:guide", "agent_event", DATA], &spec[..]].concat(), 1, "/topic: ");
    check_refused(&[&url, "agnt:guide", "agent_event", DATA], 1, "answered 404: there is no such topic");
}

#[test]
fn a_token_is_needed_where_clients_have_one() {
    const SECRET: &str = "hunter2-hunter2-hunter2-hunter2-hunter2";
    let chat = Chat::start(&["--auth-jwt-secret", SECRET]);
    let arguments = ["publish", &chat.url(), "agent:guide", "agent_event", DATA];
    let (code, _, said) = output(tightwire(&arguments).output().expect("it starts"));
    assert!(code == Some(3) && said.contains("answered 401: ") && said.contains("--token"), "{said}");
    let token = |more: &[&str]| {
        let token = tightwire(&["token", "--secret", SECRET, "--sub", "ada"]).args(more).output().expect("it starts");
        String::from_utf8(token.stdout).expect("text").trim().to_owned()
    };
    let (code, _, said) = output(tightwire(&arguments).args(["--token", &token(&[])]).output().expect("it starts"));
    assert!(code == Some(3) && said.contains("answered 403: ") && said.contains("publisher"), "{said}");
    let mut command = tightwire(&arguments);
    let (code, result, said) =
        output(command.env("TIGHTWIRE_TOKEN", token(&["--roles", "publisher"])).output().expect("it starts"));
    assert!(code == Some(0) && result.contains(":1, id "), "{said}");
}

#[test]
fn mistakes_are_told() {
    let nowhere = "http://127.0.0.1:9";
    check_refused(&[nowhere, "t", "k", "{}"], 3, "nothing was published: cannot connect to 127.0.0.1:9");
    check_refused(&["ws://127.0.0.1:9/ws", "t", "k", "{}"], 2, "give the server's, http://host:port");
    check_refused(&[nowhere, "t", "k", "{"], 2, "the data is not JSON");
    check_refused(&[nowhere, "t", "k"], 2, "standard input is not JSON");
    check_refused(&[nowhere, "t", "k", "@/does/not/exist"], 3, "/does/not/exist");
    check_refused(&[nowhere, "t", "k", "{}", "--spec", "absent.yml"], 1, "absent.yml");
    check_refused(&[nowhere, "t", "k", "{}", "--idempotency-key", ""], 2, "1 to 200 bytes");
}

/// Reads a request to its end: whoever closes a socket with something unread in it resets the connection.
fn read_request(reader: &mut impl BufRead) {
    let (mut line, mut length) = (String::new(), 0);
    while line != "\r\n" {
        line.clear();
        reader.read_line(&mut line).expect("a head");
        if let Some(number) = line.strip_prefix("Content-Length: ") {
            length = number.trim().parse().expect("a number");
        }
    }
    reader.read_exact(&mut vec![0; length]).expect("a body");
}

#[test]
fn who_gets_no_answer_is_told_that_nothing_is_known() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let server = std::thread::spawn(move || {
        let timeout = "HTTP/1.1 504 Gateway Timeout\r\n";
        // The last one breaks off, and is one all the same.
        for answer in ["", "", &format!("{timeout}\r\n"), &format!("{timeout}Content-Length: 9\r\n\r\n{{")] {
            let (mut stream, _) = listener.accept().expect("somebody comes");
            read_request(&mut BufReader::new(&stream));
            stream.write_all(answer.as_bytes()).expect("somebody reads");
        }
    });
    check_refused(&[&url, "t", "k", "{}"], 3, "not known whether the message was published");
    check_refused(
        &[&url, "t", "k", "{}", "--idempotency-key", "k"],
        3,
        "with the same --idempotency-key, publishes it once",
    );
    for _ in 0..2 {
        check_refused(&[&url, "t", "k", "{}"], 3, "answered 504: Gateway Timeout; with an --idempotency-key");
    }
    server.join().expect("it ends");
}

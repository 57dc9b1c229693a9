//! `tightwire contract verify` against the chat server: what it says, and how it ends.

mod server;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

use crate::server::{Chat, root};

const PING: &str = "a ping is answered with its own time";
const EMPTY: &str = "a thread into which nobody has written has an empty history";
const FULL: &str = "a thread that is opened begins with its newest messages";

fn contract() -> PathBuf {
    root().join("contracts/frontend-v1.json")
}

/// Verifies the interactions with that in their description, with these arguments.
fn verify(url: &str, filter: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tightwire"));
    command.args(["contract", "verify", "--url", url, "--filter", filter]).args(arguments).arg(contract());
    command.output().expect("it runs")
}

#[track_caller]
fn check(output: &Output, code: i32, expected: &[&str]) -> String {
    let text = String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned();
    assert_eq!(output.status.code(), Some(code), "{text}");
    for part in expected {
        assert!(text.contains(part), "no `{part}` in:\n{text}");
    }
    text
}

/// A chat server, and its address for WebSockets.
fn chat() -> (Chat, String) {
    let chat = Chat::start(&["--auth-disabled"]);
    let url = format!("{}/ws", chat.url().replacen("http", "ws", 1));
    (chat, url)
}

/// What puts a server into states, or says that it cannot. What it was asked for comes from the receiver.
fn states(status: u16) -> (String, Receiver<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address: SocketAddr = listener.local_addr().expect("it listens");
    let (asked, received) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut reader = BufReader::new(stream);
            let (mut line, mut length) = (String::new(), 0);
            while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().expect("a length");
                }
                line.clear();
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).expect("a body");
            if asked.send(serde_json::from_slice(&body).expect("JSON")).is_err() {
                return;
            }
            let answer = format!("HTTP/1.1 {status} Said\r\nContent-Length: 11\r\n\r\nas you wish");
            reader.get_mut().write_all(answer.as_bytes()).expect("it reads");
        }
    });
    (format!("http://{address}/states"), received)
}

#[test]
fn a_server_that_does_what_is_relied_on() {
    let (_chat, url) = chat();
    let spec = root().join("asyncapi/chat.yml");
    let output = verify(&url, PING, &["--spec", spec.to_str().expect("UTF-8")]);
    check(&output, 0, &["✓ a ping is answered with its own time", "1 of 1 interactions verified\n"]);
}

#[test]
fn states_are_set_up_and_undone_over_http() {
    let (_chat, url) = chat();
    let (states, asked) = states(200);
    check(&verify(&url, EMPTY, &["--provider-states-url", &states]), 0, &["1 of 1 interactions verified\n"]);
    let asked: Vec<Value> = (0..2).map(|_| asked.recv_timeout(Duration::from_secs(10)).expect("it is asked")).collect();
    let change =
        |action| json!({"state": "an empty thread", "params": {"thread_id": "frontend-empty"}, "action": action});
    assert_eq!(asked, [change("setup"), change("teardown")]);
}

#[test]
fn a_state_that_cannot_be_set_up() {
    let (_chat, url) = chat();
    let (states, _asked) = states(500);
    let output = verify(&url, EMPTY, &["--provider-states-url", &states]);
    check(
        &output,
        1,
        &[
            "✗ a thread into which nobody",
            "(state)",
            "answered 500: as you wish",
            "0 of 1 interactions verified, 1 failed",
        ],
    );
}

#[test]
fn a_server_that_does_otherwise() {
    let (_chat, url) = chat();
    let folder = tempfile::tempdir().expect("a folder");
    let junit = folder.path().join("report.xml");
    // Nobody has put messages into the thread.
    let output = verify(&url, FULL, &["--json", "--junit", junit.to_str().expect("UTF-8")]);
    let report: Value = serde_json::from_str(&check(&output, 1, &[])).expect("JSON");
    assert_eq!(report["summary"], json!({"verified": 0, "failed": 1, "pending": 0, "skipped": 0}));
    let interaction = &report["pacts"][0]["interactions"][0];
    assert_eq!((&interaction["description"], &interaction["verdict"]), (&json!(FULL), &json!("failed")));
    assert_eq!(interaction["operation"], "subscribe_thread");
    let finding = &interaction["findings"][0];
    assert_eq!((&finding["pointer"], &finding["rule"]), (&json!("/data/messages"), &json!("type")), "{finding}");
    assert!(interaction["transcript"].as_array().expect("lines").len() > 3);
    let xml = std::fs::read_to_string(junit).expect("it is written");
    let case = format!("<testcase name=\"{FULL}\" classname=\"frontend.chat\"");
    assert!(xml.contains(&case) && xml.contains("<failure message=\"`thread_history`, frame 1"), "{xml}");
}

#[test]
fn what_cannot_be_reached_read_or_meant() {
    let (chat, url) = chat();
    check(&verify(&url, "something else", &[]), 2, &["no interaction has `something else`"]);
    check(&verify("http://localhost/ws", PING, &[]), 2, &["expected `ws://` or `wss://`"]);
    check(&verify(&url, PING, &["--ca-file", "ca.pem"]), 2, &["--ca-file is for URLs that begin with wss://"]);
    check(&verify(&url, PING, &["--provider-states-url", "https://localhost/states"]), 2, &["`http://` URL"]);
    check(&verify(&url, PING, &["no/such/contract.json"]), 3, &["no/such/contract.json"]);
    check(&verify(&url, PING, &["--spec", "no/such/document.yml"]), 3, &["no/such/document.yml"]);
    check(
        &verify(&format!("{url}/nothing"), PING, &[]),
        3,
        &["cannot be reached: the server refused the handshake with HTTP 404"],
    );
    drop(chat);
    check(&verify(&url, PING, &[]), 3, &["cannot be reached"]);
}

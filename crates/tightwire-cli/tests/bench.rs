//! `tightwire bench` from outside, against the chat server and a server of a protocol without an envelope.
//!
//! `UPDATE_GOLDEN=1 cargo nextest run -p tightwire-cli` writes the golden files; review what changed.

use std::future::Future;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use tightwire_chat::settings::Settings;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Runs a server in a thread while the command runs against it; gives the command's exit code, its output and its
/// complaints.
fn against<F, R>(serve: F, path: &str, arguments: &[&str]) -> (Option<i32>, String, String)
where
    F: FnOnce(TcpListener, oneshot::Receiver<()>) -> R + Send + 'static,
    R: Future<Output = std::io::Result<()>>,
{
    let (started, address) = std::sync::mpsc::channel::<SocketAddr>();
    let (stop, stopped) = oneshot::channel();
    let server = std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            started.send(listener.local_addr().expect("an address")).expect("somebody waits");
            serve(listener, stopped).await.expect("it serves");
        });
    });
    let address = address.recv_timeout(Duration::from_secs(30)).expect("it starts");
    let output = run(&[&[&*format!("ws://{address}{path}")], arguments].concat());
    stop.send(()).expect("it runs still");
    server.join().expect("it ends");
    output
}

fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tightwire"));
    let command = command.arg("bench").args(arguments).current_dir(root()).env_remove("TIGHTWIRE_TOKEN");
    let output = command.output().expect("it starts");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// The chat server with these flags.
fn chat(flags: &[&str], arguments: &[&str]) -> (Option<i32>, String, String) {
    let flags = ["tightwire-chat"].iter().chain(flags).map(|flag| (*flag).to_owned()).collect::<Vec<_>>();
    let serve = |listener, stopped| async {
        let settings = Settings::read(flags).expect("the flags are right");
        tightwire_chat::run(settings, listener, async { drop(stopped.await) }).await
    };
    against(serve, "/ws", &[&["--spec", "asyncapi/chat.yml", "--seed", "7"], arguments].concat())
}

/// The report as JSON, of a command that did not fail.
#[track_caller]
fn report((code, output, complaints): (Option<i32>, String, String)) -> Value {
    assert_eq!(code, Some(0), "{output}{complaints}");
    serde_json::from_str(&output).expect("JSON")
}

#[test]
fn pings_are_answered() {
    let arguments = ["--connections", "3", "--rate", "300", "--duration", "1", "--json", "-"];
    let report =
        report(chat(&["--auth-disabled", "--messages-per-second", "1000", "--message-burst", "1000"], &arguments));
    assert_eq!((&report["sent"]["frames"], &report["replies"]["received"]), (&300.into(), &300.into()), "{report}");
    assert_eq!(report["messages"]["ping"]["answered"], 300, "{report}");
    let latency = &report["latency_us"];
    let [p50, p99, max] = ["p50", "p99", "max"].map(|name| latency[name].as_u64().expect("a number"));
    assert!(0 < p50 && p50 <= p99 && p99 <= max, "{report}");
    assert_eq!((&report["errors"], &report["closes"]), (&serde_json::json!({}), &serde_json::json!({})), "{report}");
    assert_eq!(report["server"]["ws_messages_received_total"], 300.0, "{report}");
}

#[test]
fn what_is_published_reaches_every_connection() {
    let arguments = ["--connections", "4", "--topics", "thread:bench", "--message", "send_message", "--rate", "20"];
    let flags = ["--auth-disabled", "--responder-delay-ms", "0"];
    let report = report(chat(&flags, &[&arguments[..], &["--duration", "1", "--json", "-"]].concat()));
    assert_eq!(report["sent"]["frames"], 20, "{report}");
    let lag = report["fanout_lag_us"]["count"].as_u64().expect("a number");
    // Each of the 20 reaches 4, of whom one takes it for its reply.
    assert!((57..=60).contains(&lag), "{report}");
    assert_eq!(report["replies"]["received"], 20, "{report}");
    assert_eq!(report["load"]["topics"], 1);
}

#[test]
fn a_protocol_without_an_envelope_has_replies_too() {
    let serve = |listener, stopped: oneshot::Receiver<()>| example_kraken::run(listener, async { drop(stopped.await) });
    let spec = "examples/kraken/asyncapi/kraken.yml";
    let arguments = ["--spec", spec, "--allow", "example-invalid", "--duration", "1", "--json", "-"];
    let report = report(against(serve, "/", &arguments));
    assert_eq!(report["sent"]["frames"], 10, "{report}");
    assert_eq!(report["replies"]["received"], 10, "{report}");
    for message in ["ping", "subscribe", "unsubscribe"] {
        let figures = &report["messages"][message];
        assert!(figures["sent"].as_u64() > Some(2) && figures["sent"] == figures["answered"], "{report}");
    }
}

#[test]
fn an_overloaded_connection_is_told_so() {
    let arguments = ["--rate", "500", "--duration", "1", "--max-errors", "5", "--json", "-"];
    let (code, output, complaints) = chat(&["--auth-disabled"], &arguments);
    assert_eq!(code, Some(1), "{output}{complaints}");
    let report: Value = serde_json::from_str(&output).expect("JSON");
    assert!(report["errors"]["rate_limited"].as_u64() > Some(0), "{report}");
    assert!(report["replies"]["missing"].as_u64() > Some(300), "{report}");
    assert!(report["breaches"][0].as_str().expect("text").contains("failures, above 5"), "{report}");
}

#[test]
fn a_bound_that_no_server_keeps_is_broken() {
    let (code, output, _) = chat(&["--auth-disabled"], &["--duration", "1", "--max-p99", "0.001"]);
    assert_eq!(code, Some(1), "{output}");
    assert!(output.contains("breach         the 99th percentile is "), "{output}");
}

/// A burst of 20 is let in at once, the others when the server says so.
#[test]
fn connections_are_opened_as_fast_as_the_server_lets_them() {
    let arguments = ["--connections", "25", "--rate-per-connection", "1", "--duration", "1", "--json", "-"];
    let report = report(chat(&["--auth-disabled"], &arguments));
    assert_eq!(report["connections"]["opened"], 25, "{report}");
    assert!(report["connections"]["put_off"].as_u64() > Some(0), "{report}");
}

#[test]
fn a_token_opens_what_asks_for_one() {
    let secret = "hunter2-hunter2-hunter2-hunter2-hunter2";
    let flags = ["--auth-jwt-secret", secret];
    let (code, output, complaints) = chat(&flags, &["--duration", "1"]);
    assert_eq!((code, &*output), (Some(3), ""), "{complaints}");
    assert!(complaints.contains("closed a new connection with 4401") && complaints.contains("--token"), "{complaints}");
    let mut command = Command::new(env!("CARGO_BIN_EXE_tightwire"));
    let token = command.args(["token", "--secret", secret, "--sub", "bench"]).output().expect("it starts").stdout;
    let token = String::from_utf8(token).expect("text");
    let report = report(chat(&flags, &["--duration", "1", "--json", "-", "--token", token.trim()]));
    assert_eq!(report["replies"]["received"], 10, "{report}");
}

/// Digits become `#`, a run of them one.
fn masked(text: &str) -> String {
    let mut masked = String::new();
    for character in text.chars().map(|character| if character.is_ascii_digit() { '#' } else { character }) {
        if character != '#' || !masked.ends_with('#') {
            masked.push(character);
        }
    }
    masked
}

#[track_caller]
fn check_golden(name: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, found).expect("writable");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "{name} differs; UPDATE_GOLDEN=1 writes it anew\n{found}");
}

#[test]
fn the_reports_have_their_form() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("report.json");
    let arguments = ["--connections", "2", "--duration", "1", "--json", file.to_str().expect("UTF-8")];
    let more = ["--message", "ping,request_data", "--topics", "dashboard", "--max-p99", "1000", "--max-errors", "0"];
    let (code, text, complaints) = chat(&["--auth-disabled"], &[&arguments[..], &more].concat());
    assert_eq!(code, Some(0), "{text}{complaints}");
    // What the server counts is its own business.
    let lines = text.lines().filter(|line| !line.starts_with("server ")).map(|line| format!("{line}\n"));
    check_golden("bench.txt", &masked(&lines.collect::<String>()));
    let mut json: Value = serde_json::from_str(&std::fs::read_to_string(file).expect("written")).expect("JSON");
    assert!(json["server"].as_object().is_some_and(|server| !server.is_empty()), "{json}");
    json["server"] = Value::Null;
    check_golden("bench.json", &masked(&format!("{json:#}\n")));
}

/// The paths of all fields; those of a message's figures and of percentiles stand once.
fn fields(value: &Value, path: &str, found: &mut Vec<String>) {
    match value.as_object() {
        Some(members) if !members.is_empty() && !["messages", "generator_late_us"].contains(&path) => {
            for (name, member) in members {
                fields(member, &if path.is_empty() { name.clone() } else { format!("{path}.{name}") }, found);
            }
        }
        _ => found.push(path.to_owned()),
    }
}

#[test]
fn every_field_of_the_report_is_documented() {
    let mut report = report(chat(&["--auth-disabled"], &["--duration", "1", "--json", "-"]));
    let documented = std::fs::read_to_string(root().join("docs/bench.md")).expect("readable");
    report["server"] = Value::Null;
    let mut found = Vec::new();
    fields(&report, "", &mut found);
    assert!(found.len() > 25, "{found:?}");
    for field in found {
        assert!(documented.contains(&format!("`{field}`")), "docs/bench.md does not have `{field}`");
    }
}

#[track_caller]
fn check_refused(arguments: &[&str], expected: i32, message: &str) {
    let (code, output, complaints) = run(arguments);
    assert_eq!((code, &*output), (Some(expected), ""), "{complaints}");
    assert!(complaints.contains(message), "{complaints}");
}

#[test]
fn what_cannot_work_is_explained() {
    let url = "ws://127.0.0.1:9/ws";
    check_refused(&[url], 2, "--spec <FILE>");
    check_refused(&["http://127.0.0.1:9/", "--spec", "asyncapi/chat.yml"], 2, "it begins with ws://");
    check_refused(&[url, "--spec", "absent.yml"], 1, "absent.yml");
    check_refused(&[url, "--spec", "asyncapi/chat.yml", "--message", "pong,pnig"], 2, "clients send no message `pnig`");
    check_refused(&[url, "--spec", "asyncapi/chat.yml", "--topics", "thread:{a..b}"], 2, "thread:{1..100}");
    check_refused(&[url, "--spec", "asyncapi/chat.yml", "--topics", "treads"], 2, "no topic `treads`; it has system");
    check_refused(&[url, "--spec", "asyncapi/chat.yml", "--rate", "0"], 2, "expected a number from 0.001");
    check_refused(&[url, "--spec", "asyncapi/chat.yml", "--connections", "0"], 2, "0 is not in 1..");
    check_refused(&[url, "--spec", "asyncapi/chat.yml"], 3, "127.0.0.1:9");
    let kraken = ["--spec", "examples/kraken/asyncapi/kraken.yml", "--allow", "example-invalid"];
    check_refused(&[&[url], &kraken[..], &["--topics", "a"]].concat(), 2, "--topics has no meaning");
}

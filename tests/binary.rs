//! The real binary on a real socket: a client that shares no code with us, the settings' refusals, and SIGTERM.

mod common;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::json;
use tightwire_chat::chat::{CONTRACT, DisconnectNotice, DisconnectNoticeReason, StreamEnd, StreamEndFinishReason};
use tightwire_testkit::{Contract, ServerProcess, WsHarness};

use crate::common::bus::{Bus, on_each_bus};

on_each_bus! { on_sockets:
    the_conversations_hold_with_a_client_of_others
    a_terminated_server_says_goodbye
    a_terminated_server_ends_its_answers
}

const BINARY: &str = env!("CARGO_BIN_EXE_tightwire-chat");

async fn start(bus: &Bus, flags: &[&str]) -> ServerProcess {
    let flags = ["--bind", "{addr}", "--auth-disabled"].iter().chain(flags).copied();
    let launch = ServerProcess::command(BINARY).args(flags).args(bus.flags());
    let server = launch.ready_when_http("/health").start().await;
    common::reach_at(bus, server.address()).await;
    server
}

#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
async fn the_conversations_hold_with_a_client_of_others(bus: &Bus) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    if !root.join("node_modules/ws").exists() {
        // `make test` installs it; a bare `cargo test` may run without.
        println!("skipped: npm's ws is not installed; `make node-modules` installs it");
        return;
    }
    let server = start(bus, &["--responder-delay-ms", "1"]).await;
    let script = root.join("scripts/conversations.mjs");
    let url = server.ws_url("/ws");
    let run = move || Command::new("node").arg(script).arg(url).output();
    let output = tokio::task::spawn_blocking(run).await.expect("not cancelled").expect("node is installed");
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

async fn a_terminated_server_says_goodbye(bus: &Bus) {
    let mut server = start(bus, &["--drain-ms", "2000"]).await;
    let contract = Contract::from_bundle(CONTRACT.schema_bundle).expect("the generated bundle is right");
    let mut client = WsHarness::new(contract).connect(server.ws_url("/ws")).await;
    client.expect("connection_established").await;
    client.request("subscribe_thread", "thread:t", json!({})).await;
    let (status, ()) = tokio::join!(server.terminate(Duration::from_secs(10)), async {
        let notice: DisconnectNotice = client.expect_message().await;
        assert_eq!(notice.reason, DisconnectNoticeReason::Shutdown);
        client.expect_close(1001).await;
    });
    assert!(status.success(), "{status}");
}

/// Whoever reads an answer is told that it ends, and only then that the server does.
async fn a_terminated_server_ends_its_answers(bus: &Bus) {
    let mut server = start(bus, &["--responder-delay-ms", "3600000"]).await;
    let contract = Contract::from_bundle(CONTRACT.schema_bundle).expect("the generated bundle is right");
    let mut client = WsHarness::new(contract).connect(server.ws_url("/ws")).await;
    client.expect("connection_established").await;
    client.request("subscribe_thread", "thread:t", json!({})).await;
    client.send("send_message", "thread:t", json!({"content": "hello"})).await;
    client.expect("thread_message_created").await;
    client.expect("stream_start").await;
    let (status, ()) = tokio::join!(server.terminate(Duration::from_secs(10)), async {
        // The contract promises at least one piece.
        client.expect("stream_chunk").await;
        let end: StreamEnd = client.expect_message().await;
        assert_eq!(end.finish_reason, StreamEndFinishReason::Cancelled);
        client.expect("disconnect_notice").await;
        client.expect_close(1001).await;
    });
    assert!(status.success(), "{status}");
}

#[track_caller]
fn check_refused(flags: &[&str], expected: &str) {
    let output = Command::new(BINARY).args(flags).output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains(expected), "{flags:?} ended with {}: {said}", output.status);
}

#[test]
fn a_wrong_variable_is_named_and_one_that_looks_like_a_setting_too() {
    let said = |variable: &str, value: &str, flags: &[&str]| {
        let output = Command::new(BINARY).args(flags).env(variable, value).output().expect("it starts");
        String::from_utf8(output.stderr).expect("text")
    };
    let wrong = said("DRAIN_MS", "soon", &[]);
    assert!(wrong.contains("the environment variable `DRAIN_MS` cannot be `soon`: invalid digit"), "{wrong}");
    // A flag beats the variable, which does not matter then.
    let refused = said("DRAIN_MS", "soon", &["--drain-ms=5"]);
    assert!(refused.contains("nothing says how clients are authenticated"), "{refused}");
    let warned = said("PING_INTERVAL", "5", &["--bind", "127.0.0.1:0"]);
    assert!(warned.contains("PING_INTERVAL is no setting; did you mean PING_INTERVAL_MS?"), "{warned}");
}

#[test]
fn it_refuses_to_serve_everyone_by_mistake() {
    check_refused(&["--bind", "127.0.0.1:0"], "start with --auth-disabled");
    check_refused(&["--bind", "0.0.0.0:0", "--auth-disabled"], "loopback");
    check_refused(&["--bind", "nowhere"], "--bind");
    check_refused(&["--bind", "127.0.0.1:0", "--auth-disabled", "--tls-cert-file", "c.pem"], "--tls-key-file");
    let files = ["--tls-cert-file", "/does/not/exist.pem", "--tls-key-file", "/does/not/exist.key"];
    let expected = if cfg!(feature = "tls") { "/does/not/exist.pem" } else { "--features tls" };
    check_refused(&[&["--bind", "127.0.0.1:0", "--auth-disabled"], &files[..]].concat(), expected);
    check_refused(&["--bnd", "127.0.0.1:0"], "--bind");
    check_refused(&["--config", "/does/not/exist.toml"], "/does/not/exist.toml");
}

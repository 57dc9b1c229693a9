//! The fixture for server processes, on shell scripts.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use tightwire_testkit::ServerProcess;
use tightwire_testkit::process::Launch;

fn shell(script: &str) -> Launch {
    ServerProcess::command("sh").args(["-c", script]).within(Duration::from_secs(5))
}

#[tokio::test]
async fn is_ready_when_it_says_so() {
    let mut server = shell("echo starting >&2; echo listening on {addr}; echo $GREETING; exec sleep 60")
        .env("GREETING", "port {port}")
        .ready_when_log("listening on 127.0.0.1:")
        .start()
        .await;
    let line = server.wait_for_output("port", Duration::from_secs(5)).await;
    assert_eq!(line, format!("port {}", server.address().port()));
    assert!(server.output().contains(&format!("  listening on {}\n", server.address())), "{}", server.output());
    assert_eq!(server.ws_url("/ws"), format!("ws://{}/ws", server.address()));
    let status = server.terminate(Duration::from_secs(5)).await;
    assert!(!status.success(), "ended by the signal: {status}");
}

#[tokio::test]
async fn is_gone_with_the_fixture() {
    let server = shell("echo pid $$; exec sleep 60").ready_when_log("pid").start().await;
    let output = server.output();
    let pid = output.trim().strip_prefix("pid ").unwrap();
    let process = std::path::Path::new("/proc").join(pid);
    assert!(process.exists() || !cfg!(target_os = "linux"));
    drop(server);
    assert!(!process.exists());
}

/// Starting must fail with these fragments in the message.
async fn check_failure(launch: Launch, fragments: &[&str]) {
    let panic = AssertUnwindSafe(launch.start()).catch_unwind().await.expect_err("it started");
    let message = panic.downcast::<String>().unwrap();
    for fragment in fragments {
        assert!(message.contains(fragment), "no `{fragment}` in:\n{message}");
    }
}

#[tokio::test]
async fn failures_show_what_it_printed() {
    check_failure(
        shell("echo no such setting: X >&2; exit 3"),
        &[
            "tests/process.rs:",
            "could not start sh: it ended (exit status: 3) before it was ready",
            "  no such setting: X\n",
        ],
    )
    .await;
    let silent = shell("echo waiting; exec sleep 60").within(Duration::from_millis(200));
    check_failure(silent.clone(), &["not ready (Listening) within 200ms; it printed:\n  waiting\n"]).await;
    check_failure(silent.ready_when_http("/health"), &["not ready (Http(\"/health\"))"]).await;
    check_failure(ServerProcess::command("/no/such/server"), &["could not start /no/such/server: "]).await;
}

#[tokio::test]
async fn a_taken_port_is_tried_again() {
    let count = tempfile::NamedTempFile::new().unwrap();
    let script =
        "if [ -s $COUNT ]; then echo ready; exec sleep 60; fi; echo 1 > $COUNT; echo Address already in use; exit 1";
    let launch = shell(script).env("COUNT", count.path().to_str().unwrap()).ready_when_log("ready");
    launch.start().await;
    check_failure(shell("echo Address already in use; exit 1"), &["Address already in use"]).await;
}

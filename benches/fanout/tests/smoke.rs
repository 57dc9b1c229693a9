//! The benchmark in small: every server that is here gets its clients every frame. Times mean nothing in this size.

use std::process::Command;

#[test]
fn every_delivery_arrives() {
    let output = Command::new(env!("CARGO_BIN_EXE_tightwire-fanout-bench"))
        .args(["--subscribers", "1,20", "--deliveries", "640", "--pings", "64", "--runs", "1"])
        .args(["--idle", "20", "--stalled-broadcasts", "8"])
        .output()
        .expect("the benchmark starts");
    let said = String::from_utf8_lossy(&output.stdout);
    // The benchmark itself counts the frames, and fails where one is missing or comes twice.
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    for server in ["limit", "Tightwire", "warp::ws"] {
        assert_eq!(said.matches(&format!("\n| {server} |")).count(), 2, "{said}");
    }
}

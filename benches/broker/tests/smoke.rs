//! The benchmark in small: everything is measured, and every frame arrives. Times mean nothing in this size.

use std::process::Command;

use tightwire_testbed::redis::is_installed;

#[test]
fn everything_is_measured() {
    if !is_installed() {
        return;
    }
    let output = Command::new(env!("CARGO_BIN_EXE_tightwire-broker-bench"))
        .args(["--rounds", "1", "--seconds", "0.2", "--frames", "300", "--rate", "500", "--load", "400"])
        .args(["--nodes", "1,2", "--topics", "10,20", "--kept-topics", "50", "--subscribers", "10"])
        .args(["--connections", "50", "--idle-nodes", "2", "--missed", "300"])
        .output()
        .expect("the benchmark starts");
    let said = String::from_utf8_lossy(&output.stdout);
    // The benchmark itself counts the frames, and fails where one is missing or comes twice.
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    for row in [
        "in memory, the same node",
        "Redis, another node",
        "500/s, one at a time",
        "64 in flight per node",
        "10",
        "publish a frame and read it back",
        "a topic with its first frame",
        "a further frame of a topic, up to 50 frames",
        "in the streams",
        "only in the topics' histories",
        "Redis, for a publication (`a`)",
        "**masters of Redis**",
    ] {
        let start = format!("\n| {row} |");
        let line = said.split_once(&start).unwrap_or_else(|| panic!("no row {row}: {said}")).1.lines().next();
        let digits = line.unwrap_or_default().chars().filter(|char| ('1'..='9').contains(char)).count();
        assert!(digits > 0, "nothing was found for {row}: {said}");
    }
}

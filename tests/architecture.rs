//! The invariants of ARCHITECTURE.md that a compiler does not check.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The workspace's own crates among a table of dependencies.
fn own(manifest: &toml::Table, table: &str) -> BTreeSet<String> {
    let dependencies = manifest.get(table).and_then(toml::Value::as_table);
    let names = dependencies.into_iter().flat_map(toml::Table::keys);
    names.filter(|name| name.starts_with("tightwire")).cloned().collect()
}

#[track_caller]
fn check_dependencies(package: &str, expected: &[&str]) {
    let path = root().join(package).join("Cargo.toml");
    let manifest: toml::Table = std::fs::read_to_string(&path).expect("readable").parse().expect("TOML");
    let expected: BTreeSet<String> = expected.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(own(&manifest, "dependencies"), expected, "{}", path.display());
}

#[test]
fn dependencies_point_one_way() {
    check_dependencies("crates/tightwire-spec", &[]);
    check_dependencies("crates/tightwire-codegen", &["tightwire-spec"]);
    check_dependencies("crates/tightwire-proto", &[]);
    check_dependencies("crates/tightwire", &["tightwire-proto", "tightwire-strategies"]);
    check_dependencies("crates/tightwire-strategies", &[]);
    check_dependencies("crates/tightwire-testbed", &[]);
    check_dependencies("crates/tightwire-testkit", &["tightwire", "tightwire-spec", "tightwire-strategies"]);
    check_dependencies(
        "crates/tightwire-cli",
        &["tightwire-codegen", "tightwire-proto", "tightwire-spec", "tightwire-strategies", "tightwire-testkit"],
    );
    check_dependencies(".", &["tightwire"]);
}

/// The tests' WebSocket is not the one that they test.
#[test]
fn the_runtime_speaks_websocket_by_itself() {
    for package in ["crates/tightwire", "crates/tightwire-proto"] {
        let path = root().join(package).join("Cargo.toml");
        let manifest: toml::Table = std::fs::read_to_string(&path).expect("readable").parse().expect("TOML");
        let lists = |table: &str| {
            let dependencies = manifest.get(table).and_then(toml::Value::as_table);
            dependencies.is_some_and(|dependencies| dependencies.contains_key("tokio-websockets"))
        };
        assert!(!lists("dependencies") && lists("dev-dependencies"), "{}", path.display());
    }
}

/// Every Rust file below `folder`, with its text.
fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("readable").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() {
            found.extend(sources(&entry));
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&entry).expect("UTF-8");
            found.push((entry, text));
        }
    }
    found
}

#[test]
fn the_session_core_reads_no_clock_and_no_socket() {
    for (path, text) in sources(&root().join("crates/tightwire-proto/src")) {
        // Tests stand at the end of their file and may do as they like.
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
            for forbidden in [
                "Instant::now",
                "SystemTime::now",
                "Utc::now",
                "now_v7()",
                "tokio::",
                "TcpStream",
                "TcpListener",
                "UdpSocket",
            ] {
                assert!(!line.contains(forbidden), "{} uses {forbidden}: {line}", path.display());
            }
        }
    }
}

#[test]
fn emitters_see_only_the_ir() {
    for (path, text) in sources(&root().join("crates/tightwire-codegen/src")) {
        for forbidden in ["saphyr", "tightwire_spec::tree", "tightwire_spec::model"] {
            assert!(!text.contains(forbidden), "{} uses {forbidden}", path.display());
        }
    }
}

#[test]
fn the_testkit_does_not_know_the_chat_server() {
    for (path, text) in sources(&root().join("crates/tightwire-testkit/src")) {
        assert!(!text.contains("tightwire_chat"), "{} names the application", path.display());
    }
}

#[test]
fn generated_code_names_one_module_of_the_runtime() {
    let text = std::fs::read_to_string(root().join("generated/rust/chat.rs")).expect("committed");
    for (number, line) in text.lines().enumerate() {
        for after in line.split("::tightwire::").skip(1) {
            assert!(after.starts_with("__rt"), "line {} names another module: {line}", number + 1);
        }
    }
}

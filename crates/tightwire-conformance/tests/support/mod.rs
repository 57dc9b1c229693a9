//! What both tests need: how to say what differs, and the section of the documentation.
#![allow(dead_code, unreachable_pub, reason = "each test uses its part")]

#[path = "../../../tightwire-codegen/tests/support/conformance.rs"]
pub mod conformance;
#[path = "../../../tightwire-codegen/tests/support/shared.rs"]
pub mod shared;

/// Says what a reader of the test's output should know.
#[expect(clippy::print_stdout, reason = "the runner shows it")]
pub fn say(text: impl std::fmt::Display) {
    println!("{text}");
}

/// Nothing may differ from the suite: `found` is what does, and why.
#[track_caller]
pub fn agree(found: &[(String, String)]) {
    let found: Vec<String> = found.iter().map(|(name, why)| format!("{name}: {why}")).collect();
    assert!(found.is_empty(), "not in agreement with the suite:\n{}", found.join("\n"));
}

//! What several of these tests need: documents of others, TypeScript compiled and run, the table of conformance.
#![allow(dead_code, unreachable_pub, reason = "each test uses its part")]

pub mod conformance;
pub mod samples;
pub mod shared;
pub mod typescript;

/// Says what a reader of the test's output should know.
#[expect(clippy::print_stdout, reason = "the runner shows it")]
pub fn say(text: impl std::fmt::Display) {
    println!("{text}");
}

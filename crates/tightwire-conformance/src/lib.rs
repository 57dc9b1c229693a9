//! The JSON-Schema-Test-Suite, draft 7 and draft 2020-12, as messages: the suite's schemas in documents that Tightwire
//! reads.
//!
//! `tests/reference.rs` gives each schema to the reference path, `tests/fast.rs` to the decoder that `build.rs`
//! generates from all of them at once. The suite itself stands in `suite/`.

pub mod suite;

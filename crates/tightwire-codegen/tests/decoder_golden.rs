//! The golden file that the test `decoder` includes. Apart from it, so that a golden file that no longer compiles can be
//! written anew: `UPDATE_GOLDEN=1 cargo test -p tightwire-codegen --test decoder_golden`.

use std::fs;
use std::path::Path;

use tightwire_codegen::{Config, input, rust};
use tightwire_spec::FileSystem;

#[test]
fn the_golden_file_is_what_is_generated() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/decoder");
    let read = input::read(&folder.join("fast.yml"), &FileSystem, Config::default());
    let (ir, config) = read.protocol.expect("a valid document");
    let config = Config { document: "fast.yml".to_owned(), ..config };
    let made = rust::module(&ir, &config).expect("Rust can express the fixture");
    let golden = folder.join("fast.rs");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&golden, &made.text).expect("the golden file can be written");
    }
    let expected = fs::read_to_string(&golden).unwrap_or_default();
    assert!(made.text == expected, "decoder/fast.rs differs from what is generated; UPDATE_GOLDEN=1 writes it anew");
    assert_eq!(made.slow_messages, [], "everything in the fixture is meant to be on the fast path");
}

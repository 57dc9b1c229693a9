//! The golden files that the tests `decoder` and `decoder_flat` include. Apart from them, so that a golden file that no
//! longer compiles can be written anew: `UPDATE_GOLDEN=1 cargo test -p tightwire-codegen --test decoder_golden`.

use std::fs;
use std::path::Path;

use tightwire_codegen::rust::decoder::SlowMessage;
use tightwire_codegen::{Config, input, rust};
use tightwire_spec::FileSystem;

#[track_caller]
fn check(name: &str) -> Vec<SlowMessage> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/decoder");
    let document = format!("{name}.yml");
    let read = input::read(&folder.join(&document), &FileSystem, Config::default());
    let (ir, config) = read.protocol.expect("a valid document");
    let mut config = Config { document, ..config };
    // Of the module only the decoder matters here.
    config.rust.client = Some(false);
    config.rust.views = Some(true);
    let made = rust::module(&ir, &config).expect("Rust can express the fixture");
    let golden = folder.join(format!("{name}.rs"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&golden, &made.text).expect("the golden file can be written");
    }
    let expected = fs::read_to_string(&golden).unwrap_or_default();
    assert!(made.text == expected, "decoder/{name}.rs differs from what is generated; UPDATE_GOLDEN=1 writes it anew");
    made.slow_messages
}

#[test]
fn in_the_envelope() {
    assert_eq!(check("fast"), [], "everything in the fixture is meant to be on the fast path");
}

#[test]
fn without_an_envelope() {
    let whole = |slow: Vec<SlowMessage>| -> Vec<String> {
        slow.into_iter().filter(|slow| slow.whole).map(|slow| slow.message).collect()
    };
    assert_eq!(whole(check("ticker")), ["unsubscribe"]);
    assert_eq!(whole(check("stream")), Vec::<String>::new());
}

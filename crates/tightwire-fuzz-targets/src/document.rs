//! The loader of documents: whatever stands in a file, it says what is wrong and where, and never panics.

use std::path::Path;

use tightwire_spec::{InMemory, load};

/// Separates the document from a second file that it may refer to.
pub const SEPARATOR: u8 = 0;
/// What the second file is called.
pub const OTHER: &str = "other.yml";

/// Longer documents take longer and show no more.
const LONGEST: usize = 64 * 1024;

/// The bytes are a document and, after the first zero byte, a second file.
pub fn run(data: &[u8]) {
    if data.len() > LONGEST {
        return;
    }
    let (main, other) = match data.iter().position(|byte| *byte == SEPARATOR) {
        Some(end) => (&data[..end], &data[end + 1..]),
        None => (data, &[][..]),
    };
    let source = InMemory::file("main.yml", main).with(OTHER, other);
    let loaded = load(Path::new("main.yml"), &source).expect("the file is there");
    assert!(loaded.ir.is_some() || loaded.has_errors(), "there is no protocol, and nothing is wrong");
    for diagnostic in &loaded.diagnostics {
        let span = diagnostic.span();
        let file = loaded.sources.file(span.file);
        assert!(span.start <= span.end && span.end <= file.text().len(), "{span:?} is not in {}", file.text().len());
        let position = loaded.sources.position(span);
        assert!(position.line > 0 && position.column > 0, "{position:?}");
        assert!(!diagnostic.one_line(&loaded.sources).is_empty());
        assert!(!diagnostic.render(&loaded.sources, false).is_empty());
        assert!(diagnostic.to_json(&loaded.sources).is_object());
    }
}

//! docs/diagnostics.md is generated from the table of rules, and docs/extensions.md knows every extension.
//!
//! `UPDATE_GOLDEN=1 cargo nextest run -p tightwire-spec` writes docs/diagnostics.md.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use tightwire_spec::Severity;
use tightwire_spec::rules::{RULES, Rule, TOLERABLE};

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

fn diagnostics() -> String {
    let mut text = String::from(
        "<!-- @generated from the rules of tightwire-spec; do not edit. `UPDATE_GOLDEN=1 cargo nextest run -p \
         tightwire-spec` writes it. -->\n\n# Diagnostics\n\nEvery rule that `tightwire validate` and the build judge a \
         document by. An error keeps code from being generated; a warning does not, unless `--deny-warnings` is given; \
         an info is only worth knowing. Errors that leave the meaning of a document plain can be made warnings, \
         by `--allow RULE`, or by `allow = [\"RULE\"]` in the `tightwire.toml` beside the document. `tightwire validate --explain RULE` shows the same text.\n\n",
    );
    text.push_str("| rule | severity | demands |\n|---|---|---|\n");
    for Rule { id, severity, summary, .. } in RULES {
        let _ = writeln!(text, "| [`{id}`](#{id}) | {} | {} |", severity.as_str(), summary.replace('|', "\\|"));
    }
    for Rule { id, severity, summary, explanation, .. } in RULES {
        let severity = match severity {
            Severity::Error if TOLERABLE.contains(id) => "An error; `--allow` makes it a warning.",
            Severity::Error => "An error.",
            Severity::Warning => "A warning.",
            Severity::Info => "An info.",
        };
        let _ = write!(text, "\n## {id}\n\n{severity} {summary}\n\n{explanation}\n");
    }
    text
}

#[track_caller]
fn check(path: &Path, expected: &str) {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, expected).expect("the file can be written");
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert!(found == expected, "{} is out of date; UPDATE_GOLDEN=1 writes it", path.display());
}

#[test]
fn diagnostics_are_documented() {
    check(&docs().join("diagnostics.md"), &diagnostics());
}

#[test]
fn extensions_are_documented() {
    let text = std::fs::read_to_string(docs().join("extensions.md")).expect("docs/extensions.md");
    for extension in RULES.iter().filter(|rule| rule.id.starts_with("x-")) {
        assert!(text.contains(&format!("\n## `{}`\n", extension.id)), "{} has no section", extension.id);
    }
}

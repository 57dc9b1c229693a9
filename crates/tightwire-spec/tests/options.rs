//! What whoever loads a document may say about it.

use std::path::Path;

use tightwire_spec::ir::Role;
use tightwire_spec::rules::{TOLERABLE, find};
use tightwire_spec::schema::Schema;
use tightwire_spec::{Formats, InMemory, LoadOptions, Loaded, Severity, load_with};

const HEAD: &str = "asyncapi: 3.0.0\ninfo: {title: T, version: 1.0.0}\n";

fn load(document: &str, options: &LoadOptions) -> Loaded {
    let source = InMemory::file("t.yml", format!("{HEAD}{document}"));
    load_with(Path::new("t.yml"), &source, options).expect("the file is there")
}

/// Checks whether there are errors, and whether there is an IR.
#[track_caller]
fn check(document: &str, allow: &[&str], errors: bool, ir: bool) {
    let allow = allow.iter().map(|rule| (*rule).to_owned()).collect();
    let loaded = load(document, &LoadOptions { allow, ..LoadOptions::default() });
    assert_eq!((loaded.has_errors(), loaded.ir.is_some()), (errors, ir), "{:#?}", loaded.diagnostics);
}

#[test]
fn errors_that_leave_the_meaning_plain_may_be_allowed() {
    let example = "channels: {a: {messages: {m: {payload: {type: string}, examples: [{payload: 1}]}}}}\n";
    check(example, &[], true, true);
    check(example, &["example-invalid"], false, true);
    check(example, &["unknown-field"], true, true);
    let reference = "channels: {a: {$ref: '#/nothing'}}\n";
    check(reference, &[], true, false);
    check(reference, &["unknown-ref"], true, false);
}

#[test]
fn only_errors_can_be_allowed() {
    for id in TOLERABLE {
        assert_eq!(find(id).map(|rule| rule.severity), Some(Severity::Error), "{id}");
    }
}

#[test]
fn the_role_is_that_of_the_caller_or_of_the_document() {
    for (document, caller, expected) in [
        ("", None, Role::Server),
        ("x-role: client\n", None, Role::Client),
        ("x-role: client\n", Some(Role::Server), Role::Server),
        ("", Some(Role::Client), Role::Client),
    ] {
        let loaded = load(document, &LoadOptions { role: caller, ..LoadOptions::default() });
        assert_eq!(loaded.ir.map(|ir| ir.role), Some(expected), "{document:?} {caller:?}");
    }
}

#[test]
fn formats_judge_values_unless_the_caller_says_otherwise() {
    let later = "schemaFormat: application/schema+json;version=2020-12, schema: ";
    for wrapper in ["", later] {
        let payload = "{type: string, format: ipv4}";
        let payload = if wrapper.is_empty() { payload.to_owned() } else { format!("{{{wrapper}{payload}}}") };
        let example = "examples: [{payload: 1.2.3}]";
        let document = format!("channels: {{a: {{messages: {{m: {{payload: {payload}, {example}}}}}}}}}\n");
        for (formats, expected) in [(Formats::Assert, Some("ipv4")), (Formats::Annotate, None)] {
            let loaded = load(&document, &LoadOptions { formats, ..LoadOptions::default() });
            assert_eq!(
                loaded.has_errors(),
                formats == Formats::Assert,
                "{wrapper} {formats:?} {:?}",
                loaded.diagnostics
            );
            let ir = loaded.ir.expect("what is wrong with an example leaves the meaning plain");
            let Schema::Object(payload) = &ir.messages["m"].payload else { panic!("{:?}", ir.messages["m"].payload) };
            assert_eq!(payload.format.as_deref(), expected, "{wrapper} {formats:?}");
        }
    }
    assert_eq!(LoadOptions::default().formats, Formats::Assert);
    for (name, formats) in Formats::ALL {
        assert_eq!((Formats::parse(name), formats.as_str()), (Some(formats), name));
    }
}

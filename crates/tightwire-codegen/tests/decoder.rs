//! The generated decoder on schemas that the chat protocol does not have: every constraint that it knows, on both of its
//! paths, and the reasons for which it leaves a message to the reference path.
//!
//! `decoder_golden` makes sure that `decoder/fast.rs` is what `decoder/fast.yml` makes.

#![deny(warnings)]

mod golden {
    include!("decoder/fast.rs");
}

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::fs;
use std::path::{Path, PathBuf};

use golden::fast::{ClientFrame, ClientFrameView, ServerFrame};
use serde_json::Value;
use tightwire::proto::inbound::{Inbound, Rejection};
use tightwire_codegen::{Config, Target, generate, input, rust};
use tightwire_spec::ir::Ir;
use tightwire_spec::{FileSystem, InMemory};

fn path(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/decoder").join(file)
}

fn fast() -> (Ir, Config) {
    let (ir, config) =
        input::read(&path("fast.yml"), &FileSystem, Config::default()).protocol.expect("a valid document");
    (ir, Config { document: "fast.yml".to_owned(), ..config })
}

/// Both paths of one direction, and the frames that are made of views.
struct Paths<F> {
    fast: fn(&[u8]) -> Option<Inbound<F>>,
    view: fn(&[u8]) -> Option<Inbound<F>>,
    reference: fn(&[u8]) -> Result<Inbound<F>, Rejection>,
}

const CLIENT: Paths<ClientFrame> = Paths {
    fast: ClientFrame::decode_fast,
    view: |bytes| {
        let view = ClientFrameView::read(bytes)?;
        assert_eq!(view, view.clone());
        let topic = view.topic.clone();
        Some(Inbound::from(view.map(|frame| frame.into_frame(&topic).expect("a topic of the message"))))
    },
    reference: ClientFrame::decode_reference,
};
const SERVER: Paths<ServerFrame> = Paths {
    fast: ServerFrame::decode_fast,
    // The fixture's server sends nothing that could be borrowed, so there is no view.
    view: ServerFrame::decode_fast,
    reference: ServerFrame::decode_reference,
};

impl<F: PartialEq + Debug> Paths<F> {
    /// The verdict that both paths give; what is irregular must still not be accepted wrongly.
    #[track_caller]
    fn check(&self, name: &str, text: &str, accept: bool, irregular: bool) {
        let fast = (self.fast)(text.as_bytes());
        assert_eq!((self.view)(text.as_bytes()), fast, "{name}: the view differs: {text}");
        match (self.reference)(text.as_bytes()) {
            Ok(reference) if irregular => {
                assert!(accept && fast.is_none_or(|fast| fast == reference), "{name}: {text}")
            }
            Ok(reference) => {
                assert!(accept, "{name}: accepted: {text}");
                assert_eq!(fast, Some(reference), "{name}: the fast path differs: {text}");
            }
            Err(rejection) => {
                assert!(!accept, "{name}: refused: {text}: {rejection:#?}");
                assert_eq!(fast, None, "{name}: only the fast path accepts: {text}");
            }
        }
    }

    /// Whatever the verdict is: where the fast path accepts, the reference path accepts the same.
    #[track_caller]
    fn agree(&self, text: &str) -> bool {
        let view = (self.view)(text.as_bytes());
        let Some(fast) = (self.fast)(text.as_bytes()) else {
            assert_eq!(view, None, "only the view accepts: {text}");
            return false;
        };
        // A view leaves numbers with an exponent to the decoder where any value may stand.
        assert!(view.as_ref().is_none_or(|view| *view == fast), "the view differs: {text}");
        assert_eq!(Ok(fast), (self.reference)(text.as_bytes()), "only the fast path accepts: {text}");
        true
    }
}

/// The cases of the fixture: the file's message and direction, and each case.
fn cases() -> Vec<(String, bool, Value)> {
    let (ir, config) = fast();
    let files = generate(&ir, &config, Target::Cases).expect("cases can be made");
    let content = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
    let mut cases = Vec::new();
    for file in files {
        let content = content(&file.contents);
        let to_server = content["direction"] == "to_server";
        for case in content["cases"].as_array().expect("a list") {
            cases.push((format!("{}: {}", content["message"], case["name"]), to_server, case.clone()));
        }
    }
    cases
}

fn text_of(case: &Value) -> String {
    case["text"].as_str().map_or_else(|| case["frame"].to_string(), str::to_owned)
}

#[test]
fn both_paths_judge_every_case_as_the_schemas_do() {
    let mut keywords: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for (name, to_server, case) in cases() {
        let (accept, irregular) = (case["verdict"] == "accept", case["irregular"] == true);
        let (accepted, rejected) = keywords.entry(case["keyword"].as_str().unwrap_or_default().to_owned()).or_default();
        *(if accept { accepted } else { rejected }) += 1;
        if to_server {
            CLIENT.check(&name, &text_of(&case), accept, irregular);
        } else {
            SERVER.check(&name, &text_of(&case), accept, irregular);
        }
    }
    let both = [
        "additionalProperties",
        "enum",
        "exclusiveMaximum",
        "exclusiveMinimum",
        "format",
        "maxItems",
        "maxLength",
        "maxProperties",
        "maximum",
        "minItems",
        "minLength",
        "minProperties",
        "minimum",
        "multipleOf",
        "oneOf",
        "anyOf",
        "pattern",
        "required",
        "uniqueItems",
    ];
    for keyword in both {
        let (accepted, rejected) = keywords.get(keyword).copied().unwrap_or_default();
        assert!(accepted > 0 && rejected > 0, "{keyword}: {accepted} accepted, {rejected} rejected");
    }
}

#[test]
fn any_scalar_anywhere_is_judged_alike() {
    const MARK: &str = "\"\\u0001mark\"";
    let mut accepted = 0;
    for (_, to_server, case) in cases() {
        let Some(frame) = case.get("frame").filter(|_| case["name"] == "every property") else { continue };
        let mut pointers = Vec::new();
        collect_pointers(frame, &mut String::new(), &mut pointers);
        for pointer in pointers {
            let mut marked = frame.clone();
            if let Some(place) = marked.pointer_mut(&pointer) {
                *place = "\u{1}mark".into();
            }
            let marked = marked.to_string();
            for scalar in SCALARS {
                let text = marked.replacen(MARK, scalar, 1);
                accepted += usize::from(if to_server { CLIENT.agree(&text) } else { SERVER.agree(&text) });
            }
        }
    }
    assert!(accepted > 1_000, "{accepted}");
}

/// Pointers to everything in `data`.
fn collect_pointers(value: &Value, pointer: &mut String, found: &mut Vec<String>) {
    if pointer.starts_with("/data") {
        found.push(pointer.clone());
    }
    let children: Vec<(String, &Value)> = match value {
        Value::Array(items) => items.iter().enumerate().map(|(index, item)| (index.to_string(), item)).collect(),
        Value::Object(members) => {
            members.iter().map(|(key, value)| (key.replace('~', "~0").replace('/', "~1"), value)).collect()
        }
        _ => Vec::new(),
    };
    for (segment, child) in children {
        let length = pointer.len();
        pointer.push('/');
        pointer.push_str(&segment);
        collect_pointers(child, pointer, found);
        pointer.truncate(length);
    }
}

const SCALARS: &[&str] = &[
    "null",
    "true",
    "false",
    "0",
    "-0",
    "-1",
    "1",
    "2",
    "3",
    "5",
    "7",
    "30",
    "1.0",
    "3.0",
    "0.5",
    "-0.5",
    "1.5",
    "1e1",
    "1e-7",
    "0.1234567890123456789",
    "9007199254740993",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "\"\"",
    "\"a\"",
    "\"xy\"",
    "\"ab\"",
    "\"a12.x\"",
    "\"bc123.x\"",
    "\"a1234.x\"",
    "\"1234-ABF\"",
    "\"ie5\"",
    "\"low\"",
    "\"only\"",
    "\"\\u006fnly\"",
    "\"🦀🦀🦀🦀\"",
    "\"🦀🦀🦀🦀🦀\"",
    "\"0190b6a2-7c1e-7b6a-9a64-0d5a3c0f7e21\"",
    "\"2026-01-01T00:00:00+01:00\"",
    "[]",
    "[1]",
    "[1,2]",
    "[1,2,3,4]",
    "[\"a\",\"a\"]",
    "[\"a\",\"b\"]",
    "[null]",
    "[[true],[]]",
    "[{\"x\":1}]",
    "{}",
    "{\"x\":1}",
    "{\"x\":1,\"y\":2}",
    "{\"x\":1,\"x\":2}",
    "{\"a\":5,\"b\":1}",
    "{\"a\":1,\"b\":2,\"c\":3}",
    "{\"a\":1,\"b\":2,\"c\":3,\"d\":{\"e\":[1.5]}}",
    "{\"name\":\"n\",\"other\":1}",
    "{\"name\":\"n\",\"other\":0}",
    "{\"kind\":\"circle\",\"radius\":1}",
    "{\"radius\":1,\"kind\":\"circle\",\"more\":1}",
    "{\"kind\":\"rectangle\",\"width\":1,\"more\":1}",
    "{\"kind\":\"circle\",\"kind\":\"rectangle\",\"width\":1}",
    "{\"details\":1,\"method\":\"cash\"}",
    "{\"method\":\"card\",\"details\":{\"name\":\"n\",\"parent\":{\"name\":\"m\"}}}",
];

#[test]
fn deep_recursion_is_left_to_the_reference_path() {
    let tree = |depth: usize| {
        let data = "{\"name\":\"n\",\"parent\":".repeat(depth) + "{\"name\":\"n\"}" + &"}".repeat(depth);
        let id = "0f5ae2f4-6a3e-4c55-9d1c-2f6f0a4d8b11";
        format!("{{\"v\":1,\"id\":\"{id}\",\"type\":\"trees\",\"topic\":\"probe\",\"ts\":1,\"data\":{data}}}")
    };
    assert!(CLIENT.agree(&tree(90)));
    assert!(!CLIENT.agree(&tree(110)));
    assert!((CLIENT.reference)(tree(110).as_bytes()).is_ok());
    assert!((CLIENT.reference)(tree(100_000).as_bytes()).is_err());
}

#[test]
fn an_all_of_that_contains_itself_is_judged_at_every_depth() {
    let frame = |depth: usize, innermost: &str| {
        let data = "{\"groves\":[{\"next\":".repeat(depth) + innermost + &"}]}".repeat(depth);
        let id = "0f5ae2f4-6a3e-4c55-9d1c-2f6f0a4d8b11";
        format!("{{\"v\":1,\"id\":\"{id}\",\"type\":\"groves\",\"topic\":\"probe\",\"ts\":1,\"data\":{data}}}")
    };
    for depth in [1, 2, 3, 10] {
        CLIENT.check("a name", &frame(depth, "{\"name\":\"n\"}"), true, false);
        CLIENT.check("an empty list", &frame(depth, "{\"groves\":[]}"), true, false);
        CLIENT.check("minProperties of next", &frame(depth, "{}"), false, false);
        let three = "{\"name\":\"n\",\"groves\":[],\"next\":{\"name\":\"n\"}}";
        CLIENT.check("maxProperties of next", &frame(depth, three), false, false);
        CLIENT.check("minProperties of an item", &frame(depth, "{\"groves\":[{}]}"), false, false);
        CLIENT.check("an unknown property", &frame(depth, "{\"other\":1}"), false, false);
    }
}

/// What a message with `schema` for its one property leaves to a validator, and why; the message as a whole if `whole`.
#[track_caller]
fn check_reason(schema: &str, whole: bool, expected: Option<&str>) {
    let document = fs::read_to_string(path("slow.yml")).expect("the fixture can be read");
    let source = InMemory::file("slow.yml", document.replace("value: {type: string}", &format!("value: {schema}")));
    let (ir, config) =
        input::read(Path::new("slow.yml"), &source, Config::default()).protocol.expect("a valid document");
    let slow = rust::module(&ir, &config).expect("Rust can express it").slow_messages;
    let reasons: Vec<_> = slow.iter().map(|message| (message.whole, message.reason.as_str())).collect();
    assert_eq!(reasons, expected.into_iter().map(|reason| (whole, reason)).collect::<Vec<_>>(), "{schema}");
}

#[test]
fn what_needs_more_than_one_look_is_named() {
    #[track_caller]
    fn check(schema: &str, expected: &str) {
        check_reason(schema, false, Some(expected));
    }
    check_reason("{type: string}", false, None);
    check("{type: array, contains: {const: 7}}", "`contains` needs the whole value");
    check("{type: string, not: {const: a}}", "`not` needs the whole value");
    check("{type: object, propertyNames: {maxLength: 3}}", "`propertyNames` needs the whole value");
    check("{type: string, format: hostname}", "`format: hostname` is left to the validator");
    check("{type: array, items: [{type: string}]}", "`items` is a list of schemas");
    check("{type: number, multipleOf: 0.1}", "`multipleOf` of numbers with a fraction is left to the validator");
    check(
        "{oneOf: [{type: integer, multipleOf: 2}, {type: integer, multipleOf: 3}]}",
        "two alternatives have the same JSON type",
    );
    check_reason("{oneOf: [{type: 'null'}, {type: string}]}", false, None);
    check("{oneOf: [{type: 'null'}, {type: [string, 'null']}]}", "`null` may fit more than one alternative");
    check("{type: object, const: {a: 1}}", "a free-form object has constraints on its members");
}

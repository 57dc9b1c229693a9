//! Numbers and texts at the edges get the same verdict from TypeScript as from the server's validator.

mod support;

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value, json};
use tightwire_spec::{InMemory, load};

use support::say;
use support::typescript::Project;

/// Values of `multipleOf`.
const STEPS: [&str; 17] = [
    "1",
    "2",
    "3",
    "7",
    "1000",
    "9007199254740991",
    "1e20",
    "1e300",
    "0.5",
    "0.1",
    "0.01",
    "0.07",
    "0.3",
    "0.0001",
    "1.5",
    "0.123456789",
    "1e-8",
];

/// Numbers beside the multiples of the steps. Integers that no double holds are left out: `JSON.parse` has lost them.
const NUMBERS: &str = "0 -0.0 19.99 1.1 4.35 1.005 0.0075 0.00751 1070468.14 123456.7891 -19.99 -0.3 9007199254740991 \
    9007199254740992 9007199254740994 1e15 1e16 12345678901234567168 1e20 1e21 1e22 1e23 123456789e15 1e34 1e38 1e52 1e300 \
    1e308 5e-324 1e-9";

/// Patterns with what the engines of the two languages could read differently.
const PATTERNS: [&str; 9] = ["^.$", "^.+x$", "^[.]$", r"^\.$", "^[^.]$", r"^a\s$", r"^\S$", r"^\w\d$", "^(a.b|.)$"];

const TEXTS: [&str; 24] = [
    "",
    "a",
    ".",
    "\n",
    "\r",
    "\u{2028}",
    "\u{2029}",
    "\u{85}",
    "\u{b}",
    "\u{feff}",
    "\u{a0}",
    "🙂",
    "ax",
    "\rx",
    "\u{2028}x",
    "\u{85}x",
    "a\n",
    "a\u{feff}",
    "a\u{85}",
    "é1",
    "a1",
    "a١",
    "a\nb",
    "a\u{2029}b",
];

/// Each value, of its schema, has the verdict of the validator.
#[track_caller]
fn check(name: &str, schemas: &Map<String, Value>, values: &[Value]) {
    let Some(project) = Project::new(&format!("typescript_{name}")) else { return };
    let messages: Map<String, Value> =
        schemas.iter().map(|(message, schema)| (message.clone(), json!({ "payload": schema }))).collect();
    let document = json!({
        "asyncapi": "3.0.0",
        "info": { "title": "Scalars", "version": "1.0.0" },
        "channels": { "scalars": { "address": "/", "messages": messages } },
        "operations": { "take": { "action": "receive", "channel": { "$ref": "#/channels/scalars" } } },
    });
    let loaded = load(Path::new("scalars.json"), &InMemory::file("scalars.json", document.to_string()));
    let ir = loaded.expect("it can be read").ir.expect("it is valid");
    project.add(name, &ir).expect("it can be expressed");
    project.compile().unwrap_or_else(|said| panic!("it does not compile:\n{said}"));

    let validators: BTreeMap<&String, jsonschema::Validator> =
        ir.messages.iter().map(|(id, message)| (id, ir.validator(&message.payload).expect("a schema"))).collect();
    let verdicts = project.run("values.mjs", &json!([{ "folder": name, "values": values }]));
    let (mut different, mut valid) = (Vec::new(), 0);
    for (value, verdict) in values.iter().zip(verdicts.as_array().expect("a list")) {
        let message = value[0].as_str().expect("a message").to_owned();
        let expected = validators[&message].is_valid(&value[1]);
        valid += usize::from(expected);
        if *verdict != json!([expected, expected]) {
            different.push(format!(
                "{} for {}: the validator says {expected}, TypeScript {verdict}",
                value[1], schemas[&message]
            ));
        }
    }
    say(format!("{} values, of which {valid} are valid", values.len()));
    assert!(valid > 0 && valid < values.len(), "all verdicts are the same");
    assert!(different.is_empty(), "{different:#?}");
}

#[test]
fn multiples() {
    let number = |text: &str| -> Value { serde_json::from_str(text).expect("a number") };
    let (mut schemas, mut values) = (Map::new(), Vec::new());
    for step in STEPS {
        schemas.insert(step.to_owned(), json!({ "type": "number", "multipleOf": number(step) }));
        let size = number(step).as_f64().expect("a double");
        let multiples = [1.0, 2.0, 3.0, 10.0, 1999.0, 123_456.0].map(|times| json!(size * times));
        let near = [1.0, 3.0].map(|times| json!((size * times).next_up()));
        let all = NUMBERS.split_whitespace().map(number).chain(multiples).chain(near);
        values.extend(all.map(|value| json!([step, value])));
    }
    check("multiples", &schemas, &values);
}

#[test]
fn patterns() {
    let (mut schemas, mut values) = (Map::new(), Vec::new());
    for pattern in PATTERNS {
        schemas.insert(pattern.to_owned(), json!({ "type": "string", "pattern": pattern }));
        let keys = format!("{pattern} as a key");
        schemas.insert(
            keys.clone(),
            json!({ "type": "object", "patternProperties": { pattern: {} }, "additionalProperties": false }),
        );
        values.extend(TEXTS.iter().flat_map(|text| [json!([pattern, text]), json!([keys, { *text: 1 }])]));
    }
    check("patterns", &schemas, &values);
}

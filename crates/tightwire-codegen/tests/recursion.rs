//! Schemas that lead back to themselves in every way: whatever a small document says, generating from it ends, without
//! exhausting the stack, and what comes out is not much larger than the document.
//!
//! Each document has a process of its own, since a stack that overflows ends the process.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use serde_json::{Map, Value, json};
use tightwire_codegen::{Config, Target, generate_targets};
use tightwire_spec::{InMemory, load};

/// The variable that names the document, in the process that reads it.
const DOCUMENT: &str = "TIGHTWIRE_RECURSION";
/// A document that takes longer is a failure.
const LIMIT: Duration = Duration::from_secs(30);
/// So many bytes may come of a document with a few schemas.
const MAX_BYTES: usize = 4 << 20;

/// Generates everything from a document; says which document it is where that fails.
fn generate_apart(document: &Value) -> Result<(), String> {
    let folder = tempfile::tempdir().expect("a directory can be made");
    let (path, complaints) = (folder.path().join("t.json"), folder.path().join("complaints"));
    fs::write(&path, document.to_string()).expect("it can be written");
    let mut child = Command::new(std::env::current_exe().expect("this test is a program"))
        .args(["--exact", "one_document", "--nocapture"])
        .env(DOCUMENT, &path)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(fs::File::create(&complaints).expect("a file can be made"))
        .spawn()
        .expect("this test can be run");
    let start = Instant::now();
    let why = loop {
        match child.try_wait().expect("it can be waited for") {
            Some(status) if status.success() => return Ok(()),
            Some(status) => break status.to_string(),
            None if start.elapsed() > LIMIT => {
                child.kill().expect("it can be ended");
                child.wait().expect("it can be waited for");
                break format!("it takes longer than {LIMIT:?}");
            }
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    };
    let complaints = fs::read_to_string(&complaints).unwrap_or_default();
    Err(format!("{why}\n{complaints}\n{document:#}"))
}

/// What the other tests of this file start: reads the document that is named, and generates from it.
#[test]
fn one_document() {
    let Some(path) = std::env::var_os(DOCUMENT) else { return };
    let text = fs::read_to_string(Path::new(&path)).expect("it can be read");
    let loaded = load(Path::new("t.json"), &InMemory::file("t.json", text)).expect("the file is there");
    // What leads back to itself without an end is refused.
    let Some(ir) = loaded.ir else { return };
    let files = generate_targets(&ir, &Config::default(), &Target::ALL).expect("every target can express it");
    // Beside the document's own, TypeScript has a runtime that is always the same.
    let bytes: usize = files.iter().map(|file| file.contents.len()).sum();
    assert!(bytes < MAX_BYTES, "{bytes} bytes");
}

/// Schemas each of which has a property of the next.
#[test]
fn schemas_that_lead_to_one_another() {
    const LENGTH: usize = 1000;
    let link = |index: usize| match index {
        LENGTH => json!({ "type": "string" }),
        _ => json!({
            "type": "object",
            "properties": { "next": { "$ref": format!("#/components/schemas/S{}", index + 1) } },
        }),
    };
    let schemas: Map<String, Value> = (0..=LENGTH).map(|index| (format!("S{index}"), link(index))).collect();
    let mut document = document(&schemas, false);
    // Only the first is a message, so that all others are met on the way down from it.
    let messages = document["channels"]["c"]["messages"].as_object_mut().expect("the channel has messages");
    messages.retain(|name, _| name == "take_S0");
    generate_apart(&document).unwrap();
}

/// A document whose messages bring `schemas`, in draft-07 or in 2020-12.
fn document(schemas: &Map<String, Value>, later: bool) -> Value {
    let messages: Map<String, Value> = schemas
        .keys()
        .map(|name| {
            let reference = json!({ "$ref": format!("#/components/schemas/{name}") });
            let payload = match later {
                true => json!({ "schemaFormat": "application/schema+json;version=2020-12", "schema": reference }),
                false => reference,
            };
            (format!("take_{name}"), json!({ "payload": payload }))
        })
        .collect();
    json!({
        "asyncapi": "3.0.0",
        "info": { "title": "Recursion", "version": "1.0.0" },
        "channels": { "c": { "address": "/", "messages": messages } },
        "operations": { "take": { "action": "receive", "channel": { "$ref": "#/channels/c" } } },
        "components": { "schemas": schemas },
    })
}

/// A schema in which references are numbers.
#[derive(Clone, Debug)]
enum Sketch {
    Scalar(usize),
    Ref(usize),
    Object { keywords: Vec<(usize, Vec<Sketch>)>, bounds: usize },
}

fn sketch() -> impl Strategy<Value = Sketch> {
    let leaf = prop_oneof![1 => any::<usize>().prop_map(Sketch::Scalar), 4 => any::<usize>().prop_map(Sketch::Ref)];
    leaf.prop_recursive(3, 16, 3, |inner| {
        let keyword = (any::<usize>(), prop::collection::vec(inner, 1..4));
        (prop::collection::vec(keyword, 1..4), any::<usize>())
            .prop_map(|(keywords, bounds)| Sketch::Object { keywords, bounds })
    })
}

/// Writes sketches as schemas.
struct Writer {
    /// How many schemas have names.
    count: usize,
    /// The number of the one that is being written.
    own: usize,
    /// Whether keywords beside a reference count.
    later: bool,
}

const PROPERTIES: [&str; 3] = ["a", "b", "kind"];

impl Writer {
    /// `inside`: whether it judges a value inside of that which the named schema judges. Only there it may lead anywhere; a
    /// way back to the same value has no end, and such documents are refused.
    fn schema(&self, sketch: &Sketch, inside: bool) -> Value {
        let (keywords, bounds) = match sketch {
            Sketch::Scalar(kind) => {
                let scalars = [
                    json!({ "type": "string" }),
                    json!({ "type": "integer", "minimum": 1 }),
                    json!({ "type": "null" }),
                    json!({ "const": "x" }),
                    json!({ "enum": ["x", "y"] }),
                    json!({ "type": "object" }),
                    json!({ "type": "array" }),
                    json!(true),
                ];
                return scalars[kind % scalars.len()].clone();
            }
            Sketch::Ref(target) => return self.reference(*target, inside),
            Sketch::Object { keywords, bounds } => (keywords, bounds),
        };
        let mut schema = Map::new();
        for (keyword, parts) in keywords {
            let list = |inside| Value::from(parts.iter().map(|part| self.schema(part, inside)).collect::<Vec<_>>());
            let first = |inside| self.schema(&parts[0], inside);
            let properties = || {
                let named = PROPERTIES.iter().zip(parts);
                named.map(|(name, part)| ((*name).to_owned(), self.schema(part, true))).collect::<Map<_, _>>()
            };
            match keyword % 12 {
                0 | 1 => schema.insert("allOf".to_owned(), list(inside)),
                2 => schema.insert("anyOf".to_owned(), list(inside)),
                3 => schema.insert("oneOf".to_owned(), list(inside)),
                4 | 5 => {
                    schema.insert("type".to_owned(), json!("array"));
                    schema.insert("items".to_owned(), first(true))
                }
                6..=8 => {
                    schema.insert("type".to_owned(), json!("object"));
                    schema.insert("properties".to_owned(), properties().into())
                }
                9 => schema.insert("properties".to_owned(), properties().into()),
                10 => schema.insert("additionalProperties".to_owned(), first(true)),
                _ if self.later => match self.reference(*bounds, inside) {
                    Value::Object(reference) => {
                        schema.extend(reference);
                        None
                    }
                    _ => None,
                },
                _ => schema.insert("not".to_owned(), json!({ "required": ["z"] })),
            };
        }
        match bounds % 6 {
            0 => drop(schema.insert("minProperties".to_owned(), json!(1))),
            1 => drop(schema.insert("required".to_owned(), json!(["a"]))),
            2 => drop(schema.insert("minItems".to_owned(), json!(1))),
            3 => drop(schema.insert("description".to_owned(), json!("A text."))),
            _ => {}
        }
        schema.into()
    }

    fn reference(&self, target: usize, inside: bool) -> Value {
        let after = self.count - self.own - 1;
        match (inside, after) {
            (true, _) => json!({ "$ref": format!("#/components/schemas/S{}", target % self.count) }),
            (false, 0) => json!({ "type": "object" }),
            (false, _) => json!({ "$ref": format!("#/components/schemas/S{}", self.own + 1 + target % after) }),
        }
    }
}

fn written(sketches: &[Sketch], later: bool) -> Value {
    let count = sketches.len();
    let write =
        |(own, sketch): (usize, &Sketch)| (format!("S{own}"), Writer { count, own, later }.schema(sketch, false));
    document(&sketches.iter().enumerate().map(write).collect(), later)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, max_shrink_iters: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn schemas_that_lead_anywhere(sketches in prop::collection::vec(sketch(), 2..6), later in any::<bool>()) {
        generate_apart(&written(&sketches, later)).map_err(TestCaseError::fail)?;
    }
}

#[track_caller]
fn check(schemas: &Value, later: bool) {
    let schemas = schemas.as_object().expect("schemas by name");
    generate_apart(&document(schemas, later)).unwrap_or_else(|why| panic!("{why}"));
}

#[test]
fn an_all_of_without_a_name_leads_back_to_itself() {
    let tree = json!({ "$ref": "#/components/schemas/Tree" });
    let strict = json!({ "$ref": "#/components/schemas/Strict" });
    let array =
        |items: Value| json!({ "type": "object", "properties": { "children": { "type": "array", "items": items } } });
    let wrapped = json!({ "allOf": [strict] });
    check(&json!({ "Tree": array(wrapped), "Strict": { "allOf": [tree], "minProperties": 1 } }), false);
    let beside = json!({ "$ref": "#/components/schemas/Tree", "minProperties": 1 });
    check(&json!({ "Tree": array(beside), "Strict": { "allOf": [tree] } }), true);
}

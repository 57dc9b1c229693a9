//! Reads the suite and makes documents of its schemas. For this crate's tests and its build script, and for the test of
//! the TypeScript output.

use std::path::{Path, PathBuf};
use std::{fs, io};

use serde_json::{Map, Value, json};
use tightwire_spec::ir::Ir;
use tightwire_spec::{FileSystem, Formats, InMemory, LoadOptions, Severity, Source, load_with};

/// A dialect that the suite has tests for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Draft 7, which is what AsyncAPI's own schemas are.
    Draft7,
    /// Draft 2020-12, as a `schemaFormat` names it.
    Draft202012,
}

/// A schema of the suite and its tests.
#[derive(Clone, Debug)]
pub struct Group {
    /// The file that it stands in: `ref.json`.
    pub file: String,
    /// What the suite calls it.
    pub description: String,
    /// A name for its message: `ref_3`.
    pub message: String,
    /// The schema.
    pub schema: Value,
    /// Its dialect.
    pub dialect: Dialect,
    /// The tests.
    pub tests: Vec<Test>,
}

/// A value and whether the schema accepts it.
#[derive(Clone, Debug)]
pub struct Test {
    /// What the suite calls it.
    pub description: String,
    /// The value.
    pub data: Value,
    /// Whether it is valid.
    pub valid: bool,
}

/// What stands for a schema as the payload of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload {
    /// The schema itself.
    Bare,
    /// An object with the schema at `value` and the message's name at `message`, so that frames can be told apart.
    Named,
}

impl Dialect {
    /// Every dialect.
    pub const ALL: [Self; 2] = [Self::Draft7, Self::Draft202012];

    /// The folder of its tests, which also names lists and sections.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft7 => "draft7",
            Self::Draft202012 => "draft2020-12",
        }
    }

    /// Its name for people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Draft7 => "draft 7",
            Self::Draft202012 => "draft 2020-12",
        }
    }

    /// What `format` means by default: in draft 7 a reader may judge by it, in 2020-12 it is a note to people.
    #[must_use]
    pub fn formats(self) -> Formats {
        match self {
            Self::Draft7 => Formats::Assert,
            Self::Draft202012 => Formats::Annotate,
        }
    }

    /// The payload of a message with that schema.
    fn payload(self, schema: Value) -> Value {
        match self {
            Self::Draft7 => schema,
            Self::Draft202012 => {
                json!({ "schemaFormat": "application/schema+json;version=draft-2020-12", "schema": schema })
            }
        }
    }
}

/// The folder of the suite.
#[must_use]
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tightwire-conformance/suite")
}

/// All groups of the required files, in the order of the files' names.
///
/// # Panics
/// If the files are not those of the suite.
#[must_use]
pub fn read(dialect: Dialect) -> Vec<Group> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder().join(dialect.as_str()))
        .expect("the suite can be read")
        .map(|entry| entry.expect("the suite can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    files.iter().flat_map(|file| groups(file, dialect)).collect()
}

fn groups(file: &Path, dialect: Dialect) -> Vec<Group> {
    let text = fs::read_to_string(file).expect("a file of the suite can be read");
    let groups: Vec<Value> = serde_json::from_str(&text).expect("a file of the suite is a list");
    let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let text = |node: &Value| node["description"].as_str().unwrap_or_default().to_owned();
    let tests = |group: &Value| {
        let tests = group["tests"].as_array().into_iter().flatten();
        tests
            .map(|test| Test { description: text(test), data: test["data"].clone(), valid: test["valid"] == true })
            .collect()
    };
    let group = |(group, number): (&Value, usize)| Group {
        file: format!("{stem}.json"),
        description: text(group),
        message: format!("{}_{number}", stem.replace('-', "_")),
        schema: group["schema"].clone(),
        dialect,
        tests: tests(group),
    };
    groups.iter().zip(1..).map(group).collect()
}

/// The schemas of the suite, and what they refer to by URL.
struct WithRemotes(InMemory);

impl Source for WithRemotes {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.0.read(path).or_else(|_| FileSystem.read(path))
    }
}

/// The protocol in which clients send a message for each group.
///
/// # Errors
/// The first thing that is wrong with the document.
pub fn protocol<'a>(
    groups: impl IntoIterator<Item = &'a Group>,
    payload: Payload,
    formats: Formats,
) -> Result<Ir, String> {
    let mut messages = Map::new();
    let mut source = InMemory::default();
    for Group { message, schema, dialect, .. } in groups {
        // `#` is the root of the schema, so what refers to anything stands in a file of its own.
        let text = schema.to_string();
        let schema = if ["\"$ref\"", "\"$dynamicRef\"", "\"$id\""].iter().any(|keyword| text.contains(keyword)) {
            source = source.with(format!("{message}.json"), text);
            json!({ "$ref": format!("{message}.json") })
        } else {
            schema.clone()
        };
        let schema = match payload {
            Payload::Bare => schema,
            Payload::Named => json!({
                "type": "object",
                "additionalProperties": false,
                "required": ["message", "value"],
                "properties": { "message": { "const": message }, "value": schema },
            }),
        };
        messages.insert(message.clone(), json!({ "payload": dialect.payload(schema) }));
    }
    let document = json!({
        "asyncapi": "3.0.0",
        "info": { "title": "JSON-Schema-Test-Suite", "version": "1.0.0" },
        "channels": { "suite": { "address": "/", "messages": messages } },
        "operations": { "take": { "action": "receive", "channel": { "$ref": "#/channels/suite" } } },
    });
    let source = WithRemotes(source.with("suite.json", document.to_string()));
    let schemas = [("http://localhost:1234/", folder().join("remotes"))].into_iter().collect();
    let options = LoadOptions { schemas, formats, ..LoadOptions::default() };
    let loaded = load_with(Path::new("suite.json"), &source, &options).map_err(|error| error.to_string())?;
    let error = loaded.diagnostics.iter().find(|diagnostic| diagnostic.severity == Severity::Error);
    match (loaded.ir, error) {
        (Some(ir), None) => Ok(ir),
        (_, error) => Err(error.map_or_else(String::new, |error| error.one_line(&loaded.sources))),
    }
}

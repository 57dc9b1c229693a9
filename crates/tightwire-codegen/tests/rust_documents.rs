//! The Rust output for documents that others wrote: all of it compiles without a warning, in one crate, and every
//! example of a message, and values made at random, come out as they went in. Writes `docs/documents.md`.
//!
//! `UPDATE_DOCS=1 cargo test -p tightwire-codegen --test rust_documents` writes the table anew.

mod support;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use serde_json::{Value, json};
use tightwire_codegen::{Config, rust};
use tightwire_spec::ir::{Direction, Dispatch, Ir, Message};
use tightwire_spec::schema::{Schema, SchemaObject};
use tightwire_spec::{FileSystem, load};

use support::samples::Samples;
use support::{say, shared};

/// So many values each message is tried with.
const VALUES: u64 = 6;

/// Examples that are not what they should be: `document | message`. Those of the first two break the schema of their own
/// message; those of the last are socket.io events, whose names are not in the frame, and fit another event as well.
const ODD_EXAMPLES: [(&str, &str); 4] = [
    ("asyncapi-slack-client.yml", "event"),
    ("kraken-websocket-request-reply-multiple-channels-asyncapi.yml", "subscriptionStatus"),
    ("example-documentation.yaml", "rootIncomingPing"),
    ("example-documentation.yaml", "rootAckForIncomingPing"),
];

/// The modules of all documents, as one crate.
#[derive(Default)]
struct Crate {
    modules: String,
    protocols: String,
    count: usize,
    frames: Vec<Value>,
}

#[test]
fn documents_of_others_compile_and_write_what_they_read() {
    let Some(folder) = shared::folder("specs") else { return };
    let root = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("rust_documents");
    fs::create_dir_all(root.join("src")).expect("a directory can be made");
    let mut all = Crate::default();
    let mut table = String::new();
    for (name, path) in shared::documents(&folder) {
        let row = all.add(&name, &path, &root);
        table.push_str(&row);
    }
    all.write(&root);
    say(all.run(&root));
    compare(&table);
}

impl Crate {
    /// Adds a document, and gives its row in the table.
    fn add(&mut self, name: &str, path: &Path, root: &Path) -> String {
        let loaded = load(path, &FileSystem).expect("the file can be read");
        let Some(ir) = loaded.ir else {
            let errors = loaded.diagnostics.iter().filter(|found| found.severity == tightwire_spec::Severity::Error);
            let rules: BTreeSet<&str> = errors.map(|found| found.rule).collect();
            let rules: Vec<&str> = rules.into_iter().collect();
            return format!("| {name} | – | – | – | – | refused: {} |\n", rules.join(", "));
        };
        self.count += 1;
        let module = format!("d{}", self.count);
        let config = Config { module: module.clone(), document: name.to_owned(), ..Config::default() };
        let made = rust::module(&ir, &config).unwrap_or_else(|error| panic!("{name}: {error}"));
        // Same text, same file: so nothing is compiled again that did not change.
        let file = root.join("src").join(format!("{module}.rs"));
        if !fs::read_to_string(&file).is_ok_and(|known| known == made.text) {
            fs::write(&file, &made.text).expect("it can be written");
        }
        let _ = writeln!(self.modules, "include!({:?});", format!("{module}.rs"));
        for (direction, frame) in [(Direction::ToServer, "ClientFrame"), (Direction::ToClient, "ServerFrame")] {
            let _ = writeln!(self.protocols, "    protocol!(\"{module} {frame}\", {module}::{frame}),");
            for message in ir.messages.values().filter(|message| message.directions.contains(&direction)) {
                let odd = ODD_EXAMPLES.iter().any(|(file, id)| name.ends_with(file) && message.id == *id);
                self.frames_of(&ir, message, &format!("{module} {frame}"), odd);
            }
        }
        for untyped in &made.untyped {
            say(format!("{name}: {} is any JSON: {}", untyped.place, untyped.reason));
        }
        let messages = ir.messages.values().filter(|message| !message.directions.is_empty()).count();
        let by = |direction: &str, dispatch: &Dispatch| match dispatch {
            _ if dispatch.values.is_empty() && dispatch.structural.is_empty() => None,
            _ if dispatch.by.is_empty() => Some(format!("{direction}: by structure")),
            _ => Some(format!("{direction}: `{}`", dispatch.by.join("."))),
        };
        let dispatch = [by("in", &ir.dispatch.to_server), by("out", &ir.dispatch.to_client)];
        let dispatch: Vec<String> = dispatch.into_iter().flatten().collect();
        let slow: BTreeSet<&str> =
            made.slow_messages.iter().filter(|slow| slow.whole).map(|slow| slow.message.as_str()).collect();
        let result = if made.untyped.is_empty() {
            "compiles".to_owned()
        } else {
            format!("compiles, {} any JSON", made.untyped.len())
        };
        format!("| {name} | {} | {messages} | {} | {} | {result} |\n", ir.asyncapi, dispatch.join(", "), slow.len())
    }

    /// The examples of a message, and values made for its schema.
    fn frames_of(&mut self, ir: &Ir, message: &Message, protocol: &str, odd: bool) {
        let mut add = |frame: &Value, example: bool, open: bool| {
            self.frames.push(json!({
                "protocol": protocol, "message": message.id, "example": example, "odd": odd, "open": open,
                "frame": frame,
            }));
        };
        for example in &message.examples {
            add(&example.payload, true, false);
        }
        for seed in 0..VALUES {
            let mut samples = Samples::new(ir, seed + 1);
            let value = samples.of(&message.payload);
            // What an open object has beside its properties is not kept.
            add(&value, false, strays(ir, &message.payload, &value));
            let changed = samples.changed(&value);
            add(&changed, false, true);
        }
    }

    fn write(&self, root: &Path) {
        let runtime = shared::repository().join("crates/tightwire");
        let manifest = format!(
            "[package]\nname = \"rust-documents\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
             [dependencies]\nserde = \"1\"\nserde_json = {{ version = \"1\", features = [\"preserve_order\"] }}\n\
             tightwire = {{ path = {runtime:?} }}\n\n[profile.dev]\ndebug = \"line-tables-only\"\n\n[profile.dev.package.rust-documents]\ndebug = 0\n"
        );
        let protocols = format!("{}\nstatic PROTOCOLS: &[Protocol] = &[\n{}];\n", self.modules, self.protocols);
        for (path, text) in [
            ("Cargo.toml", manifest),
            ("src/modules.rs", protocols),
            ("src/main.rs", include_str!("documents/program.rs").to_owned()),
            ("frames.json", Value::from(self.frames.clone()).to_string()),
        ] {
            let path = root.join(path);
            if !fs::read_to_string(&path).is_ok_and(|known| known == text) {
                fs::write(path, text).expect("it can be written");
            }
        }
        fs::copy(shared::repository().join("Cargo.lock"), root.join("Cargo.lock")).expect("the lock file is there");
    }

    /// Compiles the crate and runs it; gives what it says.
    fn run(&self, root: &Path) -> String {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("..");
        let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(["run", "--quiet", "--offline", "--manifest-path"])
            .arg(root.join("Cargo.toml"))
            .arg("--")
            .arg(root.join("frames.json"))
            .env("CARGO_TARGET_DIR", target)
            .output()
            .expect("cargo can be run");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let complaints = String::from_utf8_lossy(&output.stderr);
        let shown: String = format!("{said}{complaints}").chars().take(12_000).collect();
        assert!(output.status.success(), "{} documents do not do what they should:\n{shown}", self.count);
        said
    }
}

/// Whether a value has properties that its schema allows and does not name.
fn strays(ir: &Ir, schema: &Schema, value: &Value) -> bool {
    let Some(object) = ir.merged(schema) else { return true };
    let SchemaObject { properties, one_of, any_of, additional_properties, pattern_properties, items, .. } = object;
    let open = !one_of.is_empty() || !any_of.is_empty();
    match value {
        Value::Object(members) => {
            let typed = additional_properties.is_some() || !pattern_properties.is_empty() || properties.is_empty();
            open || members.iter().any(|(key, value)| match properties.get(key) {
                Some(schema) => strays(ir, schema, value),
                None => !typed,
            })
        }
        Value::Array(list) => match &items {
            Some(tightwire_spec::schema::Items::All(schema)) => list.iter().any(|value| strays(ir, schema, value)),
            _ => false,
        },
        _ => false,
    }
}

/// The table in the documentation is what was found.
fn compare(rows: &str) {
    let path = shared::repository().join("docs/documents.md");
    let text = format!(
        "# Documents of others\n\n\
         AsyncAPI documents from public repositories, and what becomes of them. The test `rust_documents` of\n\
         `tightwire-codegen` writes this table (`UPDATE_DOCS=1`); where the documents are, it compares it.\n\n\
         \"Dispatch\" is the property that tells the messages of a direction apart (\"in\" is to the server). \"Slow path\" \
         counts\nthe messages whose frames are validated as JSON values. \"Any JSON\" counts schemas that look like more \
         and have no type.\n\n\
         | document | version | messages | dispatch | slow path | result |\n|---|---|---|---|---|---|\n{rows}"
    );
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &text).expect("the table can be written");
    }
    let known = fs::read_to_string(&path).unwrap_or_default();
    assert!(known == text, "docs/documents.md is not what was found; UPDATE_DOCS=1 writes it anew:\n{text}");
}

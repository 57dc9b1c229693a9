//! The TypeScript output for documents that others wrote: all of it compiles in one run of the compiler, every example of
//! a message is accepted by the message's guard, and values made at random get the verdict of the server's validator.

mod support;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tightwire_spec::{FileSystem, load};

use support::samples::Samples;
use support::typescript::{Project, validator};
use support::{say, shared};

/// So many values each message is tried with: half of them changed at random.
const VALUES: u64 = 24;

/// Examples that break the schema of their own message: `document | message | example`.
const BROKEN_EXAMPLES: [&str; 0] = [];

#[test]
fn documents_of_others_compile_and_take_their_examples() {
    let Some(folder) = shared::folder("specs") else { return };
    let Some(project) = Project::new("typescript_documents") else { return };
    let mut documents = Vec::new();
    let mut names = Vec::new();
    let (mut values, mut expected) = (Vec::new(), Vec::new());
    for (name, path) in shared::documents(&folder) {
        let loaded = load(&path, &FileSystem).expect("the file can be read");
        let Some(ir) = loaded.ir else {
            say(format!("{name} is not read: the loader's tests say why"));
            continue;
        };
        let module = format!("d{}", documents.len() + 1);
        project.add(&module, &ir).unwrap_or_else(|error| panic!("{name}: {error}"));
        let (mut examples, mut made) = (Vec::new(), Vec::new());
        for message in ir.messages.values().filter(|message| !message.directions.is_empty()) {
            for (index, example) in message.examples.iter().enumerate() {
                examples.push(json!({ "message": message.id, "payload": example.payload }));
                names.push(format!("{name} | {} | {}", message.id, index + 1));
            }
            let validator = validator(&ir, &message.payload);
            for seed in 0..VALUES / 2 {
                let mut samples = Samples::new(&ir, seed + 1);
                let value = samples.of(&message.payload);
                for value in [samples.changed(&value), value] {
                    expected.push((format!("{name} | {}", message.id), validator.is_valid(&value)));
                    made.push(json!([message.id, value]));
                }
            }
        }
        values.push(json!({ "folder": module, "values": made }));
        say(format!("{module} is {name}: {} messages, {} examples", ir.messages.len(), examples.len()));
        documents.push(json!({ "folder": module, "examples": examples }));
    }
    assert!(documents.len() > 25, "only {} documents can be read", documents.len());
    if let Err(said) = project.compile() {
        panic!("what is generated for documents of others does not compile:\n{said}");
    }
    let verdicts = project.run("examples.mjs", &Value::from(documents));
    let verdicts = verdicts.as_array().expect("a list");
    assert_eq!(verdicts.len(), names.len());
    let mut refused = BTreeSet::new();
    for (name, verdict) in names.iter().zip(verdicts) {
        let accepted = verdict["guard"] == true;
        assert_eq!(accepted, verdict["violations"] == json!([]), "{name}: guard and check do not agree: {verdict}");
        if accepted {
            let classified = verdict["classified"].as_array().expect("two messages");
            assert!(classified.iter().any(Value::is_string), "{name} is of no direction: {verdict}");
        } else {
            say(format!("{name}: {verdict}"));
            refused.insert(name.as_str());
        }
    }
    assert_eq!(refused, BTreeSet::from(BROKEN_EXAMPLES));

    let verdicts = project.run("values.mjs", &Value::from(values.clone()));
    let made = values.iter().flat_map(|one| one["values"].as_array().expect("a list"));
    let mut different = Vec::new();
    for (((name, valid), value), verdict) in expected.iter().zip(made).zip(verdicts.as_array().expect("a list")) {
        if *verdict != json!([valid, valid]) {
            different.push(format!("{name}: the validator says {valid}, TypeScript {verdict}: {}", value[1]));
        }
    }
    let accepted = expected.iter().filter(|(_, valid)| *valid).count();
    say(format!("{} values, of which {accepted} are valid", expected.len()));
    assert!(accepted > expected.len() / 4, "only {accepted} of {} values are valid", expected.len());
    assert!(
        different.is_empty(),
        "{} verdicts differ:\n{}",
        different.len(),
        different[..different.len().min(20)].join("\n")
    );
}

//! The TypeScript output for documents that others wrote: all of it compiles in one run of the compiler, and every
//! example of a message is accepted by the message's guard.

mod support;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tightwire_spec::{FileSystem, load};

use support::typescript::Project;
use support::{say, shared};

/// Examples that break the schema of their own message: `document | message | example`.
const BROKEN_EXAMPLES: [&str; 0] = [];

#[test]
fn documents_of_others_compile_and_take_their_examples() {
    let Some(folder) = shared::folder("specs") else { return };
    let Some(project) = Project::new("typescript_documents") else { return };
    let mut documents = Vec::new();
    let mut names = Vec::new();
    for (name, path) in shared::documents(&folder) {
        let loaded = load(&path, &FileSystem).expect("the file can be read");
        let Some(ir) = loaded.ir else {
            say(format!("{name} is not read: the loader's tests say why"));
            continue;
        };
        let module = format!("d{}", documents.len() + 1);
        project.add(&module, &ir).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut examples = Vec::new();
        for message in ir.messages.values().filter(|message| !message.directions.is_empty()) {
            for (index, example) in message.examples.iter().enumerate() {
                examples.push(json!({ "message": message.id, "payload": example.payload }));
                names.push(format!("{name} | {} | {}", message.id, index + 1));
            }
        }
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
}

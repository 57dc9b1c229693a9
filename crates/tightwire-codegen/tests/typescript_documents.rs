//! The TypeScript output for documents that others wrote: all of it compiles in one run of the compiler, every example of
//! a message is accepted by the message's guard, and values made at random are what the server's validator and the IR's
//! dispatch say they are.

mod support;

use std::collections::{BTreeMap, BTreeSet};

use jsonschema::Validator;
use serde_json::{Value, json};
use tightwire_spec::ir::{Direction, Ir};
use tightwire_spec::{FileSystem, load};

use support::samples::Samples;
use support::typescript::Project;
use support::{say, shared};

/// So many values each message is tried with: half of them changed at random.
const VALUES: u64 = 24;

/// Examples that break the schema of their own message, as the server's validator says too: `document | message |
/// example`.
const BROKEN_EXAMPLES: [&str; 5] = [
    "asyncapi+generator/packages/templates/clients/websocket/test/__fixtures__/asyncapi-slack-client.yml | event | 1",
    "asyncapi+generator/packages/templates/clients/websocket/test/__fixtures__/asyncapi-slack-client.yml | event | 2",
    "asyncapi+generator/packages/templates/clients/websocket/test/__fixtures__/asyncapi-slack-client.yml | event | 3",
    "asyncapi+spec/examples/kraken-websocket-request-reply-multiple-channels-asyncapi.yml | subscriptionStatus | 1",
    "asyncapi+spec/examples/kraken-websocket-request-reply-multiple-channels-asyncapi.yml | subscriptionStatus | 2",
];

/// A frame, and what the server says about it.
struct Frame {
    /// `document | message`, and the number of the example if it is one.
    name: String,
    is_example: bool,
    message: String,
    value: Value,
    /// What is to be expected of the script, in its order.
    expected: [Value; 6],
}

#[test]
fn documents_of_others_compile_and_say_what_the_server_says() {
    let Some(folder) = shared::folder("specs") else { return };
    let Some(project) = Project::new("typescript_documents") else { return };
    let (mut frames, mut input) = (Vec::new(), Vec::new());
    for (name, path) in shared::documents(&folder) {
        let loaded = load(&path, &FileSystem).expect("the file can be read");
        let Some(ir) = loaded.ir else {
            say(format!("{name} is not read: the loader's tests say why"));
            continue;
        };
        let module = format!("d{}", input.len() + 1);
        project.add(&module, &ir).unwrap_or_else(|error| panic!("{name}: {error}"));
        let of_document = frames_of(&name, &ir);
        let examples = of_document.iter().filter(|frame| frame.is_example).count();
        say(format!("{module} is {name}: {} messages, {examples} examples", ir.messages.len()));
        let values: Vec<Value> = of_document.iter().map(|frame| json!([frame.message, frame.value])).collect();
        input.push(json!({ "folder": module, "frames": values }));
        frames.extend(of_document);
    }
    assert!(input.len() > 25, "only {} documents can be read", input.len());
    if let Err(said) = project.compile() {
        panic!("what is generated for documents of others does not compile:\n{said}");
    }
    let verdicts = project.run("documents.mjs", &Value::from(input));
    let mut different = Vec::new();
    for (frame, verdict) in frames.iter().zip(verdicts.as_array().expect("a list")) {
        if *verdict != json!(frame.expected) {
            let expected = json!(frame.expected);
            different.push(format!("{}: {verdict}, the server says {expected}: {}", frame.name, frame.value));
        }
    }
    let valid = frames.iter().filter(|frame| frame.expected[0] == true).count();
    say(format!("{} frames, of which {valid} are valid", frames.len()));
    assert!(valid > frames.len() / 4, "only {valid} of {} frames are valid", frames.len());
    assert!(
        different.is_empty(),
        "{} verdicts differ:\n{}",
        different.len(),
        different[..different.len().min(20)].join("\n")
    );
    let examples = frames.iter().filter(|frame| frame.is_example);
    let broken: BTreeSet<&str> =
        examples.filter(|frame| frame.expected[0] == false).map(|frame| frame.name.as_str()).collect();
    assert_eq!(broken, BTreeSet::from(BROKEN_EXAMPLES));
}

/// The examples of a document, and values made at random for each of its messages.
fn frames_of(name: &str, ir: &Ir) -> Vec<Frame> {
    let travelling = || ir.messages.values().filter(|message| !message.directions.is_empty());
    let validators: BTreeMap<&str, Validator> =
        travelling().map(|message| (message.id.as_str(), ir.validator(&message.payload).expect("a schema"))).collect();
    let frame = |name: String, is_example, message: &str, value: Value| {
        let valid = validators[message].is_valid(&value);
        let [client, server] = [Direction::ToServer, Direction::ToClient]
            .map(|direction| message_of(ir, direction, &validators, &value).map_or(Value::Null, Value::from));
        let (to_server, to_client) = (!client.is_null(), !server.is_null());
        let expected = [valid.into(), valid.into(), client, server, to_server.into(), to_client.into()];
        Frame { name, is_example, message: message.to_owned(), value, expected }
    };
    let mut frames = Vec::new();
    for message in travelling() {
        for (index, example) in message.examples.iter().enumerate() {
            let name = format!("{name} | {} | {}", message.id, index + 1);
            frames.push(frame(name, true, &message.id, example.payload.clone()));
        }
        for seed in 0..VALUES / 2 {
            let mut samples = Samples::new(ir, seed + 1);
            let value = samples.of(&message.payload);
            for value in [samples.changed(&value), value] {
                frames.push(frame(format!("{name} | {}", message.id), false, &message.id, value));
            }
        }
    }
    frames
}

/// The message that a frame is: the first candidate of the dispatch whose schema accepts it.
fn message_of<'a>(
    ir: &'a Ir,
    direction: Direction,
    validators: &BTreeMap<&str, Validator>,
    frame: &Value,
) -> Option<&'a str> {
    let dispatch = ir.dispatch.of(direction);
    let at = (!dispatch.by.is_empty())
        .then(|| dispatch.by.iter().try_fold(frame, |place, key| place.as_object()?.get(key)))
        .flatten();
    dispatch.candidates(at).find(|id| validators[id.as_str()].is_valid(frame)).map(String::as_str)
}

//! Documents written by others, if they are at hand (`TIGHTWIRE_SPECS`, or `../shared/specs` beside the repository):
//! each is read, with the channels and messages that its table says, and what is wrong with it is found where it is.

use std::path::{Path, PathBuf};

use serde_json::Value;
use tightwire_spec::ir::{Direction, Ir};
use tightwire_spec::rules::TOLERABLE;
use tightwire_spec::{Diagnostic, FileSystem, LoadOptions, Loaded, Severity, load, load_with};

fn corpus() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/specs");
    let path = std::env::var_os("TIGHTWIRE_SPECS").map_or(beside, PathBuf::from);
    path.is_dir().then_some(path)
}

#[allow(clippy::print_stderr, reason = "says why nothing was tested")]
fn corpus_or_excuse() -> Option<PathBuf> {
    let corpus = corpus();
    if corpus.is_none() {
        eprintln!("skipped: no folder ../shared/specs and no TIGHTWIRE_SPECS");
    }
    corpus
}

/// A line of the table in the folder's README.
struct Row {
    file: String,
    channels: usize,
    messages: usize,
    valid: bool,
}

fn table(folder: &Path) -> Vec<Row> {
    let text = std::fs::read_to_string(folder.join("README.md")).expect("the table");
    let rows = text.lines().filter_map(|line| {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let [_, file, _, _, channels, messages, official, ..] = cells.as_slice() else { return None };
        Some(Row {
            file: (*file).to_owned(),
            channels: channels.parse().ok()?,
            messages: messages.parse().ok()?,
            valid: *official == "valid",
        })
    });
    rows.collect()
}

fn errors(loaded: &Loaded) -> impl Iterator<Item = &Diagnostic> {
    loaded.diagnostics.iter().filter(|found| found.severity == Severity::Error)
}

/// Messages as often as an operation or a channel has them: that is how the table counts.
fn messages(loaded: &Loaded) -> usize {
    let Some(ir) = &loaded.ir else { return 0 };
    match ir.asyncapi.starts_with('2') {
        true => ir.operations.values().map(|operation| operation.messages.len()).sum(),
        false => ir.channels.values().map(|channel| channel.messages.len()).sum(),
    }
}

/// What is read where it is not what the table says: the file, channels, messages.
const OTHERWISE: [(&str, usize, usize); 4] = [
    // Its channel is in a file that is not there.
    ("trustgraph-ai+trustgraph/specs/websocket/asyncapi.yaml", 0, 0),
    // The channel names 47 of the 48 messages among the components.
    ("asyncapi+spec/examples/slack-rtm-asyncapi.yml", 1, 47),
    // The table did not look into other files.
    ("asyncapi+generator/packages/templates/clients/websocket/test/__fixtures__/asyncapi-hoppscotch-client.yml", 1, 2),
    ("asyncapi+generator/packages/templates/clients/websocket/test/__fixtures__/asyncapi-hoppscotch-server.yml", 1, 2),
];

#[test]
fn documents_of_others_are_read() {
    let Some(folder) = corpus_or_excuse() else { return };
    let mut differences = Vec::new();
    for row in table(&folder) {
        let options = LoadOptions { allow: vec!["example-invalid".to_owned()], ..LoadOptions::default() };
        let loaded = load_with(&folder.join(&row.file), &FileSystem, &options).expect("the file is there");
        for diagnostic in &loaded.diagnostics {
            let rendered = diagnostic.render(&loaded.sources, false);
            assert!(rendered.contains(diagnostic.rule), "{rendered}");
        }
        if row.valid {
            let errors: Vec<_> = errors(&loaded).map(|found| found.one_line(&loaded.sources)).collect();
            assert!(errors.is_empty() && loaded.ir.is_some(), "{}: {errors:#?}", row.file);
        }
        let otherwise = OTHERWISE.iter().find(|(file, ..)| *file == row.file);
        let expected = otherwise.map_or((row.channels, row.messages), |&(_, channels, messages)| (channels, messages));
        let found = (loaded.ir.as_ref().map_or(0, |ir| ir.channels.len()), messages(&loaded));
        if found != expected {
            differences.push(format!("{}: {found:?}, not {expected:?}", row.file));
        }
    }
    assert!(differences.is_empty(), "{differences:#?}");
}

/// Every file in a folder that could be a document.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        // A link may lead back here.
        match path.is_dir() && !path.is_symlink() {
            true => files(&path, found),
            false if ["yml", "yaml", "json"].contains(&extension) => found.push(path),
            false => {}
        }
    }
}

#[test]
fn parts_of_documents_do_not_panic() {
    let Some(folder) = corpus_or_excuse() else { return };
    let mut found = Vec::new();
    files(&folder, &mut found);
    assert!(!found.is_empty());
    for path in found {
        let loaded = load(&path, &FileSystem).expect("the file is there");
        let hides_meaning = errors(&loaded).any(|error| !TOLERABLE.contains(&error.rule));
        assert!(loaded.ir.is_some() != hides_meaning, "{}: an IR, or errors", path.display());
    }
}

/// Checks that a rule finds something on exactly these lines, and whether the document can be used in spite of it.
#[track_caller]
fn check_faulty(file: &str, rule: &str, severity: Severity, lines: &[usize], usable: bool) {
    let Some(folder) = corpus_or_excuse() else { return };
    let loaded = load(&folder.join(file), &FileSystem).expect("the file is there");
    let found = loaded.diagnostics.iter().filter(|found| found.rule == rule);
    let mut found: Vec<_> = found.map(|found| (found.severity, loaded.sources.position(found.span()).line)).collect();
    found.dedup();
    assert_eq!(found, lines.iter().map(|&line| (severity, line)).collect::<Vec<_>>());
    assert_eq!(loaded.ir.is_some(), usable);
    assert!(errors(&loaded).all(|error| error.rule == rule));
    assert!(!usable || severity != Severity::Error || TOLERABLE.contains(&rule));
}

#[test]
fn pointers_without_escapes_are_followed() {
    let lines: Vec<usize> = [20..=38, 44..=53].into_iter().flatten().collect();
    let Some(folder) = corpus_or_excuse() else { return };
    let path = folder.join("deepgram+deepgram-api-specs/asyncapi.yml");
    let loaded = load(&path, &FileSystem).expect("the file is there");
    let found = loaded.diagnostics.iter().filter(|found| found.rule == "unescaped-ref");
    let found: Vec<_> = found.map(|found| loaded.sources.position(found.span()).line).collect();
    // As many as the official parser rejects.
    assert_eq!((found.len(), &found[..lines.len()]), (65, lines.as_slice()));
    assert!(loaded.ir.is_some() && !loaded.has_errors());
}

#[test]
fn faults_of_documents_of_others_are_found_where_they_are() {
    check_faulty(
        "position-pal+location-service/docs/asyncapi.yml",
        "channel-parameter-unused",
        Severity::Warning,
        &[37, 39],
        true,
    );
    check_faulty(
        "trustgraph-ai+trustgraph/specs/websocket/asyncapi.yaml",
        "unknown-ref",
        Severity::Error,
        &[75, 92, 94, 96, 100, 102, 104],
        false,
    );
    // The official parser accepts these two; it does not look at examples that closely.
    check_faulty(
        "asyncapi+spec/examples/kraken-websocket-request-reply-multiple-channels-asyncapi.yml",
        "example-invalid",
        Severity::Error,
        &[151, 161],
        true,
    );
    check_faulty(
        "asyncapi+generator/packages/templates/clients/websocket/test/__fixtures__/asyncapi-slack-client.yml",
        "example-invalid",
        Severity::Error,
        &[123, 142, 158, 176, 192, 225],
        true,
    );
}

/// The message that a frame is: the first candidate whose schema accepts it.
fn dispatched(ir: &Ir, direction: Direction, frame: &Value) -> Option<String> {
    let dispatch = ir.dispatch.of(direction);
    let value = dispatch.by.iter().try_fold(frame, |value, name| value.get(name)).filter(|_| !dispatch.by.is_empty());
    let definitions: serde_json::Map<_, _> =
        ir.schemas.iter().map(|(name, schema)| (name.clone(), schema.to_json("#/definitions/"))).collect();
    let accepts = |id: &&String| {
        let payload = ir.messages[*id].payload.to_json("#/definitions/");
        let schema = serde_json::json!({"allOf": [payload], "definitions": definitions});
        let validator = jsonschema::options().with_draft(jsonschema::Draft::Draft7).build(&schema);
        validator.is_ok_and(|validator| validator.is_valid(frame))
    };
    dispatch.candidates(value).find(accepts).cloned()
}

/// Examples that are another message, or none because their schema rejects them.
const EXAMPLES_ELSEWHERE: [&str; 7] = [
    // Tuples that accept each other's values; the event's name travels outside of the payload.
    "RobinTail+zod-sockets/example/example-documentation.yaml: rootIncomingPing is Some(\"rootIncomingChat\")",
    "RobinTail+zod-sockets/example/example-documentation.yaml: rootAckForIncomingPing is Some(\"rootOutgoingError\")",
    // Their schemas reject them.
    "asyncapi+spec/examples/kraken-websocket-request-reply-multiple-channels-asyncapi.yml: subscriptionStatus is None",
    "asyncapi+spec/examples/kraken-websocket-request-reply-multiple-channels-asyncapi.yml: subscriptionStatus is None",
    "asyncapi+generator/packages/templates/clients/websocket/test/__fixtures__/asyncapi-slack-client.yml: event is None",
    "asyncapi+generator/packages/templates/clients/websocket/test/__fixtures__/asyncapi-slack-client.yml: event is None",
    "asyncapi+generator/packages/templates/clients/websocket/test/__fixtures__/asyncapi-slack-client.yml: event is None",
];

#[test]
fn examples_are_the_messages_that_they_are_examples_of() {
    let Some(folder) = corpus_or_excuse() else { return };
    let (mut examples, mut elsewhere) = (0, Vec::new());
    for row in table(&folder) {
        let loaded = load(&folder.join(&row.file), &FileSystem).expect("the file is there");
        let Some(ir) = loaded.ir else { continue };
        for message in ir.messages.values() {
            for (&direction, example) in
                message.directions.iter().flat_map(|way| message.examples.iter().map(move |example| (way, example)))
            {
                examples += 1;
                let found = dispatched(&ir, direction, &example.payload);
                if found.as_ref() != Some(&message.id) {
                    elsewhere.push(format!("{}: {} is {found:?}", row.file, message.id));
                }
            }
        }
    }
    assert!(examples > 0);
    assert_eq!(elsewhere, EXAMPLES_ELSEWHERE, "of {examples}");
}

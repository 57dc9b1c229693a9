//! What fuzzers begin with: what the repository has already. So there is nothing to commit, and nothing that becomes old.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tightwire::proto::websocket::ClientFrame as Wire;

use crate::document::SEPARATOR;
use crate::session::HEADER;

/// Longer ones are slow to change and find nothing that short ones do not.
const LONGEST: usize = 4_096;

/// The contract cases, right and wrong.
pub fn decoder() -> Vec<(String, Vec<u8>)> {
    let with_direction = |(name, direction, text): (String, u8, String)| {
        let mut seed = vec![direction];
        seed.extend(text.into_bytes());
        (name, seed)
    };
    cases().into_iter().map(with_direction).collect()
}

/// Streams of frames: each kind alone, all cases of a message together, cut into fragments, with control frames between.
pub fn session() -> Vec<(String, Vec<u8>)> {
    let mut seeds = Vec::new();
    let mut add = |name: String, header: [u8; HEADER], frames: &[Wire<'_>]| {
        let mut seed = header.to_vec();
        for (frame, mask) in frames.iter().zip((0_u8..).cycle()) {
            frame.write([mask, 2, 3, 255], &mut seed);
        }
        seeds.push((name, seed));
    };
    let mut by_message: Vec<(String, Vec<String>)> = Vec::new();
    for (name, _, text) in cases().into_iter().filter(|(_, direction, _)| *direction == 0) {
        let message = name.rsplit_once('-').map_or(name.clone(), |(message, _)| message.to_owned());
        match by_message.last_mut().filter(|(last, _)| *last == message) {
            Some((_, texts)) => texts.push(text),
            None => by_message.push((message, vec![text])),
        }
    }
    for (message, texts) in &by_message {
        let mut frames: Vec<Wire<'_>> = texts.iter().take(12).map(|text| Wire::Text(text.as_bytes())).collect();
        add(format!("{message}-slow"), [255, 255, 20, 2, 0], &frames);
        add(format!("{message}-strict"), [6, 0, 20, 0, 0], &frames[..frames.len().min(2)]);
        frames.insert(1, Wire::Ping);
        frames.push(Wire::Pong(b""));
        add(format!("{message}-cut"), [0, 3, 0, 0b1111_0110, 0], &frames);
    }
    seeds.push(("fragments".to_owned(), fragments()));
    seeds
}

/// A text in three fragments, cut inside a character, with a ping between them, and a close.
fn fragments() -> Vec<u8> {
    let mut seed = vec![2, 0, 10, 2, 0];
    let frame = |seed: &mut Vec<u8>, first: u8, payload: &[u8]| {
        seed.extend([first, 0x80 | u8::try_from(payload.len()).expect("short"), 0, 0, 0, 0]);
        seed.extend(payload);
    };
    frame(&mut seed, 0x01, b"{\"a\":\"\xf0\x9f");
    frame(&mut seed, 0x89, b"now");
    frame(&mut seed, 0x00, b"\xa6");
    frame(&mut seed, 0x80, b"\x80\"}");
    frame(&mut seed, 0x82, b"\x00\xff");
    frame(&mut seed, 0x88, b"\x03\xe8bye");
    seed
}

/// Every small document of the repository, of the reader's own tests too, and one in two files.
pub fn document() -> Vec<(String, Vec<u8>)> {
    let root = root();
    let mut files = Vec::new();
    for folder in ["asyncapi", "examples", "crates"] {
        collect(&root.join(folder), &mut files);
    }
    files.sort();
    let named = |path: &PathBuf| {
        let name = path.strip_prefix(&root).unwrap_or(path).to_string_lossy().replace(['/', '\\', '.'], "-");
        let text = fs::read(path).ok().filter(|text| text.len() <= 4 * LONGEST && !text.contains(&SEPARATOR))?;
        Some((name, text))
    };
    let mut seeds: Vec<(String, Vec<u8>)> = files.iter().filter_map(named).collect();
    seeds.push(("two-files".to_owned(), TWO_FILES.replace("---\n", "\0").into_bytes()));
    seeds
}

/// A document and another file, which refers back to it.
const TWO_FILES: &str = "asyncapi: 3.0.0
info: {title: T, version: 1.0.0}
channels:
  a: {address: /a, messages: {m: {payload: {$ref: 'other.yml#/M'}}}}
operations:
  o: {action: send, channel: {$ref: '#/channels/a'}}
components: {schemas: {Id: {type: string, minLength: 1}}}
---
M: {type: object, properties: {id: {$ref: 'main.yml#/components/schemas/Id'}}, required: [id]}
";

/// Every case: a name, 0 for a frame to the server and 1 for one to a client, and the text.
fn cases() -> Vec<(String, u8, String)> {
    let mut files: Vec<PathBuf> = fs::read_dir(root().join("contracts/cases"))
        .expect("`make regen-ws-code` writes it")
        .map(|entry| entry.expect("readable").path())
        .collect();
    files.sort();
    let mut found = Vec::new();
    for file in files {
        let content: Value = serde_json::from_str(&fs::read_to_string(&file).expect("readable")).expect("JSON");
        let direction = u8::from(content["direction"] == "to_client");
        let message = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        for (number, case) in content["cases"].as_array().into_iter().flatten().enumerate() {
            let text = case["text"].as_str().map_or_else(|| case["frame"].to_string(), str::to_owned);
            if text.len() <= LONGEST {
                found.push((format!("{message}-{number}"), direction, text));
            }
        }
    }
    found
}

/// The documents below a folder. Links are not followed.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, kind) = (entry.path(), entry.file_type());
        if kind.as_ref().is_ok_and(fs::FileType::is_dir) {
            collect(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "yml" || ending == "yaml") {
            files.push(path);
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

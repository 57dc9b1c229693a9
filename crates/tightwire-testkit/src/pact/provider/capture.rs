//! The file: written, or compared with the one that is there.

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use tightwire_spec::ir::Info;

use crate::pact::{Interaction, Pact};

/// What is done with the file at the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// It has to be what the tests say.
    #[default]
    Compare,
    /// It becomes what the tests say.
    Write,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The file is what the tests say.
    Same(PathBuf),
    /// It was written.
    Written(PathBuf),
    /// It is not what the tests say; what differs, an interaction each.
    Different(PathBuf, Vec<String>),
    /// Tests have failed or not ended, so that nobody knows what the file should be.
    Incomplete(u64),
    /// It cannot be read or written.
    Failed(PathBuf, String),
}

/// The pact of these interactions.
pub(super) fn pact(consumer: &str, provider: &str, document: &Info, interactions: Vec<Interaction>) -> Pact {
    let about = json!({"asyncapi": {"title": document.title, "version": document.version}});
    Pact {
        consumer: consumer.to_owned(),
        provider: provider.to_owned(),
        interactions,
        metadata: Map::from_iter([("tightwire".to_owned(), about)]),
        extra: Map::new(),
    }
}

/// Does with the file what is to be done with it. `unfinished` tests have failed or not ended.
pub(super) fn finish(pact: &Pact, file: &Path, mode: Mode, unfinished: u64) -> Outcome {
    if unfinished > 0 {
        return Outcome::Incomplete(unfinished);
    }
    let failed = |error: &dyn Display| Outcome::Failed(file.to_owned(), error.to_string());
    if let Some(twice) = twice(pact) {
        return failed(&format!("two interactions have the description `{twice}`: each needs one of its own"));
    }
    let text = pact.to_text();
    let there = match std::fs::read_to_string(file) {
        Ok(there) => there,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return failed(&error),
    };
    match mode {
        _ if there == text => Outcome::Same(file.to_owned()),
        Mode::Compare => Outcome::Different(file.to_owned(), differences(&there, &pact.to_json())),
        Mode::Write => {
            let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
            let made = folder.map_or(Ok(()), std::fs::create_dir_all);
            // Whoever reads it meanwhile sees the old one or the new one.
            let new = file.with_extension("new");
            let written = made.and_then(|()| std::fs::write(&new, text)).and_then(|()| std::fs::rename(&new, file));
            match written {
                Ok(()) => Outcome::Written(file.to_owned()),
                Err(error) => failed(&error),
            }
        }
    }
}

impl Outcome {
    /// Whether the file is what the tests say.
    #[must_use]
    pub fn is_right(&self) -> bool {
        matches!(self, Self::Same(_) | Self::Written(_))
    }

    /// Its name in the control API.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Same(_) => "same",
            Self::Written(_) => "written",
            Self::Different(..) => "different",
            Self::Incomplete(_) => "incomplete",
            Self::Failed(..) => "failed",
        }
    }
}

impl Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Same(file) => write!(f, "{} is what the tests rely on", file.display()),
            Self::Written(file) => write!(f, "{} was written", file.display()),
            Self::Different(file, differences) => {
                writeln!(f, "{} is not what the tests rely on:", file.display())?;
                for difference in differences {
                    writeln!(f, "  {}", difference.replace('\n', "\n  "))?;
                }
                f.write_str("Where the tests are right, let them write the file: run them with UPDATE_PACTS=1.")
            }
            Self::Incomplete(tests) => {
                write!(f, "{tests} tests have failed or not ended, so the file is neither written nor compared")
            }
            Self::Failed(file, reason) => write!(f, "{}: {reason}", file.display()),
        }
    }
}

/// A description that two interactions have.
fn twice(pact: &Pact) -> Option<&str> {
    let mut seen = std::collections::BTreeSet::new();
    pact.interactions.iter().map(Interaction::description).find(|description| !seen.insert(*description))
}

/// What differs, interaction by interaction; never empty.
fn differences(there: &str, expected: &Value) -> Vec<String> {
    if there.is_empty() {
        return vec!["there is no such file".to_owned()];
    }
    let Ok(there) = serde_json::from_str::<Value>(there) else { return vec!["it is not JSON".to_owned()] };
    let (old, new) = (by_description(&there), by_description(expected));
    let mut found = Vec::new();
    for (description, new) in &new {
        match old.get(description) {
            None => found.push(format!("`{description}` is not in the file")),
            Some(old) if old != new => {
                let mut places = Vec::new();
                compare(old, new, String::new(), &mut places);
                found.push(format!("`{description}` has changed:\n  {}", places.join("\n  ")));
            }
            Some(_) => {}
        }
    }
    let gone = old.keys().filter(|description| !new.contains_key(*description));
    found.extend(gone.map(|description| format!("`{description}` is in the file, and no test relies on it any more")));
    if found.is_empty() {
        found.push("it differs outside of its interactions, or in how it is written".to_owned());
    }
    found
}

fn by_description(pact: &Value) -> BTreeMap<&str, &Value> {
    let interactions = pact.get("interactions").and_then(Value::as_array).into_iter().flatten();
    let named = |interaction: &'_ Value| -> Option<()> { interaction.get("description")?.as_str().map(|_| ()) };
    interactions
        .filter(|interaction| named(interaction).is_some())
        .map(|interaction| (interaction["description"].as_str().unwrap_or_default(), interaction))
        .collect()
}

/// Each place at which two values differ, as a JSON Pointer with both values.
fn compare(old: &Value, new: &Value, pointer: String, places: &mut Vec<String>) {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            let mut keys: Vec<&String> = old.keys().chain(new.keys()).collect();
            keys.sort_unstable();
            keys.dedup();
            for key in keys {
                let pointer = format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"));
                match (old.get(key), new.get(key)) {
                    (Some(old), Some(new)) => compare(old, new, pointer, places),
                    (old, new) => places.push(place(&pointer, old, new)),
                }
            }
        }
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            for (at, (old, new)) in old.iter().zip(new).enumerate() {
                compare(old, new, format!("{pointer}/{at}"), places);
            }
        }
        (old, new) if old == new => {}
        (old, new) => places.push(place(&pointer, Some(old), Some(new))),
    }
}

fn place(pointer: &str, old: Option<&Value>, new: Option<&Value>) -> String {
    let text = |value: Option<&Value>| value.map_or("nothing".to_owned(), crate::json::one_line);
    format!("{pointer}: the file has {}, the tests rely on {}", text(old), text(new))
}

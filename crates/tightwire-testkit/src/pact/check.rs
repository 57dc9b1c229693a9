//! A contract held against the AsyncAPI document, without a server.

mod coverage;
mod example;
mod exchange;
mod timing;

use std::collections::BTreeMap;

use tightwire_spec::Severity;

pub use self::coverage::{Coverage, Unseen};
use super::document::Document;
use super::model::{About, Interaction, Pact, ProviderState};

/// Something about a contract that is wrong, or worth knowing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule that found it.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// Where, as a JSON Pointer into the file.
    pub pointer: String,
    /// What is wrong, and why.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// Reads the text of a file and holds it against the document. A text that is no pact is one finding.
#[must_use]
pub fn check_text(text: &str, document: &Document) -> (Option<Pact>, Vec<Finding>) {
    match Pact::from_text(text) {
        Ok(pact) => {
            let findings = check(&pact, document);
            (Some(pact), findings)
        }
        Err(error) => {
            let mut findings = Findings::default();
            findings.error("not-a-pact", &error.pointer, error.message).help("the format is Pact V4");
            (None, findings.0)
        }
    }
}

/// Holds a contract against the document. Pointers are right where the interactions are in the order of the file.
#[must_use]
pub fn check(pact: &Pact, document: &Document) -> Vec<Finding> {
    let mut findings = Findings::default();
    names(pact, &mut findings);
    unique(pact, &mut findings);
    for (index, interaction) in pact.interactions.iter().enumerate() {
        let pointer = format!("/interactions/{index}");
        if let Some(about) = interaction.about() {
            states(about, &pointer, &mut findings);
        }
        match interaction {
            Interaction::Sync(_) | Interaction::Async(_) => {
                exchange::Exchange::of(interaction, &pointer, document).check(&mut findings);
            }
            Interaction::Other(_) => {
                let message = format!("interactions of the type `{}` are not verified", interaction.kind());
                findings.add(Severity::Info, "other-type", &format!("{pointer}/type"), message);
            }
        }
    }
    findings.0
}

/// Collects what is found.
#[derive(Debug, Default)]
struct Findings(Vec<Finding>);

/// The finding that was added last, to say more about it.
struct Added<'a>(&'a mut Finding);

impl Findings {
    fn error(&mut self, rule: &'static str, pointer: &str, message: impl Into<String>) -> Added<'_> {
        self.add(Severity::Error, rule, pointer, message)
    }

    fn warning(&mut self, rule: &'static str, pointer: &str, message: impl Into<String>) -> Added<'_> {
        self.add(Severity::Warning, rule, pointer, message)
    }

    fn add(&mut self, severity: Severity, rule: &'static str, pointer: &str, message: impl Into<String>) -> Added<'_> {
        self.0.push(Finding { rule, severity, pointer: pointer.to_owned(), message: message.into(), help: None });
        Added(self.0.last_mut().expect("just added"))
    }
}

impl Added<'_> {
    fn help(self, help: impl Into<String>) {
        self.0.help = Some(help.into());
    }
}

fn names(pact: &Pact, findings: &mut Findings) {
    for (who, name) in [("consumer", &pact.consumer), ("provider", &pact.provider)] {
        if name.trim().is_empty() {
            findings.error("no-name", &format!("/{who}/name"), format!("the {who} has no name"));
        }
    }
    let version = pact.metadata.get("pactSpecification").and_then(|specification| specification.get("version"));
    if version.and_then(serde_json::Value::as_str).is_none_or(|version| !version.starts_with('4')) {
        let message =
            "`metadata.pactSpecification.version` is not `4.0`, so other tools read the file as an older format";
        findings.warning("not-version-4", "/metadata", message);
    }
    if pact.interactions.is_empty() {
        findings.warning("no-interactions", "/interactions", "the contract asks for nothing");
    }
}

/// Keys and descriptions tell interactions apart, from run to run.
fn unique(pact: &Pact, findings: &mut Findings) {
    let (mut keys, mut descriptions) = (BTreeMap::new(), BTreeMap::new());
    for (index, interaction) in pact.interactions.iter().enumerate() {
        let Some(about) = interaction.about() else { continue };
        let pointer = format!("/interactions/{index}");
        match &about.key {
            None => {
                let message = "the interaction has no key, so nobody can tell which one it was in an earlier run";
                findings.warning("no-key", &pointer, message).help(format!("for instance `{}`", about.derived_key()));
            }
            Some(key) => {
                if let Some(first) = keys.insert(key.as_str(), index) {
                    let message = format!("interaction {first} has the key `{key}`, too");
                    findings.error("key-twice", &format!("{pointer}/key"), message);
                }
            }
        }
        // Descriptions may repeat with other provider states, as in earlier versions of the format.
        let states: Vec<&ProviderState> = about.provider_states.iter().collect();
        let told_apart = format!("{}\n{states:?}", about.description);
        if let Some(first) = descriptions.insert(told_apart, index) {
            let message = format!("interaction {first} has the same description and the same provider states");
            findings.error("description-twice", &format!("{pointer}/description"), message);
        }
        if about.description.trim().is_empty() {
            findings.error("no-name", &format!("{pointer}/description"), "the interaction has no description");
        }
    }
}

fn states(about: &About, pointer: &str, findings: &mut Findings) {
    for (index, state) in about.provider_states.iter().enumerate() {
        let pointer = format!("{pointer}/providerStates/{index}");
        if state.name.trim().is_empty() {
            findings.error("no-name", &format!("{pointer}/name"), "the provider state has no name");
        } else if about.provider_states[..index].contains(state) {
            findings.warning("state-twice", &pointer, format!("the provider state `{}` stands twice", state.name));
        }
    }
}

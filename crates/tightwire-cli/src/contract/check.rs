//! `tightwire contract check`: contracts and a document in, diagnostics out.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tightwire_spec::{Diagnostic, Label, Severity, SourceMap, Span};
use tightwire_testkit::pact::check::{Coverage, Finding, check_text};
use tightwire_testkit::pact::locate::locate;
use tightwire_testkit::pact::{Document, Pact};

use crate::cli::{CheckArguments, Exit, Format};
use crate::output::Output;

/// A file, and what was found in it.
struct Checked {
    path: PathBuf,
    interactions: usize,
    /// The findings, with their places as JSON Pointers.
    findings: Vec<(Finding, Diagnostic)>,
}

/// Runs the command.
pub(super) fn run<O: Write, E: Write>(arguments: &CheckArguments, output: &mut Output<O, E>) -> Exit {
    let document = match document(arguments) {
        Ok(document) => document,
        Err((exit, complaint)) => {
            output.complaint(&complaint);
            return exit;
        }
    };
    let mut exit = Exit::Clean;
    let mut sources = SourceMap::default();
    let (mut files, mut pacts) = (Vec::new(), Vec::new());
    for path in &arguments.pacts {
        match std::fs::read_to_string(path) {
            Ok(text) => {
                let (pact, findings) = check_text(&text, &document);
                let denied = |severity| {
                    severity == Severity::Error || (arguments.deny_warnings && severity == Severity::Warning)
                };
                if findings.iter().any(|finding| denied(finding.severity)) {
                    exit = exit.max(Exit::Faulty);
                }
                let interactions = pact.as_ref().map_or(0, |pact: &Pact| pact.interactions.len());
                let findings = diagnostics(path, text, findings, &mut sources);
                files.push(Checked { path: path.clone(), interactions, findings });
                pacts.extend(pact);
            }
            Err(error) => {
                output.complaint(&format!("{} cannot be read: {error}", path.display()));
                exit = Exit::Unreadable;
            }
        }
    }
    let coverage = Coverage::of(&pacts, &document);
    let text = match arguments.format {
        Format::Text => text(&files, &coverage, &sources, output.color()),
        Format::Json => json_text(&files, &coverage, &sources),
        Format::Github => {
            let all = files.iter().flat_map(|file| &file.findings);
            all.map(|(_, diagnostic)| diagnostic.to_github(&sources) + "\n").collect()
        }
    };
    output.result(&text);
    exit
}

fn document(arguments: &CheckArguments) -> Result<Document, (Exit, String)> {
    let path = arguments.spec.display();
    let loaded = arguments.read.load(&arguments.spec).map_err(|error| (Exit::Unreadable, error))?;
    match loaded.ir.as_ref().filter(|_| !loaded.has_errors()) {
        Some(ir) => Document::new(ir.clone()).map_err(|error| (Exit::Faulty, format!("{path}: {error}"))),
        None => Err((Exit::Faulty, format!("{path} is faulty; `tightwire validate {path}` says where"))),
    }
}

/// The findings with the lines that they are about.
fn diagnostics(
    path: &Path,
    text: String,
    findings: Vec<Finding>,
    sources: &mut SourceMap,
) -> Vec<(Finding, Diagnostic)> {
    let places: Vec<_> = findings.iter().map(|finding| locate(&text, &finding.pointer)).collect();
    let file = sources.insert(path.to_owned(), text);
    let diagnostic = |(finding, place): (Finding, std::ops::Range<usize>)| {
        let span = Span { file, start: place.start, end: place.end };
        let diagnostic = Diagnostic {
            rule: finding.rule,
            severity: finding.severity,
            message: finding.message.clone(),
            labels: vec![Label { span, message: finding.pointer.clone() }],
            help: finding.help.clone(),
        };
        (finding, diagnostic)
    };
    findings.into_iter().zip(places).map(diagnostic).collect()
}

fn text(files: &[Checked], coverage: &Coverage, sources: &SourceMap, color: bool) -> String {
    let mut text = String::new();
    for file in files {
        file.findings.iter().for_each(|(_, diagnostic)| text.push_str(&(diagnostic.render(sources, color) + "\n")));
    }
    for file in files {
        text.push_str(&format!("{}: {}\n", file.path.display(), summary(file)));
    }
    if files.is_empty() { text } else { text + &coverage.to_string() }
}

/// `14 interactions, 2 errors, 1 warning`.
fn summary(file: &Checked) -> String {
    let counted = |count: usize, name: &str| format!("{count} {name}{}", if count == 1 { "" } else { "s" });
    let of = |severity: Severity| file.findings.iter().filter(|(finding, _)| finding.severity == severity).count();
    let found = [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Info, "remark")]
        .into_iter()
        .map(|(severity, name)| (of(severity), name))
        .filter(|(count, _)| *count > 0)
        .map(|(count, name)| counted(count, name));
    std::iter::once(counted(file.interactions, "interaction")).chain(found).collect::<Vec<_>>().join(", ")
}

fn json_text(files: &[Checked], coverage: &Coverage, sources: &SourceMap) -> String {
    let contracts = files.iter().map(|file| {
        let diagnostics = file.findings.iter().map(|(finding, diagnostic)| {
            let mut diagnostic = diagnostic.to_json(sources);
            diagnostic["pointer"] = Value::from(finding.pointer.as_str());
            diagnostic
        });
        let is_error = |(finding, _): &(Finding, Diagnostic)| finding.severity == Severity::Error;
        json!({
            "file": file.path.to_string_lossy(),
            "valid": !file.findings.iter().any(is_error),
            "interactions": file.interactions,
            "diagnostics": diagnostics.collect::<Vec<_>>(),
        })
    });
    let contracts: Vec<Value> = contracts.collect();
    format!("{:#}\n", json!({"contracts": contracts, "coverage": coverage.to_json()}))
}

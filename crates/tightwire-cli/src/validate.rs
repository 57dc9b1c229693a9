//! `tightwire validate`: documents in, diagnostics out.

use std::io::Write;
use std::path::Path;

use serde_json::json;
use tightwire_spec::rules::{self, RULES, Rule};
use tightwire_spec::{Loaded, Severity};

use crate::cli::{Exit, Format, ValidateArguments};
use crate::output::Output;

/// Runs the command.
pub(crate) fn run<O: Write, E: Write>(arguments: &ValidateArguments, output: &mut Output<O, E>) -> Exit {
    if let Some(rule) = &arguments.explain {
        return explain(rule, output);
    }
    let mut exit = Exit::Clean;
    let mut documents = Vec::new();
    for path in &arguments.files {
        match arguments.read.load(path) {
            Ok(loaded) => {
                exit = exit.max(verdict(&loaded, arguments.deny_warnings));
                documents.push((path.as_path(), loaded));
            }
            Err(error) => {
                output.complaint(&error);
                exit = Exit::Unreadable;
            }
        }
    }
    let text = match arguments.format {
        Format::Text => documents.iter().map(|(path, loaded)| text(path, loaded, output.color())).collect(),
        Format::Json => json_text(&documents),
        Format::Github => documents.iter().map(|(_, loaded)| github(loaded)).collect(),
    };
    output.result(&text);
    exit
}

fn verdict(loaded: &Loaded, deny_warnings: bool) -> Exit {
    let denied = |severity| severity == Severity::Error || (deny_warnings && severity == Severity::Warning);
    match loaded.diagnostics.iter().any(|diagnostic| denied(diagnostic.severity)) {
        true => Exit::Faulty,
        false => Exit::Clean,
    }
}

fn text(path: &Path, loaded: &Loaded, color: bool) -> String {
    let mut text: String =
        loaded.diagnostics.iter().map(|diagnostic| diagnostic.render(&loaded.sources, color) + "\n").collect();
    text.push_str(&format!("{}: {}\n", path.display(), summary(loaded)));
    text
}

/// `2 errors, 1 warning`, or `valid (…)`.
fn summary(loaded: &Loaded) -> String {
    let count = |severity: Severity, one: &str, many: &str| {
        let count = loaded.diagnostics.iter().filter(|diagnostic| diagnostic.severity == severity).count();
        (count > 0).then(|| format!("{count} {}", if count == 1 { one } else { many }))
    };
    let counts = [
        count(Severity::Error, "error", "errors"),
        count(Severity::Warning, "warning", "warnings"),
        count(Severity::Info, "remark", "remarks"),
    ];
    let counts: Vec<_> = counts.into_iter().flatten().collect();
    let contents = loaded.ir.as_ref().filter(|_| !loaded.has_errors()).map(|ir| {
        let (channels, messages) = (ir.channels.len(), ir.messages.len());
        let plural = |count: usize, name: &str| format!("{count} {name}{}", if count == 1 { "" } else { "s" });
        format!("valid ({}, {})", plural(channels, "channel"), plural(messages, "message"))
    });
    contents.into_iter().chain(counts).collect::<Vec<_>>().join(", ")
}

fn json_text(documents: &[(&Path, Loaded)]) -> String {
    let documents = documents.iter().map(|(path, loaded)| {
        let diagnostics = loaded.diagnostics.iter().map(|diagnostic| diagnostic.to_json(&loaded.sources));
        json!({
            "file": path.to_string_lossy(),
            "valid": !loaded.has_errors(),
            "diagnostics": diagnostics.collect::<Vec<_>>(),
        })
    });
    let documents = documents.collect::<Vec<_>>();
    format!("{:#}\n", json!({ "documents": documents }))
}

fn github(loaded: &Loaded) -> String {
    loaded.diagnostics.iter().map(|diagnostic| diagnostic.to_github(&loaded.sources) + "\n").collect()
}

fn explain<O: Write, E: Write>(id: &str, output: &mut Output<O, E>) -> Exit {
    if id == "all" {
        let width = RULES.iter().map(|rule| rule.id.len()).max().unwrap_or(0);
        let line = |rule: &Rule| format!("{:width$}  {:7}  {}\n", rule.id, rule.severity.as_str(), rule.summary);
        output.result(&RULES.iter().map(line).collect::<String>());
        return Exit::Clean;
    }
    if let Some(rule) = rules::find(id) {
        let Rule { id, summary, explanation, .. } = rule;
        output.result(&format!("{id} ({})\n\n{summary}\n\n{}\n", rule.severity.as_str(), wrapped(explanation)));
        return Exit::Clean;
    }
    let help = match rules::nearest(id) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`tightwire validate --explain all` lists them".to_owned(),
    };
    output.complaint(&format!("there is no rule `{id}`; {help}"));
    Exit::Usage
}

/// Breaks text into lines that a terminal shows whole.
fn wrapped(text: &str) -> String {
    const WIDTH: usize = 100;
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.chars().count() + 1 + word.chars().count() <= WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}

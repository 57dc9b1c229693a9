//! SARIF 2.1.0, which code scanning shows beside the document.

use serde_json::{Value, json};
use tightwire_testkit::fuzz::Class;

use super::Report;
use crate::fuzz::found::{Found, exit_code};

pub(super) fn write(report: &Report<'_, '_>) -> String {
    let uri = report.spec.to_string_lossy().replace('\\', "/");
    let rules: Vec<_> = Class::ALL
        .iter()
        .map(|class| {
            json!({
                "id": class.id(),
                "shortDescription": { "text": class.description() },
                "defaultConfiguration": { "level": level(*class) },
                "properties": { "exit_code": exit_code(*class) },
            })
        })
        .collect();
    let results: Vec<_> = report.outcome.found.iter().map(|found| result(report, found, &uri)).collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "tightwire fuzz",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "invocations": [{
                "executionSuccessful": report.outcome.ended.is_none(),
                "exitCode": report.exit_code(),
            }],
            "automationDetails": { "id": format!("tightwire-fuzz/{}", report.contract.ir.info.title) },
            "properties": { "seed": report.seed, "url": report.url, "frames": report.frames },
            "results": results,
        }],
    });
    format!("{log:#}\n")
}

fn level(class: Class) -> &'static str {
    if exit_code(class) <= 12 { "error" } else { "warning" }
}

fn result(report: &Report<'_, '_>, found: &Found, uri: &str) -> Value {
    let finding = &found.finding;
    let text = format!("{}. Expected: {}. Actual: {}.", finding.message, finding.expected, finding.actual);
    let pointer = found.message.as_ref().and_then(|message| report.contract.to_server(message));
    let line = pointer.and_then(|message| line(&report.source, &message.pointer)).unwrap_or(1);
    let rule = Class::ALL.iter().position(|class| *class == finding.class);
    json!({
        "ruleId": finding.class.id(),
        "ruleIndex": rule,
        "level": level(finding.class),
        "message": { "text": text },
        "locations": [{
            "physicalLocation": { "artifactLocation": { "uri": uri }, "region": { "startLine": line } },
            "logicalLocations": [{ "name": found.message, "kind": "message" }],
        }],
        "partialFingerprints": { "tightwireFuzz/v1": found.key },
        "properties": { "phase": found.phase.name(), "confirmed": found.is_confirmed, "steps": found.plan.steps },
    })
}

/// The line of a place in a document, counted from 1: where the keys of the pointer stand, one after the other.
fn line(source: &str, pointer: &str) -> Option<usize> {
    let mut lines = source.lines().enumerate();
    let mut found = None;
    for key in pointer.split('/').skip(1) {
        let key = key.replace("~1", "/").replace("~0", "~");
        let is_it = |line: &str| {
            let line = line.trim_start().trim_start_matches("- ");
            let rest = ["\"", "'", ""]
                .iter()
                .find_map(|quote| line.strip_prefix(quote)?.strip_prefix(key.as_str())?.strip_prefix(quote));
            rest.is_some_and(|rest| rest.trim_start().starts_with(':'))
        };
        found = Some(lines.find(|(_, line)| is_it(line))?.0 + 1);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_by_their_keys() {
        let source = "channels:\n  a:\n    messages:\n      x: 1\ncomponents:\n  messages:\n    'x':\n      b: 1\n    \"y\" : 2\n";
        assert_eq!(line(source, "/components/messages/x"), Some(7));
        assert_eq!(line(source, "/components/messages/y"), Some(9));
        assert_eq!(line(source, "/components/messages/z"), None);
    }
}

//! SARIF 2.1.0, which code scanning shows beside the document.

use serde_json::{Value, json};
use tightwire_testkit::fuzz::Class;

use super::Report;
use crate::fuzz::found::{Found, exit_code};

pub(super) fn write(report: &Report<'_, '_>) -> String {
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
    let results: Vec<_> = report.outcome.found.iter().map(|found| result(report, found)).collect();
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

fn result(report: &Report<'_, '_>, found: &Found) -> Value {
    let finding = &found.finding;
    let text = format!("{}. Expected: {}. Actual: {}.", finding.message, finding.expected, finding.actual);
    let message = found.message.as_ref().and_then(|message| report.contract.to_server(message));
    let place = message.map(|message| (report.sources.file(message.span.file).path(), message.span));
    let uri = place.map_or(report.spec, |(path, _)| path).to_string_lossy().replace('\\', "/");
    let line = place.map_or(1, |(_, span)| report.sources.position(span).line);
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

//! The report for programs.

use serde_json::{Value, json};

use super::Report;
use crate::fuzz::found::exit_code;

pub(super) fn write(report: &Report<'_, '_>) -> String {
    let outcome = report.outcome;
    let info = &report.contract.ir.info;
    let phases: Vec<_> = outcome
        .phases
        .iter()
        .map(|it| {
            let (done, planned) = it.planned;
            json!({ "phase": it.phase.name(), "frames": it.frames, "planned": planned, "played": done })
        })
        .collect();
    let findings: Vec<_> = outcome
        .found
        .iter()
        .map(|found| {
            let mut finding = serde_json::to_value(&found.finding).unwrap_or_default();
            let more = json!({
                "phase": found.phase.name(),
                "sent": found.message,
                "times": found.times,
                "confirmed": found.is_confirmed,
                "exit_code": exit_code(found.finding.class),
                "steps": found.plan.steps,
            });
            if let (Value::Object(finding), Value::Object(more)) = (&mut finding, more) {
                finding.extend(more);
            }
            finding
        })
        .collect();
    let report = json!({
        "contract": { "title": info.title, "version": info.version },
        "url": report.url,
        "seed": report.seed,
        "seconds": (outcome.elapsed.as_secs_f64() * 1000.0).round() / 1000.0,
        "frames": report.frames,
        "connections": report.connections,
        "put_off": report.put_off,
        "ended": outcome.ended,
        "phases": phases,
        "coverage": report.coverage.json(report.contract),
        "notes": outcome.notes,
        "findings": findings,
        "exit_code": report.exit_code(),
    });
    format!("{report:#}\n")
}

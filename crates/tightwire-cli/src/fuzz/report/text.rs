//! The report for people.

use std::fmt::Write as _;

use super::Report;
use crate::fuzz::found::Found;

/// The longest step that is shown whole.
const STEP: usize = 300;

pub(super) fn write(report: &Report<'_, '_>) -> String {
    let mut text = String::new();
    let info = &report.contract.ir.info;
    let _ = writeln!(text, "contract       {} {}", info.title, info.version);
    let seconds = report.outcome.elapsed.as_secs_f64();
    let rate = report.frames as f64 / seconds.max(0.001);
    let _ = writeln!(
        text,
        "sent           {} frames on {} connections to {} in {seconds:.1} s, {rate:.0}/s (seed {})",
        report.frames, report.connections, report.url, report.seed
    );
    if report.put_off > 0 {
        let _ = writeln!(text, "put off        {} handshakes, as often as the server asked for it", report.put_off);
    }
    for phase in &report.outcome.phases {
        let (done, planned) = phase.planned;
        let cut = if done < planned { format!(", {done} of {planned} from the document") } else { String::new() };
        let _ = writeln!(text, "phase          {:12} {} frames{cut}", phase.phase.name(), phase.frames);
    }
    if let Some(why) = &report.outcome.ended {
        let _ = writeln!(text, "ended early    {why}");
    }
    text.push_str(&report.coverage.text(report.contract));
    for (note, times) in &report.outcome.notes {
        let _ = writeln!(text, "note           {note} ×{times}");
    }
    for (number, found) in report.outcome.found.iter().enumerate() {
        finding(&mut text, number + 1, found);
    }
    let count = report.count();
    let exit = match report.exit_code() {
        0 => String::new(),
        code => format!(" (exit code {code})"),
    };
    let _ = writeln!(text, "findings       {count}{exit}");
    text
}

fn finding(text: &mut String, number: usize, found: &Found) {
    let finding = &found.finding;
    let _ = writeln!(
        text,
        "\nfinding {number}: {} in phase {}, seen {} times",
        finding.class,
        found.phase.name(),
        found.times
    );
    let _ = writeln!(text, "  {}", finding.message);
    let _ = writeln!(text, "  expected:  {}", finding.expected);
    let _ = writeln!(text, "  actual:    {}", finding.actual);
    let how = if found.is_confirmed { "again with" } else { "not seen again, nor made smaller; what was sent" };
    let _ = writeln!(text, "  {how}:");
    for line in found.lines() {
        let cut = line.char_indices().nth(STEP).map_or(line.as_str(), |(end, _)| &line[..end]);
        let _ = writeln!(text, "    {cut}{}", if cut.len() < line.len() { "…" } else { "" });
    }
    if !finding.transcript.is_empty() {
        let _ = writeln!(text, "  transcript:");
        for line in finding.transcript.lines() {
            let _ = writeln!(text, "    {line}");
        }
    }
    text.push('\n');
}

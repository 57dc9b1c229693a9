//! `JUnit` XML: a suite for each phase, a case in it for each message, and a failure for each finding.

use std::fmt::Write as _;

use super::Report;
use crate::fuzz::found::Found;
use crate::fuzz::phase::Phase;

/// What a case is called that is about no message.
const NO_MESSAGE: &str = "WebSocket";

pub(super) fn write(report: &Report<'_, '_>) -> String {
    let outcome = report.outcome;
    let mut suites = String::new();
    let mut cases = 0;
    for phase in &outcome.phases {
        let of_phase = |found: &&Found| found.phase == phase.phase;
        let mut names: Vec<&str> = if phase.phase == Phase::Wire {
            vec![NO_MESSAGE]
        } else {
            report.contract.sendable().map(|message| report.contract.name(message)).collect()
        };
        for found in outcome.found.iter().filter(of_phase) {
            let name = found.message.as_deref().unwrap_or(NO_MESSAGE);
            if !names.contains(&name) {
                names.push(name);
            }
        }
        cases += names.len();
        let failures = outcome.found.iter().filter(of_phase).count();
        let suite = phase.phase.name();
        let _ = writeln!(suites, "  <testsuite name=\"{suite}\" tests=\"{}\" failures=\"{failures}\">", names.len());
        for name in names {
            let _ = write!(suites, "    <testcase classname=\"fuzz.{suite}\" name=\"{}\"", escaped(name));
            let mut is_open = false;
            for found in outcome.found.iter().filter(of_phase) {
                if found.message.as_deref().unwrap_or(NO_MESSAGE) == name {
                    suites.push_str(if is_open { "" } else { ">\n" });
                    is_open = true;
                    failure(&mut suites, found);
                }
            }
            suites.push_str(if is_open { "    </testcase>\n" } else { "/>\n" });
        }
        suites.push_str("  </testsuite>\n");
    }
    let (failures, seconds) = (outcome.found.len(), outcome.elapsed.as_secs_f64());
    let name = escaped(&format!("tightwire fuzz: {}", report.contract.ir.info.title));
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuites name=\"{name}\" tests=\"{cases}\" failures=\"{failures}\" time=\"{seconds:.3}\">\n\
         {suites}</testsuites>\n"
    )
}

fn failure(text: &mut String, found: &Found) {
    let finding = &found.finding;
    let (class, message) = (finding.class.id(), escaped(&finding.message));
    let steps = found.lines().join("\n");
    let body = format!(
        "expected: {}\nactual: {}\nsteps:\n{steps}\ntranscript:\n{}\n",
        finding.expected, finding.actual, finding.transcript
    );
    let _ = writeln!(text, "      <failure type=\"{class}\" message=\"{message}\">{}</failure>", escaped(&body));
}

/// Text as it may stand in an attribute and between tags. What XML has no way to write is left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(character),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_cannot_have_is_replaced() {
        assert_eq!(escaped("a<b>&\"c\"\u{0}\n"), "a&lt;b&gt;&amp;&quot;c&quot;\u{fffd}\n");
    }
}

//! The report as JUnit XML, as CI servers read it: a suite for each pact, a case for each interaction.

use std::fmt::Write;

use super::report::{Outcome, PactReport, Report, Verdict};

impl Report {
    /// The report as JUnit XML. A pending interaction is skipped there, because it must not fail a run.
    #[must_use]
    pub fn to_junit(&self) -> String {
        let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
        for pact in &self.pacts {
            suite(&mut xml, pact);
        }
        xml.push_str("</testsuites>\n");
        xml
    }
}

fn suite(xml: &mut String, pact: &PactReport) {
    let count = |wanted: &[Verdict]| pact.outcomes.iter().filter(|outcome| wanted.contains(&outcome.verdict)).count();
    let (failures, skipped) = (count(&[Verdict::Failed]), count(&[Verdict::Pending, Verdict::Skipped]));
    let took: f64 = pact.outcomes.iter().map(|outcome| outcome.took.as_secs_f64()).sum();
    let name = escaped(&format!("{}: {} of {}", pact.file, pact.consumer, pact.provider));
    let tests = pact.outcomes.len();
    let _ = writeln!(
        xml,
        "  <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\" time=\"{took:.3}\">"
    );
    for outcome in &pact.outcomes {
        case(xml, &format!("{}.{}", pact.consumer, pact.provider), outcome);
    }
    xml.push_str("  </testsuite>\n");
}

fn case(xml: &mut String, class: &str, outcome: &Outcome) {
    let (name, class, took) = (escaped(&outcome.description), escaped(class), outcome.took.as_secs_f64());
    let _ = write!(xml, "    <testcase name=\"{name}\" classname=\"{class}\" time=\"{took:.3}\"");
    let first = outcome.findings.first();
    let message = escaped(&first.map_or_else(String::new, |finding| finding.to_string().replace('\n', ";")));
    let whole = escaped(&outcome.to_string());
    let _ = match outcome.verdict {
        Verdict::Verified => writeln!(xml, "/>"),
        Verdict::Failed => {
            let rule = escaped(first.map_or("", |finding| &finding.rule));
            writeln!(xml, ">\n      <failure message=\"{message}\" type=\"{rule}\">{whole}</failure>\n    </testcase>")
        }
        Verdict::Pending => writeln!(xml, ">\n      <skipped message=\"pending: {message}\"/>\n    </testcase>"),
        Verdict::Skipped => {
            let kind = escaped(&outcome.kind);
            writeln!(xml, ">\n      <skipped message=\"{kind} is not verified\"/>\n    </testcase>")
        }
    };
}

/// Text that can stand anywhere in XML. What XML 1.0 has no place for becomes U+FFFD.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(letter),
            letter if letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}') => escaped.push('\u{fffd}'),
            letter => escaped.push(letter),
        }
    }
    escaped
}

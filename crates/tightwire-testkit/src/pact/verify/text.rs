//! The report as text for people.

use std::fmt::{self, Display};

use super::report::{Outcome, PactReport, Report, Verdict};

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for pact in &self.pacts {
            writeln!(f, "{pact}")?;
        }
        let total = self.outcomes().count();
        write!(f, "{} of {total} interactions verified", self.count(Verdict::Verified))?;
        for verdict in [Verdict::Failed, Verdict::Pending, Verdict::Skipped] {
            match self.count(verdict) {
                0 => {}
                count => write!(f, ", {count} {}", verdict.as_str())?,
            }
        }
        writeln!(f)
    }
}

impl Display for PactReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, consumer, provider, outcomes } = self;
        writeln!(f, "{file}: what {consumer} relies on of {provider}")?;
        outcomes.iter().try_for_each(|outcome| write!(f, "{outcome}"))
    }
}

impl Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, note) = match self.verdict {
            Verdict::Verified => ("✓", ""),
            Verdict::Failed => ("✗", ""),
            Verdict::Pending => ("…", " (pending: nobody relies on it yet)"),
            Verdict::Skipped => ("-", " (interactions of its type are not verified)"),
        };
        writeln!(f, "  {sign} {}{note}", self.description)?;
        if self.verdict == Verdict::Failed && !self.states.is_empty() {
            writeln!(f, "      given {}", self.states.join("; given "))?;
        }
        for finding in &self.findings {
            finding.to_string().lines().try_for_each(|line| writeln!(f, "      {line}"))?;
        }
        if self.verdict == Verdict::Failed && !self.transcript.is_empty() {
            writeln!(f, "      what went over the connection:")?;
            self.transcript.lines().try_for_each(|line| writeln!(f, "      {line}"))?;
        }
        Ok(())
    }
}

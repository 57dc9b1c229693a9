//! Parameters that a channel declares and its address does not use.

use super::{Report, Rule, Subject};
use crate::address;
use crate::diagnostic::Severity;
use crate::ir::Segment;

pub(super) const RULE: Rule = Rule {
    id: "channel-parameter-unused",
    severity: Severity::Warning,
    summary: "Each of a channel's `parameters` should appear in its address.",
    explanation: "A parameter that the address does not name never gets a value.",
    check,
};

fn check(subject: &Subject<'_, '_>, report: &mut Report<'_>) {
    for channel in &subject.model.channels {
        let address = channel.address.map_or("", |address| address.text);
        let used = address::segments(address);
        for parameter in &channel.parameters {
            if !used.contains(&Segment::Parameter(parameter.name.to_owned())) {
                let found = report.at(parameter.key, format!("the address does not use `{{{}}}`", parameter.name));
                if let Some(address) = channel.address {
                    found.also(address.span, "the address");
                }
                found.help("remove the parameter, or put it into the address");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::check;

    #[test]
    fn parameters_are_used() {
        check(RULE, "channels:\n  a: {address: a, parameters: {id: {}}}\n", &["2:32 the address does not use `{id}`"]);
        check(RULE, "channels:\n  a: {address: '{id}', parameters: {id: {}}}\n", &[]);
    }
}

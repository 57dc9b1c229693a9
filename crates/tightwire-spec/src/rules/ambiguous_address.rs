//! Addresses that cannot be read back.

use super::{Report, Rule, Subject};
use crate::address;
use crate::diagnostic::Severity;
use crate::ir::Segment;
use crate::model::Address;

pub(super) const RULE: Rule = Rule {
    id: "ambiguous-address",
    severity: Severity::Error,
    summary: "Text must stand between two parameters of an address, and a parameter may appear only once.",
    explanation: "A topic such as `ab` does not tell which part of it is `{x}` and which is `{y}` in `{x}{y}`.",
    check,
};

fn check(subject: &Subject<'_, '_>, report: &mut Report<'_>) {
    for channel in &subject.model.channels {
        let Some(Address { text: address, span }) = channel.address else { continue };
        let segments = address::segments(address);
        for pair in segments.windows(2) {
            if let [Segment::Parameter(a), Segment::Parameter(b)] = pair {
                report
                    .at(span, format!("nothing stands between `{{{a}}}` and `{{{b}}}`"))
                    .help("separate them, for instance by `:` or `/`");
            }
        }
        for (index, segment) in segments.iter().enumerate() {
            if let (Segment::Parameter(name), true) = (segment, segments[..index].contains(segment)) {
                report.at(span, format!("`{{{name}}}` appears twice in the address"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::check;

    #[test]
    fn addresses_can_be_read_back() {
        check(RULE, "channels:\n  a: {address: '{x}{y}'}\n", &["2:16 nothing stands between `{x}` and `{y}`"]);
        check(RULE, "channels:\n  a: {address: '{x}/{x}'}\n", &["2:16 `{x}` appears twice in the address"]);
        check(RULE, "channels:\n  a: {address: '{x}/{y}'}\n", &[]);
    }
}

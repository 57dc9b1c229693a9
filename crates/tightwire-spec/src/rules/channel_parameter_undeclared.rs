//! Parameters that an address uses and the channel does not declare.

use super::{Report, Rule, Subject};
use crate::address;
use crate::diagnostic::Severity;
use crate::ir::Segment;
use crate::model::Address;
use crate::suggest::did_you_mean;
use crate::tree::Node;

pub(super) const RULE: Rule = Rule {
    id: "channel-parameter-undeclared",
    severity: Severity::Error,
    summary: "Each `{parameter}` of a channel's address must stand under the channel's `parameters`.",
    explanation: "The declaration gives the parameter its description, and generated code its documentation.",
    check,
};

fn check(subject: &Subject<'_, '_>, report: &mut Report<'_>) {
    for channel in &subject.model.channels {
        let Some(Address { text: address, span }) = channel.address else { continue };
        for segment in address::segments(address) {
            let Segment::Parameter(name) = segment else { continue };
            if channel.parameters.iter().any(|parameter| parameter.name == name) {
                continue;
            }
            let place = subject.model.documents.part(span, &format!("{{{name}}}"));
            let found = report.at(place, format!("the address uses `{{{name}}}`, which is not declared"));
            let known = channel.parameters.iter().map(|parameter| parameter.name);
            found.help(
                did_you_mean(&name, known)
                    .unwrap_or_else(|| format!("declare it: `parameters: {{ {name}: {{ description: … }} }}`")),
            );
            if let Some(parameters) = channel.node.get("parameters").map(Node::name_span) {
                found.also(parameters, "what is declared");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::check;

    #[test]
    fn parameters_are_declared() {
        check(RULE, "channels:\n  a: {address: 'a/{id}'}\n", &["2:19 the address uses `{id}`, which is not declared"]);
        check(RULE, "channels:\n  a: {address: 'a/{id}', parameters: {id: {}}}\n", &[]);
    }
}

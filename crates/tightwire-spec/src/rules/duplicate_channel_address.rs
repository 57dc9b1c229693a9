//! Several channels at one address.

use std::collections::HashMap;

use super::{Report, Rule, Subject};
use crate::diagnostic::Severity;
use crate::model::Address;

pub(super) const RULE: Rule = Rule {
    id: "duplicate-channel-address",
    severity: Severity::Info,
    summary: "Channels usually have addresses of their own.",
    explanation: "AsyncAPI allows several channels at one address. They are one route on the wire: what arrives there \
        may be a message of any of them.",
    check,
};

fn check(subject: &Subject<'_, '_>, report: &mut Report<'_>) {
    let mut first: HashMap<&str, (&str, crate::sources::Span)> = HashMap::new();
    for channel in &subject.model.channels {
        let Some(Address { text: address, span }) = channel.address else { continue };
        match first.get(address) {
            None => {
                first.insert(address, (channel.id, span));
            }
            Some(&(other, first)) => {
                report
                    .at(span, format!("channel `{}` has the address of channel `{other}`", channel.id))
                    .also(first, "the other one");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::check;

    #[test]
    fn addresses_of_their_own() {
        check(
            RULE,
            "channels:\n  a: {address: x}\n  b: {address: x}\n",
            &["3:16 channel `b` has the address of channel `a`"],
        );
        check(RULE, "channels:\n  a: {address: x}\n  b: {address: y}\n", &[]);
    }
}

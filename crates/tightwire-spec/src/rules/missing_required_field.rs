//! Fields that an object of AsyncAPI must have.

use super::{Report, Rule, Subject};
use crate::diagnostic::Severity;
use crate::tree::Node;

pub(super) const RULE: Rule = Rule {
    id: "missing-required-field",
    severity: Severity::Error,
    summary: "Objects must have the fields that AsyncAPI requires.",
    explanation: "For instance `info.title`, `info.version`, an operation's `action` and `channel`. In a document \
        with `x-envelope` every channel needs its `address` too: it is the topic of the channel's frames.",
    check,
};

fn check(subject: &Subject<'_, '_>, report: &mut Report<'_>) {
    for (node, object) in &subject.walk.objects {
        for field in object.fields.iter().filter(|field| field.required && node.get(field.name).is_none()) {
            report
                .at(place(*node), format!("{} needs the field `{}`", object.name, field.name))
                .help(format!("add `{}:` here", field.name));
        }
    }
    for channel in subject.model.channels.iter().filter(|_| subject.model.enveloped) {
        if channel.address.is_none() {
            report
                .at(channel.key, format!("channel `{}` needs the field `address`", channel.id))
                .help("with `x-envelope`, the address is the topic of the channel's frames");
        }
    }
}

/// Where to point at an object that lacks something: its key, and for a whole file the first line.
fn place(node: Node<'_>) -> crate::sources::Span {
    node.name_span()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{check, check_whole};

    #[test]
    fn required_fields() {
        check_whole(RULE, "asyncapi: 3.0.0\ninfo: {title: T}\n", 0, &["2:1 `info` needs the field `version`"]);
        check_whole(RULE, "asyncapi: 3.0.0\n", 0, &["1:1 the document needs the field `info`"]);
        check_whole(RULE, "info: {title: T, version: 1.0.0}\n", 0, &["1:1 the document needs the field `asyncapi`"]);
        check(
            RULE,
            "operations:\n  a: {}\n",
            &["2:3 an operation needs the field `action`", "2:3 an operation needs the field `channel`"],
        );
        check(RULE, "x-envelope: 1\nchannels:\n  a: {}\n", &["3:3 channel `a` needs the field `address`"]);
        check(RULE, "channels:\n  a: {}\n", &[]);
    }
}

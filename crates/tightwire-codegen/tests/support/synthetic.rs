//! Protocols of any size, to see how generating grows.

use std::fmt::{self, Write};

/// How the messages of a protocol are told apart.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// By a constant in each.
    Constant,
    /// By which of them accepts: none has a constant.
    Structure,
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Constant => "a constant",
            Self::Structure => "structure",
        })
    }
}

/// A flat protocol of so many messages, each with an object of its own and a named schema.
pub(crate) fn protocol(messages: usize, kind: Kind) -> String {
    let mut text = String::from("asyncapi: 3.0.0\ninfo: {title: T, version: 1.0.0, description: D}\n");
    text.push_str("channels:\n  a:\n    address: /a\n    messages:\n");
    for number in 0..messages {
        let _ = writeln!(text, "      m{number}: {{$ref: '#/components/messages/m{number}'}}");
    }
    text.push_str("operations:\n  o: {action: send, channel: {$ref: '#/channels/a'}}\ncomponents:\n  messages:\n");
    for number in 0..messages {
        let told = match kind {
            Kind::Constant => format!("event: {{type: string, const: e{number}}}"),
            Kind::Structure => format!("event: {{type: string}}\n          only{number}: {{type: integer}}"),
        };
        let required = match kind {
            Kind::Constant => "event".to_owned(),
            Kind::Structure => format!("event, only{number}"),
        };
        let _ = writeln!(
            text,
            "    m{number}:\n      payload:\n        type: object\n        required: [{required}, id]\n        properties:\n          \
             {told}\n          id: {{type: integer}}\n          \
             side: {{type: string, enum: [buy, sell]}}\n          \
             items: {{type: array, items: {{$ref: '#/components/schemas/s{number}'}}}}\n          \
             inner: {{type: object, properties: {{x: {{type: number}}, note: {{type: string, maxLength: 9}}}}}}"
        );
    }
    text.push_str("  schemas:\n");
    for number in 0..messages {
        let _ = writeln!(text, "    s{number}: {{type: object, required: [n], properties: {{n: {{type: string}}}}}}");
    }
    text
}

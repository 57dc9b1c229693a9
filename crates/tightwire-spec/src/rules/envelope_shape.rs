//! Frames that are not the envelope that the document promises.

use super::{Report, Rule, Subject};
use crate::diagnostic::Severity;
use crate::ir::Ir;
use crate::schema::{JsonType, Schema};
use crate::tree::Node;

pub(super) const RULE: Rule = Rule {
    id: "envelope-shape",
    severity: Severity::Error,
    summary: "With `x-envelope`, each message's payload must describe the whole frame.",
    explanation: "The frame is an object with the required properties `v` (`const: 1`), `id`, `type` (a `const` \
        string), `topic`, `ts` and `data`. They may come from a shared schema by `allOf`.",
    check,
};

/// The properties of every frame and the type each must allow.
const PROPERTIES: [(&str, JsonType); 6] = [
    ("v", JsonType::Integer),
    ("id", JsonType::String),
    ("type", JsonType::String),
    ("topic", JsonType::String),
    ("ts", JsonType::Integer),
    ("data", JsonType::Object),
];

fn check(subject: &Subject<'_, '_>, report: &mut Report<'_>) {
    if !subject.model.enveloped {
        return;
    }
    for message in &subject.model.messages {
        let who = &message.id;
        let Some(payload) = message.payload else {
            report.at(message.key, format!("message `{who}` has no payload")).help("describe the whole frame");
            continue;
        };
        let span = payload.name_span();
        let Some(lowered) = subject.ir.messages.get(who) else { continue };
        let Some(frame) = subject.ir.merged(&lowered.payload) else {
            report
                .at(span, format!("the payload of message `{who}` cannot be read as one object"))
                .help("describe the frame by `properties`, or by an `allOf` of objects that do not contradict");
            continue;
        };
        let mut missing = Vec::new();
        for (name, json_type) in PROPERTIES {
            let Some(schema) = frame.properties.get(name).filter(|_| frame.required.iter().any(|key| key == name))
            else {
                missing.push(format!("`{name}`"));
                continue;
            };
            let place = subject.model.property(payload, name).map_or(span, Node::name_span);
            if let Some(problem) = problem(subject.ir, name, schema, json_type) {
                report.at(place, format!("`{name}` of message `{who}` {problem}"));
            }
        }
        if !missing.is_empty() {
            let list = missing.join(", ");
            report
                .at(span, format!("the payload of message `{who}` lacks {list} of the envelope"))
                .help("each must stand under `properties` and in `required`");
        }
    }
}

fn problem(ir: &Ir, name: &str, schema: &Schema, json_type: JsonType) -> Option<&'static str> {
    let object = ir.merged(schema)?;
    match name {
        "type" if !matches!(ir.only_string(schema), Some(text) if !text.is_empty()) => {
            Some("must be a `const` string: it tells messages apart")
        }
        "v" if object.const_value != Some(1.into()) => Some("must be `const: 1`: the version of the envelope"),
        _ if object.types.is_empty() || object.types.contains(&json_type) => None,
        _ => Some(match json_type {
            JsonType::String => "must be a string",
            JsonType::Integer => "must be an integer",
            _ => "must be an object",
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::check;

    #[track_caller]
    fn check_payload(payload: &str, expected: &[&str]) {
        let document = format!(
            "x-envelope: 1\nchannels: {{a: {{address: a, messages: {{m: {{$ref: '#/components/messages/m'}}}}}}}}\n\
             components:\n  messages:\n    m:\n      {payload}\n"
        );
        check(RULE, &document, expected);
    }

    const ALL: &str = "v: {const: 1}, id: {}, type: {const: x}, topic: {}, ts: {}, data: {}";

    #[test]
    fn frames_have_the_envelope() {
        let required = "required: [v, id, type, topic, ts, data]";
        check_payload(&format!("payload: {{type: object, {required}, properties: {{{ALL}}}}}"), &[]);
        check_payload(&format!("payload: {{allOf: [{{{required}}}, {{properties: {{{ALL}}}}}]}}"), &[]);
        check_payload(
            &format!("payload: {{properties: {{{ALL}}}, required: [v, id, type, topic]}}"),
            &["6:7 the payload of message `m` lacks `ts`, `data` of the envelope"],
        );
        check_payload(
            &format!("payload: {{{required}, properties: {{{}}}}}", ALL.replace("const: x", "type: string")),
            &["6:95 `type` of message `m` must be a `const` string: it tells messages apart"],
        );
        check_payload(
            &format!("payload: {{{required}, properties: {{{}}}}}", ALL.replace("ts: {}", "ts: {type: string}")),
            &["6:124 `ts` of message `m` must be an integer"],
        );
        check_payload("name: m", &["5:5 message `m` has no payload"]);
        check_payload("payload: false", &["6:7 the payload of message `m` cannot be read as one object"]);
    }
}

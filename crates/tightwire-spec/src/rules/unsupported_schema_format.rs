//! Payloads in a language other than JSON Schema.

use super::{Report, Rule, Subject};
use crate::diagnostic::Severity;
use crate::model::Described;
use crate::tree::Node;

pub(super) const RULE: Rule = Rule {
    id: "unsupported-schema-format",
    severity: Severity::Warning,
    summary: "A payload's `schemaFormat` should be JSON Schema or AsyncAPI's own.",
    explanation: "Schemas in Avro, RAML, Protobuf and others are not read; such a payload accepts anything.",
    check,
};

fn check(subject: &Subject<'_, '_>, report: &mut Report<'_>) {
    for message in &subject.model.messages {
        let Described::Unread(format) = message.described else { continue };
        let place = subject.model.field(message.node, "schemaFormat").or_else(|| {
            let payload = subject.model.field(message.node, "payload")?;
            subject.model.documents.resolve(payload).ok()?.get("schemaFormat")
        });
        report
            .at(place.map_or(message.key, Node::span), format!("schemas of the format `{format}` are not read"))
            .label("this payload accepts anything")
            .help("describe it as JSON Schema, `application/schema+json;version=draft-07`");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::check;

    #[test]
    fn formats() {
        let document = |format: &str| {
            format!("channels: {{a: {{messages: {{m: {{payload: {{schemaFormat: {format}, schema: {{}}}}}}}}}}}}\n")
        };
        check(RULE, &document("'application/schema+json;version=draft-07'"), &[]);
        check(RULE, &document("'application/vnd.aai.asyncapi+json;version=3.0.0'"), &[]);
        check(
            RULE,
            &document("application/vnd.apache.avro"),
            &["1:55 schemas of the format `application/vnd.apache.avro` are not read"],
        );
    }
}

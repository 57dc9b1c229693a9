//! Fields that AsyncAPI does not know.

use super::{Report, Rule, Subject};
use crate::diagnostic::Severity;
use crate::suggest::did_you_mean;

pub(super) const RULE: Rule = Rule {
    id: "unknown-field",
    severity: Severity::Error,
    summary: "Objects may have only the fields that AsyncAPI defines, and extensions (`x-…`).",
    explanation: "A misspelt field is silently ignored by most tools, and what it says is lost. If the field is your \
        own, let its name begin with `x-`.",
    check,
};

fn check(subject: &Subject<'_, '_>, report: &mut Report<'_>) {
    for (node, object) in &subject.walk.objects {
        for (key, span, _) in node.members() {
            if key.starts_with("x-") || object.field(key).is_some() {
                continue;
            }
            if report.is_full() {
                report.at(span, "");
                continue;
            }
            let known = object.fields.iter().map(|field| field.name);
            let help = match key {
                "<<" => Some("YAML 1.2 has no merge keys: write the fields out, or use `traits` or `allOf`".to_owned()),
                _ => did_you_mean(key, known.clone()),
            };
            let list = known.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            report
                .at(span, format!("{} has no field `{key}`", object.name))
                .help(help.unwrap_or_else(|| format!("known fields are {list}; a field of your own begins with `x-`")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::check;

    #[test]
    fn fields_are_known_or_extensions() {
        check(RULE, "chanels: {}\n", &["1:1 the document has no field `chanels`"]);
        check(RULE, "channels:\n  a: {adress: a, x-mine: 1}\n", &["2:7 a channel has no field `adress`"]);
        check(RULE, "components:\n  messages:\n    m: {payloads: {}}\n", &["3:9 a message has no field `payloads`"]);
        check(RULE, "x-mine: 1\nchannels: {}\n", &[]);
    }
}

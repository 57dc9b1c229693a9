//! `x-limits`.

use super::{Report, Rule, Subject};
use crate::diagnostic::Severity;
use crate::ir::LIMITS;
use crate::suggest::did_you_mean;

pub(super) const RULE: Rule = Rule {
    id: "x-limits",
    severity: Severity::Error,
    summary: "`x-limits` must map known limits to whole numbers above 0.",
    explanation: "The limits are `max_message_bytes`, `max_frame_bytes`, `messages_per_second`, `message_burst`, \
        `connections`, `subscriptions_per_connection`, `outbound_queue_frames`, `outbound_queue_bytes`, \
        `idle_timeout_ms`, `replay_frames` and `replay_age_ms`. A message may not be larger than a frame.",
    check,
};

fn check(subject: &Subject<'_, '_>, report: &mut Report<'_>) {
    let Some(limits) = subject.model.root.get("x-limits") else { return };
    if !limits.is_object() {
        report.at(limits.span(), format!("`x-limits` must be an object, found {}", limits.type_name()));
        return;
    }
    for (key, span, value) in limits.members() {
        if !LIMITS.contains(&key) {
            let help = did_you_mean(key, LIMITS).unwrap_or_else(|| format!("limits are {}", LIMITS.join(", ")));
            report.at(span, format!("there is no limit `{key}`")).help(help);
        } else if value.as_u64().is_none_or(|value| value == 0) {
            report.at(value.span(), format!("`{key}` must be a whole number above 0"));
        }
    }
    let limit = |key| limits.get(key).and_then(|node| Some((node, node.as_u64()?)));
    if let (Some((node, message)), Some((other, frame))) = (limit("max_message_bytes"), limit("max_frame_bytes"))
        && message > frame
    {
        report
            .at(node.span(), "`max_message_bytes` is above `max_frame_bytes`")
            .also(other.span(), "a larger frame never arrives");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::check;

    #[test]
    fn limits_are_known_numbers() {
        check(RULE, "x-limits: {message_burst: 40}\n", &[]);
        check(RULE, "x-limits: 40\n", &["1:11 `x-limits` must be an object, found a number"]);
        check(RULE, "x-limits: {mesage_burst: 40}\n", &["1:12 there is no limit `mesage_burst`"]);
        check(RULE, "x-limits: {message_burst: 0}\n", &["1:27 `message_burst` must be a whole number above 0"]);
        check(
            RULE,
            "x-limits: {max_message_bytes: 2, max_frame_bytes: 1}\n",
            &["1:31 `max_message_bytes` is above `max_frame_bytes`"],
        );
    }
}

//! `x-heartbeat`.

use super::{Report, Rule, Subject};
use crate::diagnostic::Severity;
use crate::suggest::did_you_mean;

pub(super) const RULE: Rule = Rule {
    id: "x-heartbeat",
    severity: Severity::Error,
    summary: "`x-heartbeat` must have `ping_interval_ms` and `pong_timeout_ms`.",
    explanation: "Both are milliseconds, whole numbers above 0. The timeout must be longer than the interval, or \
        every connection would be closed between two pings.",
    check,
};

const KEYS: [&str; 2] = ["ping_interval_ms", "pong_timeout_ms"];

fn check(subject: &Subject<'_, '_>, report: &mut Report<'_>) {
    let Some(heartbeat) = subject.model.root.get("x-heartbeat") else { return };
    if !heartbeat.is_object() {
        report.at(heartbeat.span(), format!("`x-heartbeat` must be an object, found {}", heartbeat.type_name()));
        return;
    }
    for (key, span, value) in heartbeat.members() {
        if !KEYS.contains(&key) {
            let found = report.at(span, format!("`x-heartbeat` has no `{key}`"));
            found.help(did_you_mean(key, KEYS).unwrap_or_else(|| format!("it has {}", KEYS.join(" and "))));
        } else if value.as_u64().is_none_or(|value| value == 0) {
            report.at(value.span(), format!("`{key}` must be a whole number above 0"));
        }
    }
    for key in KEYS.into_iter().filter(|key| heartbeat.get(key).is_none()) {
        report.at(heartbeat.name_span(), format!("`x-heartbeat` needs `{key}`"));
    }
    let time = |key| heartbeat.get(key).and_then(|node| Some((node, node.as_u64()?)));
    if let (Some((interval_node, interval)), Some((node, timeout))) = (time(KEYS[0]), time(KEYS[1]))
        && timeout <= interval
    {
        report
            .at(node.span(), "`pong_timeout_ms` must be longer than `ping_interval_ms`")
            .also(interval_node.span(), "the time between two pings");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::check;

    #[test]
    fn heartbeats() {
        check(RULE, "x-heartbeat: {ping_interval_ms: 1, pong_timeout_ms: 2}\n", &[]);
        check(
            RULE,
            "x-heartbeat: {ping_interval_ms: 2, pong_timeout_ms: 2}\n",
            &["1:53 `pong_timeout_ms` must be longer than `ping_interval_ms`"],
        );
        check(
            RULE,
            "x-heartbeat: {ping_intervall_ms: 1, pong_timeout_ms: 2.5}\n",
            &[
                "1:1 `x-heartbeat` needs `ping_interval_ms`",
                "1:15 `x-heartbeat` has no `ping_intervall_ms`",
                "1:54 `pong_timeout_ms` must be a whole number above 0",
            ],
        );
        check(RULE, "x-heartbeat: 30\n", &["1:14 `x-heartbeat` must be an object, found a number"]);
    }
}

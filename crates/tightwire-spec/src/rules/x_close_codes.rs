//! `x-close-codes`.

use std::collections::HashMap;

use super::{Report, Rule, Subject};
use crate::diagnostic::Severity;
use crate::sources::Span;
use crate::suggest::did_you_mean;
use crate::tree::Node;

pub(super) const RULE: Rule = Rule {
    id: "x-close-codes",
    severity: Severity::Error,
    summary: "`x-close-codes` must list close codes, each once, with `code`, `name`, `meaning` and `reconnect`.",
    explanation: "Codes are those of RFC 6455, section 7.4: 1000 to 1014 without those that are never sent (1004, \
        1005, 1006), 3000 to 3999 for registered ones and 4000 to 4999 for your own. `name` is a snake_case \
        identifier, unique like the code; `reconnect` says whether the client should come back.",
    check,
};

const KEYS: [&str; 4] = ["code", "name", "meaning", "reconnect"];

fn check(subject: &Subject<'_, '_>, report: &mut Report<'_>) {
    let Some(codes) = subject.model.root.get("x-close-codes") else { return };
    if !codes.is_array() {
        report.at(codes.span(), format!("`x-close-codes` must be a list, found {}", codes.type_name()));
        return;
    }
    let mut first: HashMap<String, Span> = HashMap::new();
    for entry in codes.items() {
        if !entry.is_object() {
            report.at(entry.span(), format!("a close code must be an object, found {}", entry.type_name()));
            continue;
        }
        for (key, span, value) in entry.members() {
            if !KEYS.contains(&key) {
                let found = report.at(span, format!("a close code has no `{key}`"));
                found.help(did_you_mean(key, KEYS).unwrap_or_else(|| format!("it has {}", KEYS.join(", "))));
                continue;
            }
            if let Some(problem) = problem(key, value) {
                report.at(value.span(), problem);
                continue;
            }
            if key == "code" || key == "name" {
                let shown = value.as_str().map_or_else(|| value.to_json().to_string(), str::to_owned);
                match first.get(&shown) {
                    Some(&other) => {
                        report
                            .at(value.span(), format!("the {key} `{shown}` is there twice"))
                            .also(other, "first here");
                    }
                    None => {
                        first.insert(shown, value.span());
                    }
                }
            }
        }
        for key in KEYS.into_iter().filter(|key| entry.get(key).is_none()) {
            report.at(entry.span(), format!("this close code needs `{key}`"));
        }
    }
}

fn problem(key: &str, value: Node<'_>) -> Option<String> {
    match key {
        "code" => match value.as_u64() {
            Some(1004..=1006 | 1015) => Some("this code is reserved and never sent".to_owned()),
            Some(1000..=1014 | 3000..=4999) => None,
            _ => Some("a close code is 1000 to 1014 or 3000 to 4999".to_owned()),
        },
        "name" => {
            let is_name = value.as_str().is_some_and(|name| {
                name.starts_with(|first: char| first.is_ascii_lowercase())
                    && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
            });
            (!is_name).then(|| "`name` must be a snake_case identifier".to_owned())
        }
        "meaning" => value.as_str().is_none().then(|| "`meaning` must be text".to_owned()),
        _ => value.as_bool().is_none().then(|| "`reconnect` must be `true` or `false`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::check;

    #[test]
    fn close_codes() {
        let document = |entry: &str| {
            format!("x-close-codes:\n  - {{{entry}}}\n  - {{code: 4000, name: a, meaning: A., reconnect: true}}\n")
        };
        check(RULE, &document("code: 1000, name: normal, meaning: Done., reconnect: false"), &[]);
        check(
            RULE,
            &document("code: 1006, name: b, meaning: B., reconnect: false"),
            &["2:12 this code is reserved and never sent"],
        );
        check(
            RULE,
            &document("code: 2000, name: B, meaning: 1, reconnect: maybe"),
            &[
                "2:12 a close code is 1000 to 1014 or 3000 to 4999",
                "2:24 `name` must be a snake_case identifier",
                "2:36 `meaning` must be text",
                "2:50 `reconnect` must be `true` or `false`",
            ],
        );
        check(
            RULE,
            &document("code: 4000, name: a, meaning: B., reconnect: true"),
            &["3:12 the code `4000` is there twice", "3:24 the name `a` is there twice"],
        );
        check(
            RULE,
            &document("code: 4001, nam: b, meaning: B."),
            &[
                "2:5 this close code needs `name`",
                "2:5 this close code needs `reconnect`",
                "2:18 a close code has no `nam`",
            ],
        );
        check(RULE, "x-close-codes: {}\n", &["1:16 `x-close-codes` must be a list, found an object"]);
    }
}

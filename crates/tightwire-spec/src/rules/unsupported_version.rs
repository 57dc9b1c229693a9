//! The version of AsyncAPI.

use super::{Report, Rule, Subject};
use crate::diagnostic::Severity;

pub(super) const RULE: Rule = Rule {
    id: "unsupported-version",
    severity: Severity::Error,
    summary: "The document must be of AsyncAPI 3.0 or 3.1.",
    explanation: "Versions 2.x say `publish` and `subscribe` from the other side and keep operations inside of \
        channels; reading them as 3.x would turn the protocol around. Convert such a document with the AsyncAPI \
        converter. Nothing else in a document of another version is checked.",
    check,
};

fn check(subject: &Subject<'_, '_>, report: &mut Report<'_>) {
    let root = subject.model.root;
    let Some(node) = root.get("asyncapi") else { return };
    let Some(version) = node.as_str() else {
        report
            .at(node.span(), format!("`asyncapi` must be a text such as `3.0.0`, found {}", node.type_name()))
            .help("put the version into quotes");
        return;
    };
    if !is_supported(version) {
        report
            .at(node.span(), format!("version `{version}` of AsyncAPI is not read"))
            .label("only 3.0 and 3.1 are read today")
            .help("convert the document to 3.0.0, for instance with the AsyncAPI converter");
    }
}

/// Whether documents of that version are read.
pub(crate) fn is_supported(version: &str) -> bool {
    let mut parts = version.split('.');
    let major_minor = (parts.next(), parts.next());
    matches!(major_minor, (Some("3"), Some("0" | "1"))) && parts.next().is_some() && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::check_whole;

    #[test]
    fn versions() {
        check_whole(RULE, "asyncapi: 3.0.0\n", 0, &[]);
        check_whole(RULE, "asyncapi: 3.1.0\n", 0, &[]);
        check_whole(RULE, "asyncapi: 2.6.0\nbogus: 1\n", 0, &["1:11 version `2.6.0` of AsyncAPI is not read"]);
        check_whole(RULE, "asyncapi: 4.0.0\n", 0, &["1:11 version `4.0.0` of AsyncAPI is not read"]);
        check_whole(RULE, "asyncapi: 3.0\n", 0, &["1:11 `asyncapi` must be a text such as `3.0.0`, found a number"]);
        check_whole(RULE, "asyncapi: three\n", 0, &["1:11 version `three` of AsyncAPI is not read"]);
    }
}

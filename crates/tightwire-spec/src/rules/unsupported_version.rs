//! The version of AsyncAPI.

use super::{Report, Rule, Subject};
use crate::diagnostic::Severity;
use crate::version::Version;

pub(super) const RULE: Rule = Rule {
    id: "unsupported-version",
    severity: Severity::Error,
    summary: "The document must be of AsyncAPI 2.0 to 2.6, 3.0 or 3.1.",
    explanation: "The version decides how everything else is read, so nothing else in a document of another version is \
        checked.",
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
    if Version::parse(version).is_none() {
        report
            .at(node.span(), format!("version `{version}` of AsyncAPI is not read"))
            .label("2.0 to 2.6, 3.0 and 3.1 are read")
            .help("write the version in full, for instance `3.0.0`");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::check_whole;

    #[test]
    fn versions() {
        check_whole(RULE, "asyncapi: 3.0.0\n", 0, &[]);
        check_whole(RULE, "asyncapi: 3.1.0\n", 0, &[]);
        check_whole(RULE, "asyncapi: 2.6.0\n", 0, &[]);
        check_whole(RULE, "asyncapi: 2.7.0\nbogus: 1\n", 0, &["1:11 version `2.7.0` of AsyncAPI is not read"]);
        check_whole(RULE, "asyncapi: 4.0.0\n", 0, &["1:11 version `4.0.0` of AsyncAPI is not read"]);
        check_whole(RULE, "asyncapi: 3.0\n", 0, &["1:11 `asyncapi` must be a text such as `3.0.0`, found a number"]);
        check_whole(RULE, "asyncapi: three\n", 0, &["1:11 version `three` of AsyncAPI is not read"]);
    }
}

//! The rules that documents are judged by: one file each, and the table that lists them.
//!
//! A rule has an id, a severity, a documentation and a check. The check sees the whole document and reports places;
//! it never assumes that another rule has passed.

use crate::diagnostic::{Diagnostic, Severity};
use crate::expansion::Expansion;
use crate::ir::Ir;
use crate::model::Model;
use crate::sources::{FileId, Span};
use crate::walk::Walk;

mod ambiguous_address;
mod ambiguous_messages;
mod channel_parameter_undeclared;
mod channel_parameter_unused;
mod duplicate_channel_address;
mod duplicate_discriminator;
mod duplicate_enum_value;
mod duplicate_key;
mod empty_enum;
mod envelope_shape;
mod example_invalid;
mod example_topic;
mod impossible_bounds;
mod invalid_pattern;
mod invalid_schema;
mod label_id;
mod message_without_example;
mod message_without_operation;
mod misplaced_extension;
mod missing_description;
mod missing_required_field;
mod operation_channel;
mod operation_message_not_in_channel;
mod ref_cycle;
mod remote_ref;
mod reply_message_not_in_channel;
mod session_error_codes;
mod session_shape;
mod session_topic;
mod syntax;
#[cfg(test)]
mod testing;
mod too_large;
mod unescaped_ref;
mod unknown_field;
mod unknown_ref;
mod unknown_schema_keyword;
mod unsupported_schema_format;
mod unsupported_version;
mod wrong_type;
mod x_close_codes;
mod x_delivery;
mod x_envelope;
mod x_heartbeat;
mod x_limits;
mod x_role;
mod x_roles;
mod x_sequence;
mod x_session;
mod x_subscribes;

/// Every rule, by id.
pub static RULES: &[Rule] = &[
    ambiguous_address::RULE,
    ambiguous_messages::RULE,
    channel_parameter_undeclared::RULE,
    channel_parameter_unused::RULE,
    duplicate_channel_address::RULE,
    duplicate_discriminator::RULE,
    duplicate_enum_value::RULE,
    duplicate_key::RULE,
    empty_enum::RULE,
    envelope_shape::RULE,
    example_invalid::RULE,
    example_topic::RULE,
    impossible_bounds::RULE,
    invalid_pattern::RULE,
    invalid_schema::RULE,
    label_id::RULE,
    message_without_example::RULE,
    message_without_operation::RULE,
    misplaced_extension::RULE,
    missing_description::RULE,
    missing_required_field::RULE,
    operation_channel::RULE,
    operation_message_not_in_channel::RULE,
    ref_cycle::RULE,
    remote_ref::RULE,
    reply_message_not_in_channel::RULE,
    session_error_codes::RULE,
    session_shape::RULE,
    session_topic::RULE,
    syntax::RULE,
    too_large::RULE,
    unescaped_ref::RULE,
    unknown_field::RULE,
    unknown_ref::RULE,
    unknown_schema_keyword::RULE,
    unsupported_schema_format::RULE,
    unsupported_version::RULE,
    wrong_type::RULE,
    x_close_codes::RULE,
    x_delivery::RULE,
    x_envelope::RULE,
    x_heartbeat::RULE,
    x_limits::RULE,
    x_role::RULE,
    x_roles::RULE,
    x_sequence::RULE,
    x_session::RULE,
    x_subscribes::RULE,
];

/// Rules whose errors leave the meaning of a document plain: there is an IR in spite of them, and
/// [`LoadOptions::allow`](crate::LoadOptions::allow) makes them warnings.
pub const TOLERABLE: &[&str] = &["channel-parameter-undeclared", "example-invalid", "example-topic", "unknown-field"];

/// A rule.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Its id, as it stands in every diagnostic.
    pub id: &'static str,
    /// How bad a breach is.
    pub severity: Severity,
    /// What it demands, in one sentence.
    pub summary: &'static str,
    /// Why, and what to do about a breach. Markdown.
    pub explanation: &'static str,
    check: fn(&Subject<'_, '_>, &mut Report<'_>),
}

/// What rules look at.
pub(crate) struct Subject<'s, 'a> {
    pub(crate) model: &'s Model<'a>,
    pub(crate) walk: &'s Walk<'a>,
    pub(crate) expansion: &'s Expansion<'a>,
    /// The IR, as far as the document allows one.
    pub(crate) ir: &'s Ir,
}

/// Where a rule puts what it finds.
pub(crate) struct Report<'d> {
    rule: &'static str,
    severity: Severity,
    diagnostics: &'d mut Vec<Diagnostic>,
    found: usize,
    /// Takes what is found once there is enough.
    beyond: Diagnostic,
}

/// Of one rule so many findings are kept: nobody reads more, and a hostile document has a million.
const MAX_FINDINGS: usize = 2_000;

impl<'d> Report<'d> {
    fn new(rule: &Rule, diagnostics: &'d mut Vec<Diagnostic>) -> Self {
        let nowhere = Span { file: FileId(0), start: 0, end: 0 };
        let beyond = Diagnostic::new(rule.id, rule.severity, nowhere, "");
        Self { rule: rule.id, severity: rule.severity, diagnostics, found: 0, beyond }
    }

    /// Reports a place. The diagnostic can be given labels and help.
    pub(crate) fn at(&mut self, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        self.found += 1;
        let found = Diagnostic::new(self.rule, self.severity, span, message);
        if self.found > MAX_FINDINGS {
            self.beyond = found;
            return &mut self.beyond;
        }
        let index = self.diagnostics.len();
        self.diagnostics.push(found);
        &mut self.diagnostics[index]
    }

    /// Whether more findings are only counted: no use in thinking about what to suggest.
    pub(crate) fn is_full(&self) -> bool {
        self.found >= MAX_FINDINGS
    }

    /// Says how many findings were not kept.
    fn finish(self) {
        if self.found > MAX_FINDINGS {
            let more = format!("{} more findings of this rule are not shown", self.found - MAX_FINDINGS);
            self.diagnostics.push(Diagnostic { message: more, help: None, ..self.beyond });
        }
    }
}

/// The rule of that id.
pub fn find(id: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.id == id)
}

/// A rule's nearest namesake, for a question about a rule that does not exist.
pub fn nearest(id: &str) -> Option<&'static str> {
    crate::suggest::nearest(id, RULES.iter().map(|rule| rule.id))
}

/// Judges a document by every rule.
pub(crate) fn judge(subject: &Subject<'_, '_>, diagnostics: &mut Vec<Diagnostic>) {
    for rule in RULES {
        judge_by(rule, subject, diagnostics);
    }
}

/// Judges only by one rule: for a document of a version whose rules are others.
pub(crate) fn judge_version(subject: &Subject<'_, '_>, diagnostics: &mut Vec<Diagnostic>) {
    judge_by(&unsupported_version::RULE, subject, diagnostics);
}

fn judge_by(rule: &Rule, subject: &Subject<'_, '_>, diagnostics: &mut Vec<Diagnostic>) {
    let mut report = Report::new(rule, diagnostics);
    (rule.check)(subject, &mut report);
    report.finish();
}

/// The check of a rule that is already decided when the text becomes a tree.
fn checked_while_reading(_: &Subject<'_, '_>, _: &mut Report<'_>) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_documented() {
        assert!(RULES.is_sorted_by(|a, b| a.id < b.id), "rules are sorted by id and unique");
        for rule in RULES {
            assert!(rule.summary.ends_with('.') && !rule.explanation.is_empty(), "{} is documented", rule.id);
        }
    }

    #[test]
    fn rules_are_found_by_id() {
        assert_eq!(find("unknown-ref").map(|rule| rule.severity), Some(Severity::Error));
        assert!(find("unknown").is_none());
        assert_eq!(nearest("unknwon-ref"), Some("unknown-ref"));
    }
}

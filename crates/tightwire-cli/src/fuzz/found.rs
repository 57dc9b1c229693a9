//! What was found, once each.

use tightwire_testkit::fuzz::{Class, Finding, Intent, Payload, Plan, Step};

use super::conversation::Remark;
use super::phase::Phase;

/// Something that the server does wrong.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) finding: Finding,
    /// The steps that show it, as few as could be found.
    pub(super) plan: Plan,
    pub(super) phase: Phase,
    /// The message that was sent, if it was one.
    pub(super) message: Option<String>,
    /// What tells it from others.
    pub(super) key: String,
    /// Whether it was seen again when it was tried again.
    pub(super) is_confirmed: bool,
    /// How often it was seen.
    pub(super) times: u64,
    /// What it was taken for before it was small.
    pub(super) aliases: Vec<String>,
}

/// What tells a finding from others: the same thing found twice has the same key.
pub(super) fn key(class: Class, remark: &Remark, plan: &Plan) -> String {
    let step = remark.step.and_then(|step| plan.steps.get(step));
    let Some(Step::Send { sent, .. }) = step else { return format!("{class}") };
    let message = sent.message.as_deref().unwrap_or_default();
    match (class, &sent.intent, &sent.payload) {
        (Class::Unreachable, ..) => format!("{class}"),
        (Class::InvalidFrame, ..) => format!("{class} {message} {}", remark.expected),
        (Class::AcceptedInvalid, Intent::Invalid { keyword, pointer }, _) => {
            format!("{class} {message} {keyword} {pointer}")
        }
        (_, Intent::Breach { .. }, Payload::Raw(bytes)) => {
            let start: String = bytes.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
            format!("{class} {start}")
        }
        (Class::WrongType, ..) => format!("{class} {message} {}", remark.actual),
        _ => format!("{class} {message}"),
    }
}

/// Whether two findings are the same, as far as can be told while one is made smaller. What it was that a server failed at
/// is not known while several frames are on their way.
pub(super) fn is_same(class: Class, key: &str, wanted: (Class, &str)) -> bool {
    let is_vague = matches!(
        class,
        Class::Panic
            | Class::ProbeFailed
            | Class::RejectedValid
            | Class::CloseCode
            | Class::NoReply
            | Class::WrongCorrelation
            | Class::DuplicateReply
    );
    class == wanted.0 && (is_vague || key == wanted.1)
}

/// The exit code of a class: docs/fuzzing.md has the list.
pub(crate) fn exit_code(class: Class) -> u8 {
    match class {
        Class::Panic | Class::Unreachable | Class::ProbeFailed | Class::Leak => 10,
        Class::AcceptedInvalid => 12,
        Class::RejectedValid => 13,
        Class::NoReply | Class::LateReply => 14,
        // Everything else is a promise of the contract that was not kept.
        _ => 11,
    }
}

impl Found {
    /// Whether it is that one.
    pub(super) fn is(&self, key: &str) -> bool {
        self.key == key || self.aliases.iter().any(|alias| alias == key)
    }

    /// What was sent to show it, a line each, as `tightwire fuzz` writes it to files.
    pub(super) fn lines(&self) -> Vec<String> {
        self.plan.steps.iter().map(|step| serde_json::to_string(step).unwrap_or_default()).collect()
    }
}

//! Errors of the session: what they answer, and whether there was a reason for them.

use std::time::Duration;

use serde_json::Value;
use tightwire::proto::session::code;
use tightwire_spec::ir::SessionRole;

use super::client::{Debt, Owed};
use super::{Class, Model, Verdict};
use crate::json;

/// How many topics an error names at most; there may be more.
const NAMED_TOPICS: usize = 20;

impl Model<'_> {
    /// An error frame.
    pub(super) fn error(&mut self, client: usize, key: Option<&str>, value: &Value, now: Duration) -> Verdict {
        let shown = || json::one_line(value);
        let said = value["data"]["code"].as_str().unwrap_or_default();
        let Some(Some(reader)) = self.clients.get_mut(client) else { return Ok(()) };
        reader.is_forbidden |= said == code::TOPIC_FORBIDDEN;
        if said == code::RATE_LIMITED {
            reader.rate.errors += 1;
            if reader.debts.iter().all(|debt| !debt.may_be_dropped) {
                let what = "a frame was refused although the rate was kept";
                return self.fault(Class::RejectedValid, client, None, what, "an answer", shown());
            }
            return Ok(());
        }
        let named = key.and_then(|key| reader.debts.iter().position(|debt| debt.key.as_deref() == Some(key)));
        let is_of = |debt: &Debt<'_>| match debt.owed {
            Owed::TooLarge => said == code::MESSAGE_TOO_LARGE,
            Owed::Violation { .. } => said == code::CONTRACT_VIOLATION && !debt.has_error,
            Owed::Reply(_) | Owed::Nothing => false,
        };
        // The id of a frame that cannot be read is not known.
        let Some(index) = named.or_else(|| reader.debts.iter().position(is_of)) else {
            return self.error_for_nothing(client, key, value);
        };
        let debt = &mut reader.debts[index];
        let (step, sent_at) = (debt.step, debt.sent_at);
        match &debt.owed {
            Owed::TooLarge | Owed::Violation { .. } => {
                if !is_of(debt) {
                    let (what, expected) = ("an error says something else than what was wrong", debt.expected());
                    return self.fault(Class::WrongError, client, Some(step), what, expected, shown());
                }
                if let Some(wrong) = misnamed(debt, value) {
                    let expected = debt.expected();
                    return self.fault(Class::WrongError, client, Some(step), wrong, expected, shown());
                }
                debt.has_error = true;
                let is_lost = matches!(debt.owed, Owed::Violation { .. }) && reader.doom.is_some();
                reader.rate.taken += 1;
                if !is_lost {
                    self.settle(client, index);
                }
            }
            Owed::Reply(_) | Owed::Nothing => {
                let expected = debt.expected();
                let class = match said {
                    code::CONTRACT_VIOLATION | code::MESSAGE_TOO_LARGE => Some(Class::RejectedValid),
                    code::INTERNAL_ERROR => Some(Class::Panic),
                    _ => None,
                };
                if let Some(class) = class {
                    let what = format!("`{}` follows the contract and was answered with {said}", debt.message);
                    return self.fault(class, client, Some(step), what, expected, shown());
                }
                let topics = value["data"]["topics"].as_array().into_iter().flatten().filter_map(Value::as_str);
                let before = debt.refused.len();
                debt.refused.extend(topics.map(str::to_owned));
                debt.refused_more |= debt.refused.len() == before || debt.refused.len() >= NAMED_TOPICS;
                debt.has_error = true;
                // The rest of the topics is subscribed to, and that is said too.
                if !matches!(debt.role, Some(SessionRole::Subscribe | SessionRole::Unsubscribe)) {
                    reader.rate.taken += 1;
                    self.settle(client, index);
                }
            }
        }
        self.keeps_rate(client, step, now)?;
        self.in_time(client, step, sent_at, now, "an error")
    }

    /// An error that answers nothing that waits for an answer.
    fn error_for_nothing(&self, client: usize, key: Option<&str>, value: &Value) -> Verdict {
        let answered = self.client(client).zip(key).and_then(|(reader, key)| reader.answered.get(key));
        if let Some((step, _)) = answered {
            let what = "an error answers a frame that was answered before";
            return self.fault(Class::DuplicateReply, client, Some(*step), what, "one answer", json::one_line(value));
        }
        let what = "an error does not answer any frame that was sent";
        self.fault(Class::WrongCorrelation, client, None, what, "the id of a frame", json::one_line(value))
    }
}

/// What is wrong with an error that answers a frame which violates the contract.
fn misnamed(debt: &Debt<'_>, error: &Value) -> Option<String> {
    let Owed::Violation { pointer, .. } = &debt.owed else { return None };
    let violations = error["data"]["violations"].as_array().map(Vec::as_slice).unwrap_or_default();
    if violations.is_empty() {
        return Some("an error does not say where the contract is violated".to_owned());
    }
    let places = violations.iter().filter_map(|violation| violation["pointer"].as_str());
    // What is missing, or too much, may be named where it should be or at the object that it is missing from.
    let is_near = |place: &str| pointer.starts_with(place) || place.starts_with(pointer.as_str());
    if places.clone().any(is_near) {
        return None;
    }
    Some(format!("an error names other places: {}", places.collect::<Vec<_>>().join(", ")))
}

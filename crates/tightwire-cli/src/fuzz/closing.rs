//! Whether the end of a connection is what the contract and RFC 6455 let a server do.

use tightwire_testkit::fuzz::{Class, Intent};

use super::contract::Contract;
use super::conversation::{Asked, Remark};
use super::link::End;

/// What is wrong with the end of a connection on which that was sent; the last ones have not been answered.
pub(super) fn judge(end: &End, asked: &[Asked<'_>], contract: &Contract<'_>) -> Option<Remark> {
    let open = || asked.iter().filter(|asked| asked.answer.is_none());
    let invalid = open().find(|asked| !asked.intent.is_valid());
    let last = invalid.or_else(|| open().next_back()).or(asked.last());
    let step = last.map(|asked| asked.step);
    let name = last.map_or_else(|| "nothing was sent".to_owned(), Asked::name);
    let remark = |class, message: String, expected: &str, actual: String| {
        Some(Remark::new(class, step, [message, expected.to_owned(), actual]))
    };
    let breach = invalid.and_then(|asked| match asked.intent {
        Intent::Breach { code } => Some(code),
        _ => None,
    });
    let (code, reason) = match end {
        End::Broken(violation) => {
            let message = "the server breaks the rules of WebSocket".to_owned();
            return remark(Class::InvalidFrame, message, "frames as RFC 6455 has them", violation.to_string());
        }
        // RFC 6455, section 7.1.7: failing a connection need not be said.
        End::Dropped(_) if breach.is_some() => return None,
        End::Dropped(how) => {
            let message = format!("the connection was lost after {name}");
            return remark(Class::Panic, message, "a connection that stays open, or a close frame", how.clone());
        }
        End::Closed { code, reason } => (*code, reason),
    };
    let actual = if reason.is_empty() { format!("close {code}") } else { format!("close {code} {reason:?}") };
    if code == 1011 {
        return remark(Class::Panic, format!("the server failed after {name}"), "no failure", actual);
    }
    // The answer to a close of ours.
    if breach.is_some_and(|code| code == 1000 || code >= 3000) {
        return None;
    }
    if !contract.has_close_code(code) {
        let message = format!("the server closed with a code that the contract does not have, after {name}");
        return remark(Class::CloseCode, message, "a code of the contract", actual);
    }
    if let Some(expected) = breach {
        // Which rule was broken may be seen in more than one way, but it was one of WebSocket's.
        let is_fit = code == expected || matches!(code, 1002 | 1003 | 1005 | 1007 | 1008 | 1009);
        return if is_fit {
            None
        } else {
            let message = "the server closed with a code that does not say what was wrong".to_owned();
            remark(Class::CloseCode, message, &format!("close {expected}"), actual)
        };
    }
    if invalid.is_some() || asked.is_empty() {
        return None;
    }
    let says_no = matches!(code, 1002 | 1003 | 1007..=1010 | 3000..=4999);
    let is_for_pace = ["rate", "limit", "too many", "slow down", "throttl"];
    if says_no && !is_for_pace.iter().any(|part| reason.to_lowercase().contains(part)) {
        let message = format!("{name} follows the contract, and the server closed the connection");
        return remark(Class::RejectedValid, message, "an answer, or a connection that stays open", actual);
    }
    Some(Remark::note(step, format!("the server ended the connection after {name}: {actual}")))
}

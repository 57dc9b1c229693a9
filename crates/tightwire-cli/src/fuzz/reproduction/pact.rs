//! A finding as an interaction of a pact: what is sent, and what should have come.

use tightwire_spec::ir::Message;
use tightwire_testkit::fuzz::{Class, Intent};
use tightwire_testkit::pact::model::About;
use tightwire_testkit::pact::{Contents, Interaction, Pact, Rule, RuleList, SyncMessages};

use super::super::found::Found;
use super::{Source, sent, value};

/// The pact; none where nothing has to come, or what is sent is not JSON.
pub(super) fn file(found: &Found, source: &Source<'_, '_>) -> Option<String> {
    let contract = source.contract;
    let sent = sent(found)?;
    let request = value(sent)?;
    let message = contract.to_server(sent.message.as_ref()?)?;
    let refuses = matches!(sent.intent, Intent::Invalid { .. });
    let reply = answer(source, message, refuses)?;
    let mut response = Contents::json(source.examples.frames(reply).into_iter().next()?);
    // Everything else may have another value of the same type.
    response.matching_rules.body.insert(path("").parse().ok()?, RuleList::of(Rule::of_type()));
    if let Some(pointer) = dispatched(source, reply) {
        response.matching_rules.body.insert(path(&pointer).parse().ok()?, RuleList::of(Rule::equality()));
    }
    let place = contract.correlation(message).zip(contract.correlation(reply));
    if let Some((asked, answered)) = place
        && let Some(identity) = request.pointer(asked)
        && let Some(place) = response.content.pointer_mut(answered)
    {
        *place = identity.clone();
        response.matching_rules.body.insert(path(answered).parse().ok()?, RuleList::of(Rule::equality()));
    }
    let mut about = About { description: found.finding.message.clone(), ..About::default() };
    if let Some(operation) = contract.operations(&message.id).next() {
        about.comments.set_operation_id(&operation.id);
    }
    about.comments.ws.deadline_ms = Some(source.deadline_ms);
    about.comments.text = vec![
        format!("Found by tightwire fuzz with --seed {}: {}.", source.seed, found.finding.class),
        format!("Expected: {}. Actual: {}.", found.finding.expected, found.finding.actual),
    ];
    // Only the first frame of a sequence is described here.
    let is_shown = !matches!(found.finding.class, Class::Order | Class::SubscribersDiffer);
    let interaction =
        Interaction::Sync(SyncMessages { about, request: Contents::json(request), response: vec![response] });
    let pact = Pact {
        consumer: "tightwire-fuzz".to_owned(),
        provider: contract.ir.info.title.clone(),
        interactions: vec![interaction],
        ..Pact::default()
    };
    is_shown.then(|| pact.to_text())
}

/// What should come: what says no, or else the first reply that does not.
fn answer<'ir>(source: &Source<'_, 'ir>, message: &Message, refuses: bool) -> Option<&'ir Message> {
    let contract = source.contract;
    if refuses {
        return contract.receivable().find(|it| contract.is_error(&it.id));
    }
    let replies = contract.replies(&message.id);
    contract.receivable().find(|it| replies.contains(&it.id) && !contract.is_error(&it.id))
}

/// Where a message says which one it is.
fn dispatched(source: &Source<'_, '_>, reply: &Message) -> Option<String> {
    let by = &source.contract.ir.dispatch.to_client.by;
    match (source.contract.ir.envelope, by.is_empty()) {
        (Some(_), _) => Some("/type".to_owned()),
        (None, true) => None,
        (None, false) => Some(by.iter().map(|name| format!("/{name}")).collect()),
    }
    .filter(|_| reply.unsupported.is_none())
}

/// A JSON Pointer as a path of Pact.
fn path(pointer: &str) -> String {
    let mut path = "$".to_owned();
    for name in pointer.split('/').skip(1) {
        let name = name.replace("~1", "/").replace("~0", "~");
        if name.bytes().all(|byte| byte.is_ascii_digit()) {
            path += &format!("[{name}]");
            continue;
        }
        let is_plain = name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_');
        path += &if is_plain { format!(".{name}") } else { format!("['{name}']") };
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_become_paths() {
        assert_eq!(path("/data/req-id/0"), "$.data['req-id'][0]");
    }
}

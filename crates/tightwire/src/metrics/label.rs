//! Labels: which values there are is known when the server starts, and stays so.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::marker::PhantomData;

use tightwire_proto::close::CloseReason;
use tightwire_proto::contract::Contract;

/// What stands for everything that has no value of its own. It is shown once there is something.
pub(crate) const OTHER: &str = "other";

/// A label.
pub(crate) trait Label {
    /// Its name.
    const NAME: &'static str;

    /// The values it may have, for this contract.
    fn values(contract: &'static Contract) -> BTreeSet<Cow<'static, str>>;
}

/// A number for every value of a label.
pub(crate) struct Per<L, T> {
    /// Sorted by value.
    values: Box<[(Cow<'static, str>, T)]>,
    other: T,
    label: PhantomData<fn(L)>,
}

/// `code`: the close codes of the contract, of the session and of RFC 6455.
#[derive(Debug)]
pub(crate) struct CloseCode;

/// `topic`: the templates of topics, for instance `thread:{thread_id}`.
#[derive(Debug)]
pub(crate) struct Topic;

/// `type`: the messages that the server sends.
#[derive(Debug)]
pub(crate) struct MessageType;

/// `operation`: the messages that clients send, without those that the session answers itself.
#[derive(Debug)]
pub(crate) struct Operation;

/// `reason`: why a handshake was refused.
#[derive(Debug)]
pub(crate) struct Refusal;

impl Label for CloseCode {
    const NAME: &'static str = "code";

    fn values(contract: &'static Contract) -> BTreeSet<Cow<'static, str>> {
        // Of RFC 6455 those that a peer gives or that stand for what was not given.
        let common = [1000, 1001, 1002, 1003, 1005, 1006, 1007, 1009, 1011];
        let own = CloseReason::ALL.iter().map(|reason| reason.code());
        let contract = contract.close_codes.iter().map(|info| info.code);
        common.into_iter().chain(own).chain(contract).map(|code| code.to_string().into()).collect()
    }
}

impl Label for Topic {
    const NAME: &'static str = "topic";

    fn values(contract: &'static Contract) -> BTreeSet<Cow<'static, str>> {
        contract.channels.iter().map(|channel| channel.address.into()).collect()
    }
}

impl Label for MessageType {
    const NAME: &'static str = "type";

    fn values(contract: &'static Contract) -> BTreeSet<Cow<'static, str>> {
        contract.to_client.iter().filter(|message| message.session.is_none()).map(|it| it.wire_type.into()).collect()
    }
}

impl Label for Operation {
    const NAME: &'static str = "operation";

    fn values(contract: &'static Contract) -> BTreeSet<Cow<'static, str>> {
        contract.to_server.iter().filter(|message| message.session.is_none()).map(|it| it.wire_type.into()).collect()
    }
}

impl Refusal {
    /// The address began too many.
    pub(crate) const RATE: &'static str = "rate";
    /// The page may not connect.
    pub(crate) const ORIGIN: &'static str = "origin";
    /// Nobody can tell now who may connect.
    pub(crate) const UNDECIDED: &'static str = "undecided";
    /// There are as many connections as there may be.
    pub(crate) const CAPACITY: &'static str = "capacity";
    /// The address has as many connections as one may have.
    pub(crate) const ADDRESS_CAPACITY: &'static str = "address_capacity";
    /// There are as many connections without a WebSocket or a stream of events as there may be.
    pub(crate) const HTTP_CAPACITY: &'static str = "http_capacity";
    /// The server shuts down.
    pub(crate) const SHUTDOWN: &'static str = "shutdown";
    /// The request is none for a WebSocket.
    pub(crate) const REQUEST: &'static str = "request";
    /// The request does not follow the contract.
    pub(crate) const CONTRACT: &'static str = "contract";
    /// The request's head, or what comes before it, was not there in time.
    pub(crate) const TIMEOUT: &'static str = "timeout";
    /// The header of the PROXY protocol is missing or wrong, or the proxy is not trusted.
    pub(crate) const PROXY: &'static str = "proxy";
    /// There is no secure connection.
    #[cfg(feature = "tls")]
    pub(crate) const TLS: &'static str = "tls";
}

impl Label for Refusal {
    const NAME: &'static str = "reason";

    fn values(_: &'static Contract) -> BTreeSet<Cow<'static, str>> {
        let all = [
            Self::RATE,
            Self::ORIGIN,
            Self::UNDECIDED,
            Self::CAPACITY,
            Self::ADDRESS_CAPACITY,
            Self::HTTP_CAPACITY,
            Self::SHUTDOWN,
            Self::REQUEST,
            Self::CONTRACT,
            Self::TIMEOUT,
            Self::PROXY,
            #[cfg(feature = "tls")]
            Self::TLS,
        ];
        all.into_iter().map(Cow::Borrowed).collect()
    }
}

impl<L: Label, T: Default> Per<L, T> {
    /// Nothing was counted yet.
    pub(super) fn new(contract: &'static Contract) -> Self {
        let values = L::values(contract).into_iter().map(|value| (value, T::default())).collect();
        Self { values, other: T::default(), label: PhantomData }
    }

    /// The number of a value.
    pub(crate) fn of(&self, value: &str) -> &T {
        let found = self.values.binary_search_by(|(known, _)| (**known).cmp(value));
        found.map_or(&self.other, |index| &self.values[index].1)
    }

    /// Every value with its number, the one for all others in the end.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.values.iter().map(|(value, number)| (&**value, number)).chain([(OTHER, &self.other)])
    }
}

impl<T: Default> Per<CloseCode, T> {
    /// The number of a close code.
    pub(crate) fn of_code(&self, code: u16) -> &T {
        self.of(&code.to_string())
    }
}

impl<T: Default> Per<Topic, T> {
    /// The number of the topic's template.
    pub(crate) fn of_topic(&self, topic: &str) -> &T {
        self.find(topic).map_or(&self.other, |(_, number)| number)
    }

    /// The topic's template.
    pub(crate) fn value_of(&self, topic: &str) -> &str {
        self.find(topic).map_or(OTHER, |(template, _)| template)
    }

    fn find(&self, topic: &str) -> Option<&(Cow<'static, str>, T)> {
        self.values.iter().find(|(template, _)| fits(template, topic))
    }
}

/// Whether the topic can be made of the template by putting something into each of its parameters.
fn fits(template: &str, topic: &str) -> bool {
    let Some((literal, mut rest)) = template.split_once('{') else { return template == topic };
    let Some(mut topic) = topic.strip_prefix(literal) else { return false };
    loop {
        let after = rest.split_once('}').map_or("", |(_, after)| after);
        let Some((literal, next)) = after.split_once('{') else {
            return topic.len() > after.len() && topic.ends_with(after);
        };
        // A parameter has at least one character. The first place where the next part fits is as good as any.
        let first = topic.chars().next().map_or(0, char::len_utf8);
        let Some(found) = topic[first..].find(literal) else { return false };
        (topic, rest) = (&topic[first + found + literal.len()..], next);
    }
}

impl<L: Label, T: fmt::Debug + Default> fmt::Debug for Per<L, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(template: &str, topic: &str, expected: bool) {
        assert_eq!(fits(template, topic), expected, "{template} {topic}");
    }

    #[test]
    fn topics_fit_their_templates() {
        check("system", "system", true);
        check("system", "systems", false);
        check("thread:{thread_id}", "thread:a", true);
        check("thread:{thread_id}", "thread:ż:{b}", true);
        check("thread:{thread_id}", "thread:", false);
        check("thread:{thread_id}", "agent:a", false);
        check("a:{b}:c:{d}", "a:x:c:c:y", true);
        check("a:{b}:c:{d}", "a:x:c:", false);
        check("a:{b}:c:{d}", "a::c:d", false);
        check("{a}.log", "żółw.log", true);
        check("{a}.log", ".log", false);
        check("{a}{b}", "ż", false);
        check("{a}{b}", "ab", true);
    }
}

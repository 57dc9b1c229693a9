//! Frames that RFC 6455 says something about: those that every server has to take, and those that none may.

use serde_json::Value;
use tightwire_testkit::fuzz::{Intent, Payload, Plan, Sent, Step};
use tightwire_testkit::raw::RawFrame;

/// How much is asked of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rigour {
    /// Whether to try what many servers do and few of their users mind.
    pub(super) is_strict: bool,
    /// Whether the testkit's model judges. It knows values only as they were sent, and wants a close to be answered with its
    /// code, where one without a code has none.
    pub(super) is_modelled: bool,
}

/// A plan for each rule. `example` is a valid frame, with the key of its message; `largest` is how large a frame may be, if
/// the document says so.
pub(super) fn plans(example: Option<(&str, &Value)>, largest: Option<u64>, rigour: Rigour) -> Vec<Plan> {
    let mut plans = Vec::new();
    let mut add = |sent: Vec<Sent>| {
        let step = |sent| [Step::Send { client: 0, sent }, Step::Settle { sequences: false }];
        plans.push(Plan { steps: sent.into_iter().flat_map(step).collect() });
    };
    let text = example.map_or_else(|| "{}".to_owned(), |(_, value)| value.to_string());
    let (first, second) = text.as_bytes().split_at(text.len() / 2);

    if let Some((message, value)) = example {
        for pieces in [2, 3, value.to_string().len()] {
            let payload = Payload::Fragments { json: value.clone(), pieces };
            add(vec![Sent { message: Some(message.to_owned()), payload, intent: Intent::Valid }]);
        }
        // An empty frame at the end, and one in the middle.
        let bytes = [
            RawFrame::text(first).unfinished(),
            RawFrame::continuation([]).unfinished(),
            RawFrame::continuation(second).unfinished(),
            RawFrame::continuation([]),
        ];
        let payload = Payload::Raw(bytes.iter().flat_map(RawFrame::to_bytes).collect());
        if !rigour.is_modelled {
            add(vec![Sent { message: Some(message.to_owned()), payload, intent: Intent::Valid }]);
        }
    }
    let valid = |payload| Sent { message: None, payload, intent: Intent::Valid };
    add(vec![
        valid(Payload::Ping(Vec::new())),
        valid(Payload::Ping(vec![b'x'; 125])),
        valid(Payload::Ping(vec![0, 255])),
    ]);
    add(vec![valid(Payload::Raw(RawFrame::pong("nobody asked").to_bytes())), valid(Payload::Ping(b"after".to_vec()))]);

    let breach = |code: u16, frames: &[RawFrame]| {
        Sent::breach(Payload::Raw(frames.iter().flat_map(RawFrame::to_bytes).collect()), code)
    };
    let whole = RawFrame::text(&text);
    for bits in [0b100, 0b010, 0b001] {
        add(vec![breach(1002, &[whole.clone().reserved(bits)])]);
    }
    for opcode in [3, 7, 11, 15] {
        add(vec![breach(1002, &[RawFrame::new(opcode, &text)])]);
    }
    add(vec![breach(1002, &[whole.clone().unmasked()])]);
    add(vec![breach(1002, &[RawFrame::continuation(&text)])]);
    add(vec![breach(1002, &[RawFrame::text(first).unfinished(), whole.clone()])]);
    add(vec![breach(1002, &[RawFrame::ping([b'x'; 126])])]);
    add(vec![breach(1002, &[RawFrame::ping("x").unfinished()])]);
    add(vec![breach(1002, &[RawFrame::close(1000, "x").unfinished()])]);
    add(vec![breach(1007, &[RawFrame::text([b'"', 0xff, b'"'])])]);
    // The halves of a character are no character, wherever they are cut: here there is but one of them.
    add(vec![breach(1007, &[RawFrame::text([b'"', 0xe2]).unfinished(), RawFrame::continuation([0x82, b'"'])])]);
    // A half of a character of UTF-16, and a slash in two bytes.
    add(vec![breach(1007, &[RawFrame::text([b'"', 0xed, 0xa0, 0x80, b'"'])])]);
    add(vec![breach(1007, &[RawFrame::text([b'"', 0xc0, 0xaf, b'"'])])]);
    add(vec![breach(1000, &[RawFrame::close(1000, "")])]);
    add(vec![breach(4999, &[RawFrame::close(4999, "a reason of one's own")])]);
    if !rigour.is_modelled {
        add(vec![breach(1000, &[RawFrame::close_with([])])]);
    }
    add(vec![breach(1002, &[RawFrame::close_with([3])])]);
    for code in [0, 999, 1004, 1005, 1006, 1015, 2999, 5000] {
        add(vec![breach(1002, &[RawFrame::close(code, "")])]);
    }
    add(vec![breach(1007, &[RawFrame::close(1000, [0xff])])]);
    if let Some(largest) = largest {
        add(vec![Sent::breach(Payload::Raw(RawFrame::text("").header(largest + 1)), 1009)]);
    }
    if rigour.is_strict {
        // A length of more than 63 bits, and one in more bytes than it needs.
        add(vec![Sent::breach(Payload::Raw(RawFrame::text("").header(1 << 63)), 1002)]);
        let long = [&[0x81, 0xfe, 0, 2, 0, 0, 0, 0][..], b"{}"].concat();
        add(vec![Sent::breach(Payload::Raw(long), 1002)]);
    }
    plans
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tightwire_proto::websocket::{Reader, Role};

    use super::*;

    /// What is said to break a rule does, by another implementation of them; what is said to follow them does.
    #[test]
    fn breaches_are_breaches() {
        let frame = json!({"op": "ping", "text": "zażółć"});
        let mut breaches = 0;
        for plan in plans(Some(("ping", &frame)), Some(1 << 20), Rigour { is_strict: true, is_modelled: false }) {
            for step in plan.steps {
                let Step::Send { sent: Sent { payload: Payload::Raw(mut bytes), intent, .. }, .. } = step else {
                    continue;
                };
                let mut reader = Reader::new(Role::Server, 1 << 20);
                let (mut at, mut code) = (0, None);
                while at < bytes.len() && code.is_none() {
                    match reader.read(&mut bytes[at..]) {
                        Ok(step) => {
                            at += step.consumed;
                            if let Some(tightwire_proto::websocket::Event::Close { code: own, .. }) = step.event {
                                code = Some(own.unwrap_or(1000));
                            }
                        }
                        Err(violation) => code = Some(violation.code()),
                    }
                }
                let expected = if let Intent::Breach { code } = intent { Some(code) } else { None };
                breaches += usize::from(expected.is_some_and(|code| !matches!(code, 1000 | 4999)));
                assert_eq!(code, expected, "{bytes:02x?}");
            }
        }
        assert!(breaches > 25, "{breaches}");
    }
}

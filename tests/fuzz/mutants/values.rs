//! What the server takes and refuses: bounds, enums, rare values. And how it ends connections.

use serde_json::{Value, json};

use super::alter;
use crate::common::tamper::{Content, Line, Message, Mutant};

/// A data set that does not exist is taken for another that does.
pub(super) struct AcceptedEnum;

impl Mutant for AcceptedEnum {
    fn inbound(&mut self, client: usize, message: Message, line: &mut Line) {
        let altered = alter(&message, "request_data", |frame| {
            let known = ["agent_status", "coordination_metrics", "system_health"];
            if let Some(asked) = frame["data"]["data_type"].as_str()
                && !known.contains(&asked)
            {
                frame["data"]["data_type"] = json!("system_health");
            }
        });
        line.tell_server(client, altered.unwrap_or(message));
    }
}

/// One message more than the contract allows may be asked for.
pub(super) struct AcceptedBeyondMaximum;

impl Mutant for AcceptedBeyondMaximum {
    fn inbound(&mut self, client: usize, message: Message, line: &mut Line) {
        line.tell_server(client, with_limit(&message, 201, 200).unwrap_or(message));
    }
}

/// As many messages as the contract allows may not be asked for.
pub(super) struct RejectedMaximum;

impl Mutant for RejectedMaximum {
    fn inbound(&mut self, client: usize, message: Message, line: &mut Line) {
        line.tell_server(client, with_limit(&message, 200, 201).unwrap_or(message));
    }
}

/// A content of one character more than the contract allows is cut.
pub(super) struct AcceptedBeyondLength;

impl Mutant for AcceptedBeyondLength {
    fn inbound(&mut self, client: usize, message: Message, line: &mut Line) {
        let altered = alter(&message, "send_message", |frame| {
            if let Some(content) = frame["data"]["content"].as_str()
                && content.chars().count() == 16_001
            {
                frame["data"]["content"] = json!(content.chars().take(16_000).collect::<String>());
            }
        });
        line.tell_server(client, altered.unwrap_or(message));
    }
}

/// Properties that the contract does not know are passed over.
pub(super) struct AcceptedUnknown;

impl Mutant for AcceptedUnknown {
    fn inbound(&mut self, client: usize, message: Message, line: &mut Line) {
        let altered = alter(&message, "request_data", |frame| {
            if let Some(data) = frame["data"].as_object_mut() {
                data.retain(|name, _| name == "data_type" || name == "params");
            }
        });
        line.tell_server(client, altered.unwrap_or(message));
    }
}

/// The server crashes where metrics are asked for of a whole day.
pub(super) struct PanicOnRareValue;

impl Mutant for PanicOnRareValue {
    fn inbound(&mut self, client: usize, message: Message, line: &mut Line) {
        if message.json().is_some_and(|frame| frame["data"]["params"]["window_s"] == 86_400) {
            return line.cut(client);
        }
        line.tell_server(client, message);
    }
}

/// A message whose metadata has as many properties as the contract allows is an internal error.
pub(super) struct InternalErrorOnRareValue;

impl Mutant for InternalErrorOnRareValue {
    fn inbound(&mut self, client: usize, message: Message, line: &mut Line) {
        let metadata = |frame: Value| frame["data"]["metadata"].as_object().map(serde_json::Map::len);
        if message.json().and_then(metadata) == Some(32) {
            return line.tell_client(client, Message::close(1011, ""));
        }
        line.tell_server(client, message);
    }
}

/// A violation is closed with the code of a normal end.
pub(super) struct WrongCloseCode;

impl Mutant for WrongCloseCode {
    fn outbound(&mut self, client: usize, message: Message, line: &mut Line) {
        line.tell_client(client, with_code(message, 1000));
    }
}

/// A violation is closed with a code that the contract does not know.
pub(super) struct UndocumentedCloseCode;

impl Mutant for UndocumentedCloseCode {
    fn outbound(&mut self, client: usize, message: Message, line: &mut Line) {
        line.tell_client(client, with_code(message, 4999));
    }
}

/// After a violation the connection stays.
pub(super) struct NoClose;

impl Mutant for NoClose {
    fn outbound(&mut self, client: usize, message: Message, line: &mut Line) {
        if !matches!(message.content(), Content::Close(Some(1002), _)) {
            line.tell_client(client, message);
        }
    }
}

fn with_code(message: Message, code: u16) -> Message {
    match message.content() {
        Content::Close(Some(1002), reason) => Message::close(code, reason),
        _ => message,
    }
}

/// A request for so many messages becomes one for so many others.
fn with_limit(message: &Message, asked: u64, instead: u64) -> Option<Message> {
    alter(message, "subscribe_thread", |frame| {
        if frame["data"]["limit"] == asked {
            frame["data"]["limit"] = json!(instead);
        }
    })
}

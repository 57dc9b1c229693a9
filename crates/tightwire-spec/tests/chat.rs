//! The reference document: what its IR must say.

use std::path::Path;

use tightwire_spec::ir::{Delivery, Direction, Envelope, Ir, Segment, SessionRole, Times};
use tightwire_spec::schema::{Reference, Schema};
use tightwire_spec::{FileSystem, load};

fn chat() -> Ir {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../asyncapi/chat.yml");
    let loaded = load(&path, &FileSystem).expect("the file is there");
    let lines: Vec<_> = loaded.diagnostics.iter().map(|diagnostic| diagnostic.one_line(&loaded.sources)).collect();
    assert_eq!(lines, Vec::<String>::new(), "the reference document is clean");
    loaded.ir.expect("no errors")
}

#[track_caller]
fn check<T: std::fmt::Debug + PartialEq>(actual: T, expected: T) {
    assert_eq!(actual, expected);
}

fn named(name: &str) -> Schema {
    Schema::Ref(Reference { name: name.into(), description: None })
}

#[test]
fn the_document_itself() {
    let ir = chat();
    check(ir.asyncapi.as_str(), "3.0.0");
    check(ir.info.title.as_str(), "Tightwire chat");
    check(ir.info.version.as_str(), "1.0.0");
    check(ir.envelope, Some(Envelope::V1));
    check(ir.limits["max_message_bytes"], 65536);
    check(ir.heartbeat.map(|heartbeat| (heartbeat.ping_interval_ms, heartbeat.pong_timeout_ms)), Some((30000, 60000)));
    let reconnecting: Vec<_> = ir.close_codes.iter().filter(|code| code.reconnect).map(|code| code.code).collect();
    check(reconnecting, vec![1001, 1011, 1013, 4408, 4409, 4410]);
}

#[test]
fn channels_keep_order_and_addresses_come_in_pieces() {
    let ir = chat();
    check(ir.channels.keys().map(String::as_str).collect::<Vec<_>>(), vec!["system", "thread", "agent", "dashboard"]);
    let thread = &ir.channels["thread"];
    check(thread.segments.clone(), vec![Segment::Literal("thread:".into()), Segment::Parameter("thread_id".into())]);
    check(thread.parameters["thread_id"].examples.clone(), vec!["welcome".to_owned(), "plans-2026".to_owned()]);
    check(thread.messages.first().map(String::as_str), Some("subscribe_thread"));
}

#[test]
fn operations_and_replies() {
    let ir = chat();
    let subscribe = &ir.operations["subscribe_thread"];
    check((subscribe.direction, subscribe.subscribes), (Direction::ToServer, true));
    check(subscribe.reply.as_ref().map(|reply| reply.messages.clone()), Some(vec!["thread_history".to_owned()]));
    let send = ir.operations["send_message"].reply.as_ref().expect("a reply");
    check(send.channel.as_str(), "thread");
    let steps: Vec<_> = send.sequence.iter().flatten().map(|step| (step.message.as_str(), step.times)).collect();
    check(
        steps,
        vec![
            ("thread_message_created", Times::Once),
            ("stream_start", Times::Once),
            ("stream_chunk", Times::OnceOrMore),
            ("stream_end", Times::Once),
        ],
    );
    let request = ir.operations["request_data"].reply.as_ref().expect("a reply");
    check(request.messages.clone(), vec!["data_response".to_owned(), "data_error".to_owned()]);
    check(request.sequence.clone(), None);
    check(ir.operations["publish_agent_events"].direction, Direction::ToClient);
}

#[test]
fn messages_of_the_client() {
    let ir = chat();
    let ping = &ir.messages["client_ping"];
    check((ping.name.as_str(), ping.wire_type.as_deref()), ("ping", Some("ping")));
    check(ping.directions.clone(), vec![Direction::ToServer]);
    check((ping.session, ping.delivery), (Some(SessionRole::Ping), Delivery::Control));
    check(ping.data.clone(), Some(named("ClientPing")));
    check(ping.examples.len(), 2);
    check(ping.pointer.as_str(), "/components/messages/client_ping");
}

#[test]
fn messages_of_the_server_are_looked_through() {
    let ir = chat();
    for (message, data) in [
        ("server_ping", "ServerPing"),
        ("connection_established", "ConnectionEstablished"),
        ("thread_message_created", "ThreadMessageCreated"),
        ("data_response", "DataResponse"),
        ("error", "Error"),
    ] {
        check(ir.messages[message].data.clone(), Some(named(data)));
        check(ir.messages[message].directions.clone(), vec![Direction::ToClient]);
    }
    check(ir.messages["server_ping"].wire_type.as_deref(), Some("ping"));
    check(ir.messages["thread_message_created"].delivery, Delivery::Durable);
    check(ir.messages["error"].channels.clone(), ["system", "thread", "agent", "dashboard"].map(String::from).to_vec());
    let merged = ir.merged(&ir.messages["stream_chunk"].payload).expect("it merges");
    check(merged.properties["topic"].clone(), named("ThreadTopic"));
    check(merged.required.contains(&"seq".to_owned()), true);
    check(merged.dependencies.len(), 2);
}

#[test]
fn every_message_has_a_type_data_and_a_direction() {
    let ir = chat();
    for message in ir.messages.values() {
        check((message.id.as_str(), message.wire_type.is_some()), (message.id.as_str(), true));
        check((message.id.as_str(), message.data.is_some()), (message.id.as_str(), true));
        check((message.id.as_str(), message.directions.len()), (message.id.as_str(), 1));
    }
}

#[test]
fn references_point_into_the_ir() {
    let ir = chat();
    let text = format!("{:?}", ir.messages) + &format!("{:?}", ir.schemas);
    for reference in text.split("Reference { name: \"").skip(1) {
        let name = reference.split('"').next().expect("a name");
        check((name, ir.schemas.contains_key(name)), (name, true));
    }
}

#[test]
fn schemas_go_back_to_json() {
    let ir = chat();
    check(
        ir.schemas["Unsubscribe"].to_json("#/definitions/"),
        serde_json::json!({
            "description": "Topics to remove.",
            "type": "object",
            "properties": {
                "topics": {
                    "description": "Topics to unsubscribe from.",
                    "type": "array",
                    "items": {"type": "string", "minLength": 1, "maxLength": 200},
                    "minItems": 1,
                    "maxItems": 100,
                },
            },
            "required": ["topics"],
            "additionalProperties": false,
        }),
    );
    check(
        ir.messages["subscribe"].payload.to_json("#/definitions/")["properties"]["data"].clone(),
        serde_json::json!({"$ref": "#/definitions/Subscribe"}),
    );
}

//! AsyncAPI 2.x, routes, traits, formats of payloads: what becomes of them in the IR.

use std::path::Path;

use tightwire_spec::ir::{Direction, Ir, Location, MessagePart, Role};
use tightwire_spec::schema::{JsonType, Schema};
use tightwire_spec::{InMemory, LoadOptions, load_with};

#[track_caller]
fn protocol(version: &str, document: &str, role: Option<Role>) -> Ir {
    let text = format!("asyncapi: {version}\ninfo: {{title: T, version: 1.0.0}}\n{document}");
    let options = LoadOptions { role, ..LoadOptions::default() };
    let loaded = load_with(Path::new("t.yml"), &InMemory::file("t.yml", text.clone()), &options).expect("it is there");
    let found: Vec<_> = loaded.diagnostics.iter().map(|found| found.one_line(&loaded.sources)).collect();
    assert!(!loaded.has_errors(), "{text}\n{found:#?}");
    loaded.ir.expect("no errors")
}

/// Checks the operations: `id direction: messages`.
#[track_caller]
fn check(document: &str, role: Option<Role>, expected: &[&str]) {
    let ir = protocol("2.6.0", document, role);
    let operations = ir.operations.values().map(|operation| {
        let way = if operation.direction == Direction::ToServer { "to server" } else { "to client" };
        format!("{} {way}: {}", operation.id, operation.messages.join(" "))
    });
    assert_eq!(operations.collect::<Vec<_>>(), expected);
}

const BOTH: &str = "channels:\n  /chat/{room}:\n    parameters: {room: {}}\n    publish: {operationId: say, message: {name: said, payload: {}}}\n    \
                    subscribe: {message: {oneOf: [{$ref: '#/components/messages/heard'}, {messageId: seen}, {}]}}\n\
                    components: {messages: {heard: {payload: {type: string}}}}\n";

#[test]
fn publish_is_what_the_described_side_receives() {
    check(
        BOTH,
        None,
        &["say to server: said", "subscribe_chat_room to client: heard seen subscribe_chat_room_message_3"],
    );
    check(
        BOTH,
        Some(Role::Client),
        &["say to client: said", "subscribe_chat_room to server: heard seen subscribe_chat_room_message_3"],
    );
    check(
        &format!("x-role: client\n{BOTH}"),
        Some(Role::Server),
        &["say to server: said", "subscribe_chat_room to client: heard seen subscribe_chat_room_message_3"],
    );
}

#[test]
fn one_message_both_ways() {
    let document = "channels:\n  /:\n    publish: {message: {$ref: '#/components/messages/m'}}\n    \
                    subscribe: {message: {$ref: '#/components/messages/m'}}\ncomponents: {messages: {m: {}}}\n";
    check(document, None, &["publish to server: m", "subscribe to client: m"]);
    let ir = protocol("2.0.0", document, None);
    assert_eq!(ir.messages["m"].directions, [Direction::ToServer, Direction::ToClient]);
    assert_eq!(ir.channels["/"].messages, ["m"]);
}

#[test]
fn names_of_operations_are_unique() {
    check(
        "channels:\n  /a/b: {publish: {message: {}}}\n  /a.b: {publish: {message: {}}}\n",
        None,
        &["publish_a_b to server: publish_a_b_message", "publish_a_b_2 to server: publish_a_b_2_message"],
    );
}

#[test]
fn servers_parameters_and_bindings() {
    let ir = protocol(
        "2.6.0",
        "servers:\n  main: {url: 'wss://{region}.example.com:8443/v2/', protocol: wss, variables: {region: {enum: [eu, us], \
         default: eu}}, security: [{token: []}]}\nchannels:\n  /rooms/{room}:\n    parameters: {room: {description: Which \
         one., schema: {type: string, enum: [a, 2], default: a}}}\n    bindings: {ws: {query: {type: object, properties: \
         {since: {type: integer}}}, headers: {$ref: '#/components/schemas/Headers'}}}\n    publish: {message: {}}\n\
         components:\n  schemas: {Headers: {type: object, properties: {X-Client: {type: string}}}}\n  \
         securitySchemes: {token: {type: http, scheme: bearer, bearerFormat: JWT}}\n",
        None,
    );
    let server = &ir.servers["main"];
    assert_eq!((server.host.as_str(), server.pathname.as_deref()), ("{region}.example.com:8443", Some("/v2/")));
    assert_eq!(server.variables["region"].values, ["eu", "us"]);
    assert_eq!(server.security, ["token"]);
    assert_eq!(ir.security_schemes["token"].scheme.as_deref(), Some("bearer"));
    let route = &ir.routes["/v2/rooms/{room}"];
    assert_eq!(route.channels, ["/rooms/{room}"]);
    let room = &route.parameters["room"];
    assert_eq!((room.description.as_deref(), room.default.as_deref()), (Some("Which one."), Some("a")));
    assert_eq!(room.values, ["a", "2"]);
    let Some(Schema::Object(query)) = &route.query else { panic!("{:?}", route.query) };
    assert!(query.properties.contains_key("since"));
    assert!(matches!(&route.headers, Some(Schema::Ref(reference)) if reference.name == "Headers"));
}

#[test]
fn channels_at_one_address_are_one_route() {
    let ir = protocol(
        "3.0.0",
        "servers: {main: {host: h, protocol: wss, pathname: /ws}}\nchannels:\n  a: {address: /x}\n  b: {address: /x}\n  \
         c: {address: topic.c}\n  d: {address: null}\n  e: {}\n",
        None,
    );
    let routes: Vec<_> =
        ir.routes.iter().map(|(path, route)| format!("{path}: {}", route.channels.join(" "))).collect();
    assert_eq!(routes, ["/ws/x: a b", "/ws: c d e"]);
    assert!(protocol("3.0.0", "x-envelope: 1\nchannels:\n  a: {address: a}\n", None).routes.is_empty());
}

#[test]
fn traits_add_and_never_override() {
    let ir = protocol(
        "2.6.0",
        "channels:\n  /:\n    publish:\n      summary: Own.\n      traits: [{summary: Trait., description: First.}, \
         {description: Second.}]\n      message:\n        headers: {type: object, required: [a], properties: {a: {type: \
         string}, n: {type: object, properties: {x: {}}}}}\n        traits:\n          - headers: {type: object, required: \
         [b], properties: {a: {type: integer}, b: {}, n: {properties: {y: {}}}}}\n            contentType: text/plain\n          \
         - {contentType: application/json, correlationId: {location: '$message.payload#/id'}}\n        payload: {}\n",
        None,
    );
    let operation = &ir.operations["publish"];
    assert_eq!(operation.docs.summary.as_deref(), Some("Own."));
    assert_eq!(operation.docs.description.as_deref(), Some("Second."));
    let message = &ir.messages[&operation.messages[0]];
    assert_eq!(message.content_type.as_deref(), Some("application/json"));
    assert_eq!(message.correlation_id, Some(Location { part: MessagePart::Payload, pointer: "/id".to_owned() }));
    let headers = message.headers.as_ref().expect("headers").to_json("#/definitions/");
    assert_eq!(
        headers,
        serde_json::json!({"type": "object", "required": ["a"], "properties": {
            "a": {"type": "string"}, "n": {"type": "object", "properties": {"x": {}, "y": {}}}, "b": {},
        }})
    );
}

/// Checks the payload of a message in this format, as JSON.
#[track_caller]
fn check_payload(format: &str, schema: &str, expected: serde_json::Value) {
    let v2 = format!("channels: {{/: {{publish: {{message: {{schemaFormat: '{format}', payload: {schema}}}}}}}}}\n");
    let v3 = format!(
        "channels: {{a: {{messages: {{m: {{payload: {{schemaFormat: '{format}', schema: {schema}}}}}}}}}}}\noperations: {{}}\n"
    );
    for ir in [protocol("2.6.0", &v2, None), protocol("3.1.0", &v3, None)] {
        assert_eq!(ir.messages[0].payload.to_json("#/definitions/"), expected);
        assert_eq!(ir.messages[0].unsupported.is_some(), expected == true);
    }
}

#[test]
fn formats_of_payloads() {
    use serde_json::json;
    check_payload("application/schema+json;version=draft-07", "{const: 1}", json!({"const": 1}));
    check_payload(
        "application/schema+yaml;version=2020-12",
        "{prefixItems: [{type: string}], items: false, dependentRequired: {a: [b]}, dependentSchemas: {c: {minProperties: 2}}}",
        json!({"items": [{"type": "string"}], "additionalItems": false,
            "dependencies": {"a": ["b"], "c": {"minProperties": 2}}}),
    );
    let counted = "{contains: {type: string}, minContains: 2, maxContains: 3, anyOf: [{items: true}, {properties: {a: \
                   true}}], unevaluatedItems: false, unevaluatedProperties: {type: string}}";
    check_payload(
        "application/schema+yaml;version=2020-12",
        counted,
        json!({"contains": {"type": "string"}, "minContains": 2, "maxContains": 3,
            "anyOf": [{"items": true}, {"properties": {"a": true}}],
            "unevaluatedItems": false, "unevaluatedProperties": {"type": "string"}}),
    );
    // Draft-07 does not know them.
    check_payload(
        "application/schema+yaml;version=draft-07",
        counted,
        json!({"contains": {"type": "string"}, "anyOf": [{"items": true}, {"properties": {"a": true}}]}),
    );
    check_payload(
        "application/schema+yaml;version=2020-12",
        "{dependentRequired: {a: [b]}, dependentSchemas: {a: {minProperties: 3}}, minContains: 2}",
        json!({"dependencies": {"a": {"allOf": [{"minProperties": 3}, {"required": ["b"]}]}}}),
    );
    check_payload(
        "application/vnd.oai.openapi;version=3.0.3",
        "{type: integer, nullable: true, minimum: 0, exclusiveMinimum: true, example: 1}",
        json!({"type": ["integer", "null"], "exclusiveMinimum": 0, "examples": [1]}),
    );
    check_payload("application/vnd.apache.avro;version=1.9.0", "{type: record, name: R, fields: []}", json!(true));
    check_payload("application/vnd.google.protobuf;version=3", "'message M {}'", json!(true));
}

#[test]
fn keywords_beside_a_reference_count_since_2019() {
    let document = |format: &str| {
        format!(
            "channels: {{a: {{messages: {{m: {{payload: {{schemaFormat: '{format}', schema: {{$ref: \
             '#/components/schemas/S', maxLength: 3}}}}}}}}}}}}\ncomponents: {{schemas: {{S: {{type: string}}}}}}\n"
        )
    };
    let later = protocol("3.0.0", &document("application/schema+json;version=2020-12"), None);
    let Schema::Object(object) = &later.messages["m"].payload else { panic!("{:?}", later.messages["m"].payload) };
    assert_eq!((object.max_length, object.all_of.len()), (Some(3), 1));
    let earlier = protocol("3.0.0", &document("application/schema+json;version=draft-07"), None);
    assert!(matches!(earlier.messages["m"].payload, Schema::Ref(_)));
    let Some(Schema::Object(object)) = later.schemas.get("S") else { panic!("{:?}", later.schemas) };
    assert_eq!(object.types, [JsonType::String]);
}

#[test]
fn replies_are_found_by_address_too() {
    let ir = protocol(
        "3.0.0",
        "channels:\n  a: {address: /a, messages: {q: {}}}\n  b: {address: null, messages: {r: {}}}\noperations:\n  o:\n    \
         action: receive\n    channel: {$ref: '#/channels/a'}\n    reply: {address: {location: '$message.header#/replyTo'}, \
         channel: {$ref: '#/channels/b'}}\n",
        None,
    );
    let reply = ir.operations["o"].reply.as_ref().expect("a reply");
    assert_eq!(reply.channel, "b");
    assert_eq!(reply.messages, ["r"]);
    assert_eq!(reply.address, Some(Location { part: MessagePart::Header, pointer: "/replyTo".to_owned() }));
}

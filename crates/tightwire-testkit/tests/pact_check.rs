//! The static check: a contract without a fault, and the same one with one fault each.

use std::path::Path;
use std::sync::LazyLock;

use serde_json::{Value, json};
use tightwire_spec::Severity;
use tightwire_testkit::pact::check::{Coverage, check_text};
use tightwire_testkit::pact::locate::locate;
use tightwire_testkit::pact::{Document, Pact};

const VALID: &str = include_str!("pact/valid.json");

static DOCUMENT: LazyLock<Document> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let loaded = tightwire_spec::load(&root.join("asyncapi/chat.yml"), &tightwire_spec::FileSystem).unwrap();
    Document::new(loaded.ir.unwrap()).unwrap()
});

/// What is found, without remarks: severity, rule, place, and the message.
fn findings(text: &str) -> Vec<String> {
    let (_, findings) = check_text(text, &DOCUMENT);
    let shown = findings.iter().filter(|finding| finding.severity != Severity::Info).map(|finding| {
        format!("{}[{}] {}: {}", finding.severity.as_str(), finding.rule, finding.pointer, finding.message)
    });
    shown.collect()
}

/// Sets a value in the valid contract (`null` takes it away), and checks what is found then.
#[track_caller]
fn check(pointer: &str, value: Value, expected: &[&str]) {
    let mut pact: Value = serde_json::from_str(VALID).unwrap();
    let (above, name) = pointer.rsplit_once('/').unwrap();
    let members = pact.pointer_mut(above).unwrap();
    match value {
        Value::Null => members.as_object_mut().unwrap().remove(name).map(drop).unwrap(),
        value => match members {
            Value::Array(items) => items[name.parse::<usize>().unwrap()] = value,
            members => members[name] = value,
        },
    }
    assert_eq!(findings(&pact.to_string()), expected);
}

const ALERT: &str = "/interactions/0";
const QUESTION: &str = "/interactions/1";

#[test]
fn a_contract_without_a_fault() {
    assert_eq!(findings(VALID), [""; 0]);
}

#[test]
fn a_file_that_is_no_pact() {
    assert_eq!(findings("{}"), ["error[not-a-pact] : `consumer` is missing"]);
    assert_eq!(findings("nothing")[0], "error[not-a-pact] : not JSON: expected ident at line 1 column 2");
}

#[test]
fn names_and_keys() {
    check("/consumer/name", json!(""), &["error[no-name] /consumer/name: the consumer has no name"]);
    check(
        "/metadata",
        json!({}),
        &[
            "warning[not-version-4] /metadata: `metadata.pactSpecification.version` is not `4.0`, so other tools read the file as an older format",
        ],
    );
    check(
        "/interactions/0/key",
        Value::Null,
        &[
            "warning[no-key] /interactions/0: the interaction has no key, so nobody can tell which one it was in an earlier run",
        ],
    );
    check(
        "/interactions/2/key",
        json!("alert"),
        &["error[key-twice] /interactions/2/key: interaction 0 has the key `alert`, too"],
    );
    check(
        "/interactions/2/description",
        json!("an alert"),
        &[
            "error[description-twice] /interactions/2/description: interaction 0 has the same description and the same provider states",
        ],
    );
    let state = json!({"name": "an empty thread"});
    check(
        &format!("{QUESTION}/providerStates"),
        json!([state, state, {"name": " "}]),
        &[
            "warning[state-twice] /interactions/1/providerStates/1: the provider state `an empty thread` stands twice",
            "error[no-name] /interactions/1/providerStates/2/name: the provider state has no name",
        ],
    );
}

#[test]
fn a_subscription_may_be_told_of_a_gap() {
    let gap = |asked: &str| {
        let envelope = |wire_type: &str, topic: &str, data: Value| {
            let id = "00000000-0000-4000-8000-000000000000";
            let correlation = (wire_type == "replay_gap").then_some(id);
            let mut frame = json!({"v": 1, "id": id, "type": wire_type, "topic": topic, "ts": 1, "data": data});
            correlation.inspect(|id| frame["correlation_id"] = json!(id));
            json!({"contents": {"content": frame}})
        };
        let data = if asked == "subscribe" { json!({"topics": ["dashboard"]}) } else { json!({}) };
        let position = json!({"epoch": "e", "oldest_seq": 0, "latest_seq": 0});
        let pact = json!({
            "consumer": {"name": "a"},
            "provider": {"name": "b"},
            "metadata": {"pactSpecification": {"version": "4.0"}},
            "interactions": [{
                "type": "Synchronous/Messages",
                "key": "gap",
                "description": "a gap",
                "comments": {"references": {"AsyncAPI": {"operationId": asked}}},
                "request": envelope(asked, "system", data),
                "response": [envelope("replay_gap", "dashboard", position)],
            }],
        });
        findings(&pact.to_string())
    };
    assert_eq!(gap("subscribe"), [""; 0]);
    let refused = gap("ping");
    assert_eq!(
        refused[0],
        "error[message-not-of-operation] /interactions/0/response/0/contents/content: `ping` is answered with `pong`, and not with `replay_gap`"
    );
}

#[test]
fn operations() {
    let operation = |interaction: &str| format!("{interaction}/comments/references/AsyncAPI/operationId");
    let (alert, question) = (operation(ALERT), operation(QUESTION));
    check(
        &question,
        json!("send_massage"),
        &[&format!("error[unknown-operation] {question}: there is no operation `send_massage`")],
    );
    check(
        &question,
        json!("publish_dashboard"),
        &[&format!(
            "error[wrong-direction] {question}: `publish_dashboard` is about what the server sends, and the interaction has a request"
        )],
    );
    check(
        &alert,
        json!("send_message"),
        &[&format!(
            "error[wrong-direction] {alert}: `send_message` is about what the server receives, and the interaction has no request"
        )],
    );
    check(
        &alert,
        json!("publish_agent_events"),
        &[
            "error[message-not-of-operation] /interactions/0/contents/content: `publish_agent_events` sends `agent_event`, `replay_gap`, `error`, and not `critical_alert`",
        ],
    );
    check(
        &question,
        json!("ping"),
        &[
            "error[message-not-of-operation] /interactions/1/request/contents/content: `ping` takes `ping`, and not `send_message`",
            "error[message-not-of-operation] /interactions/1/response/0/contents/content: `ping` is answered with `pong`, and not with `thread_message_created`",
            "error[message-not-of-operation] /interactions/1/response/1/contents/content: `ping` is answered with `pong`, and not with `stream_start`",
            "error[message-not-of-operation] /interactions/1/response/2/contents/content: `ping` is answered with `pong`, and not with `stream_chunk`",
            "error[message-not-of-operation] /interactions/1/response/3/contents/content: `ping` is answered with `pong`, and not with `stream_end`",
            "error[sequence-not-of-operation] /interactions/1/comments/x-ws/sequence: the answer to `ping` is one frame, `pong`",
        ],
    );
    check(
        &format!("{ALERT}/comments/references"),
        Value::Null,
        &[
            "warning[no-operation] /interactions/0: the interaction names no operation of the document, so what may answer is not checked",
        ],
    );
}

#[test]
fn frames() {
    let content = format!("{ALERT}/contents/content");
    check(
        &format!("{content}/type"),
        json!("alarm"),
        &[&format!("error[unknown-message] {content}: no message of the type `alarm` travels to the client")],
    );
    check(
        &format!("{content}/data/severity"),
        json!("mild"),
        &[
            "error[content-invalid] /interactions/0/contents/content/data/severity: the example is not a valid `critical_alert`: \"mild\" is not one of \"warning\" or \"critical\" (enum)",
        ],
    );
    check(
        &format!("{QUESTION}/response/1/contents/content/topic"),
        json!("agent:guide"),
        &[
            "error[content-invalid] /interactions/1/response/1/contents/content/topic: the example is not a valid `stream_start`: \"agent:guide\" does not match \"^thread:[A-Za-z0-9._~-]{1,128}$\" (pattern)",
            "error[wrong-topic] /interactions/1/response/1/contents/content/topic: `agent:guide` is not a topic of `thread:{thread_id}`",
        ],
    );
    check(
        &format!("{QUESTION}/request/contents/content/data"),
        json!({"content": 1}),
        &[
            "error[content-invalid] /interactions/1/request/contents/content/data/content: the example is not a valid `send_message`: 1 is not of type \"string\" (type)",
        ],
    );
    check(
        &format!("{ALERT}/contents/encoded"),
        json!("base64"),
        &["error[content-not-json] /interactions/0/contents: the content is not JSON, so nothing of it is compared"],
    );
}

/// Sets the rules of the first answer to the question.
#[track_caller]
fn check_rules(rules: Value, expected: &[&str]) {
    let expected: Vec<String> = expected
        .iter()
        .map(|finding| finding.replace('@', &format!("{QUESTION}/response/0/matchingRules/body")))
        .collect();
    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    check(&format!("{QUESTION}/response/0/matchingRules"), json!({"body": rules}), &expected);
}

#[test]
fn matching_rules() {
    let rules = |path: &str, rule: Value| json!({path: {"matchers": [rule]}});
    check_rules(
        rules("$.id", json!({"match": "regex", "regex": "(?=a)"})),
        &["error[regex-invalid] @/$.id/matchers/0/regex: the rule's regular expression /(?=a)/ cannot be used"],
    );
    check_rules(
        rules("$.ts", json!({"match": "eachKey", "rules": [{"match": "date", "format": "QQ"}]})),
        &[
            "error[format-invalid] @/$.ts/matchers/0/rules/0/format: the format `QQ` cannot be used: `Q` is not supported",
        ],
    );
    check_rules(
        rules("$.ts", json!({"match": "type", "min": 2, "max": 1})),
        &["error[bounds-empty] @/$.ts/matchers/0: nothing has at least 2 and at most 1 entries"],
    );
    check_rules(
        rules("$.data.mesage.id", json!({"match": "type"})),
        &[
            "warning[path-nowhere] @/$.data.mesage.id: the example has nothing at `$.data.mesage.id`, so the rule says nothing",
        ],
    );
    check_rules(
        rules("$.id", json!({"match": "protobuf"})),
        &[
            "error[unknown-rule] @/$.id/matchers/0/match: `protobuf` is not a rule of the specification, so nothing fulfils it",
        ],
    );
    check_rules(
        json!({"$.id": {"matchers": []}}),
        &["warning[no-rules] @/$.id: there are no rules, so everything is accepted here"],
    );
    check_rules(
        rules("$.data", json!({"match": "arrayContains", "variants": [{"index": 0}]})),
        &["error[variant-without-example] @/$.data/matchers/0/variants/0: the example has no item 0 to compare with"],
    );
    check_rules(
        rules("$.id", json!({"match": "integer"})),
        &[
            "error[example-not-matching] /interactions/1/response/0/contents/content/id: the example does not fulfil its own rule: expected a whole number (integer)",
        ],
    );
    check(
        &format!("{QUESTION}/request/generators"),
        json!({"body": {"$..id": {"type": "Uuid"}}}),
        &[
            "error[path-invalid] /interactions/1/request/generators/body/$..id: `$..id` is not a path expression: a name is missing behind `.`",
        ],
    );
}

#[test]
fn rules_that_accept_other_messages() {
    check(
        &format!("{ALERT}/matchingRules/body"),
        json!({"$": {"matchers": [{"match": "type"}]}}),
        &[
            "warning[type-open] /interactions/0/matchingRules: its rules accept every `type`, so another message would do as well",
        ],
    );
}

/// Sets a member of the question's `x-ws`.
#[track_caller]
fn check_ws(member: &str, value: Value, expected: &[&str]) {
    let expected: Vec<String> =
        expected.iter().map(|finding| finding.replace('@', &format!("{QUESTION}/comments/x-ws"))).collect();
    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    check(&format!("{QUESTION}/comments/x-ws/{member}"), value, &expected);
}

#[test]
fn sequences() {
    check_ws(
        "sequence",
        json!("a b"),
        &[
            "error[sequence-unreadable] @/sequence: `a b` is not a step of a sequence: write a message type, with `+`, `*` or `?` after it where it may repeat",
        ],
    );
    check_ws(
        "sequence",
        json!("thread_message_created, stream_start, stream_chunk*, stream_end"),
        &[
            "error[sequence-not-of-operation] @/sequence: [thread_message_created, stream_start, stream_chunk*, stream_end] allows `thread_message_created, stream_start, stream_end`, and the answer to `send_message` is [thread_message_created, stream_start, stream_chunk+, stream_end]",
        ],
    );
    check_ws(
        "sequence",
        json!("thread_message_created, stream_start, stream_end"),
        &[
            "error[sequence-not-of-operation] @/sequence: [thread_message_created, stream_start, stream_end] allows `thread_message_created, stream_start, stream_end`, and the answer to `send_message` is [thread_message_created, stream_start, stream_chunk+, stream_end]",
            "error[response-not-in-sequence] /interactions/1/response/2: [thread_message_created, stream_start, stream_end] has no `stream_chunk`, so nothing is held against this response",
            "error[examples-out-of-sequence] @/sequence: the responses themselves do not come as [thread_message_created, stream_start, stream_end]",
        ],
    );
    check_ws(
        "sequence",
        json!("thread_message_created, stream_start, stream_chunk+, stream_end, error?"),
        &[
            "error[sequence-without-example] @/sequence: there is no response of the type `error` to hold its frames against",
        ],
    );
    let mut pact: Value = serde_json::from_str(VALID).unwrap();
    pact["interactions"][1]["response"].as_array_mut().unwrap().swap(1, 2);
    assert_eq!(
        findings(&pact.to_string()),
        [
            "error[examples-out-of-sequence] /interactions/1/comments/x-ws/sequence: the responses themselves do not come as [thread_message_created, stream_start, stream_chunk+, stream_end]"
        ]
    );
}

/// A subscription with `after` may be answered with a gap, too, and no other request.
#[test]
fn what_the_session_adds() {
    let mut pact: Value = serde_json::from_str(VALID).unwrap();
    let frame = |wire_type: &str, topic: &str, data: Value| {
        let frame = json!({
            "v": 1, "id": "0190b6a2-7c1e-7b6a-9a64-0d5a3c0f7e21", "type": wire_type, "topic": topic, "ts": 0,
            "correlation_id": "7b0f2c8e-3b64-4a52-8a0e-6b1f9f0d2c33", "data": data
        });
        json!({"contents": {"content": frame, "contentType": "application/json", "encoded": false}})
    };
    let subscribe = frame(
        "subscribe",
        "system",
        json!({"topics": ["thread:plans"], "after": {"thread:plans": {"epoch": "a", "seq": 1}}}),
    );
    let answers = [
        frame("subscription_updated", "system", json!({"topics": ["thread:plans"]})),
        frame("replay_gap", "thread:plans", json!({"epoch": "b", "oldest_seq": 0, "latest_seq": 0})),
    ];
    pact["interactions"][1]["comments"] = json!({"references": {"AsyncAPI": {"operationId": "subscribe"}}});
    pact["interactions"][1]["request"] = subscribe;
    pact["interactions"][1]["response"] = json!(answers);
    assert_eq!(findings(&pact.to_string()), [""; 0]);

    pact["interactions"][1]["comments"] = json!({"references": {"AsyncAPI": {"operationId": "ping"}}});
    pact["interactions"][1]["request"] = frame("ping", "system", json!({}));
    pact["interactions"][1]["request"]["contents"]["content"].as_object_mut().unwrap().remove("correlation_id");
    let found = findings(&pact.to_string());
    assert_eq!(
        found.last().unwrap(),
        "error[sequence-not-of-operation] /interactions/1/response: the answer to `ping` is one frame, `pong`"
    );
    assert_eq!(found.len(), 3, "{found:?}");
}

#[test]
fn bound_and_counted_values() {
    check_ws(
        "bind",
        json!({"message": ["thread_message_created#/data/message/message_id", "stream_end#/data/message_id"]}),
        &[
            "error[bind-broken] @/bind/message: `message` is \"0190b6a2-7c1e-7b6a-9a64-0d5a3c0f7e99\" at `thread_message_created#/data/message/message_id` and \"0190b6a2-7c1e-7b6a-9a64-0d5a3c0f7e98\" at `stream_end#/data/message_id`",
        ],
    );
    check_ws(
        "bind",
        json!({"a": ["$request#/id", "stream_stop#/id"], "b": ["*#/data/nothing"], "c": ["pong#/id"], "d": ["$request#/id"]}),
        &[
            "error[place-nowhere] @/bind/a/1: no message of the type `stream_stop` travels to the client",
            "error[place-nowhere] @/bind/b/0: no example has a value at `*#/data/nothing`",
            "error[place-nowhere] @/bind/c/0: the interaction has no response of the type `pong`",
            "warning[bind-alone] @/bind/d: `d` has one place only, so nothing is compared",
        ],
    );
    check_ws(
        "count",
        json!([{"index": "*#/seq", "total": "stream_end#/data/chunks"}]),
        &[
            "error[count-broken] @/count/0/index: the numbers of the examples are 1, 2, 3, 4 and not 0, 1, 2 …",
            "error[count-broken] @/count/0/total: the example says 1, and there are 4",
        ],
    );
}

#[test]
fn times_topics_and_close_codes() {
    check_ws(
        "first_ms",
        json!(6000),
        &[
            "error[deadline-before-first] @/first_ms: the first frame may come after 6000 ms, and the last one after 5000 ms",
        ],
    );
    check_ws("deadline", json!(1), &["warning[unknown-member] @/deadline: `x-ws` has no member `deadline`"]);
    check_ws("close", json!(4999), &["error[unknown-close-code] @/close: the document has no close code 4999"]);
    check_ws("subscribe", json!(["thread:a b"]), &["error[wrong-topic] @/subscribe/0: `thread:a b` is not a topic"]);
    check_ws(
        "trigger",
        json!({"name": "x"}),
        &[
            "error[trigger-with-request] @/trigger: a trigger is for frames that come unasked; here the request makes the server send",
        ],
    );
    check(
        &format!("{ALERT}/comments/x-ws/trigger"),
        json!({"name": ""}),
        &["error[no-name] /interactions/0/comments/x-ws/trigger/name: the trigger has no name"],
    );
}

/// The places of all values, as JSON Pointers.
fn places(value: &Value, pointer: &str, found: &mut Vec<String>) {
    found.push(pointer.to_owned());
    match value {
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| places(item, &format!("{pointer}/{index}"), found))
        }
        Value::Object(members) => members.iter().for_each(|(name, member)| {
            places(member, &format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1")), found);
        }),
        _ => {}
    }
}

/// Whatever stands where something else is expected is said, or does no harm; and every finding points into the file.
#[test]
fn a_file_with_anything_in_it() {
    let valid: Value = serde_json::from_str(VALID).unwrap();
    let mut all = Vec::new();
    places(&valid, "", &mut all);
    assert!(all.len() > 200, "{}", all.len());
    for (index, pointer) in all.iter().enumerate() {
        // Each place gets another one of these in its turn.
        let value = [json!(null), json!(-1.5), json!("#~/[$"), json!([[]]), json!({"": {}})][index % 5].clone();
        let mut pact = valid.clone();
        *pact.pointer_mut(pointer).unwrap() = value;
        let text = pact.to_string();
        for finding in check_text(&text, &DOCUMENT).1 {
            assert!(!text[locate(&text, &finding.pointer)].is_empty(), "{pointer}: {finding:?}");
            assert!(!finding.message.is_empty(), "{pointer}: {finding:?}");
        }
    }
}

#[test]
fn every_place_can_be_found_in_the_file() {
    let (_, findings) = check_text(&VALID.replace("publish_dashboard", "publish_dashbord"), &DOCUMENT);
    assert_eq!(&VALID[locate(VALID, &findings[0].pointer)], "\"publish_dashboard\"");
    assert!(
        findings[0].help.as_deref().unwrap().ends_with("`publish_agent_events`, `publish_dashboard`"),
        "{findings:?}"
    );
}

#[test]
fn coverage() {
    let pact = Pact::from_text(VALID).unwrap();
    let coverage = Coverage::of(&[pact], &DOCUMENT);
    assert_eq!(coverage.operations.iter().collect::<Vec<_>>(), ["publish_dashboard", "send_message"]);
    assert!(coverage.other_operations.contains("request_data"));
    assert!(coverage.messages.contains(&("to_client", "stream_end".to_owned())));
    assert!(coverage.other_messages.contains(&("to_server", "ping".to_owned())));
    let shown = coverage.to_string();
    assert!(
        shown.contains(
            "stream_end (to_client): no example has \"length\", \"cancelled\", \"error\" at /data/finish_reason\n"
        ),
        "{shown}"
    );
    assert!(shown.contains("critical_alert (to_client): no example has \"warning\" at /data/severity\n"), "{shown}");
    assert!(!shown.contains("/type"), "{shown}");
    assert_eq!(coverage.to_json()["messages"]["covered"].as_array().unwrap().len(), 7);
}

/// Frames without an envelope are told apart as the document says, and answers are seldom said to be answers.
#[test]
fn frames_without_an_envelope() {
    let document = r#"
asyncapi: 2.6.0
info: {title: Prices, version: 1.0.0}
channels:
  /prices:
    publish:
      operationId: order
      message: {name: order, payload: {type: object, required: [op], properties: {op: {const: order}, market: {enum: [spot, futures]}}}}
    subscribe:
      operationId: tell
      message:
        oneOf:
          - {name: price, payload: {type: object, required: [event, price], properties: {event: {const: price}, price: {type: number}}}}
          - {name: closed, payload: {type: object, required: [event], properties: {event: {const: closed}}}}
"#;
    let source = tightwire_spec::InMemory::file("prices.yml", document);
    let loaded = tightwire_spec::load(Path::new("prices.yml"), &source).unwrap();
    let document = Document::new(loaded.ir.unwrap()).unwrap();
    let contents =
        |content: Value| json!({"contents": {"content": content, "contentType": "application/json", "encoded": false}});
    let pact = |price: Value| {
        let order = json!({
            "type": "Synchronous/Messages", "key": "order", "description": "an order",
            "comments": {"references": {"AsyncAPI": {"operationId": "order"}}, "x-ws": {"sequence": "price+, closed"}},
            "request": contents(json!({"op": "order", "market": "spot"})),
            "response": [contents(json!({"event": "price", "price": price})), contents(json!({"event": "closed"}))]
        });
        json!({
            "consumer": {"name": "c"}, "provider": {"name": "p"}, "interactions": [order],
            "metadata": {"pactSpecification": {"version": "4.0"}}
        })
    };
    let (valid, findings) = check_text(&pact(json!(1.5)).to_string(), &document);
    assert_eq!(findings, []);
    let coverage = Coverage::of(&[valid.unwrap()], &document);
    assert!(coverage.to_string().contains("no example has \"futures\" at /market"), "{coverage}");
    let (_, findings) = check_text(&pact(json!("much")).to_string(), &document);
    let shown: Vec<_> = findings.iter().map(|finding| (finding.rule, finding.pointer.as_str())).collect();
    assert_eq!(shown, [("content-invalid", "/interactions/0/response/0/contents/content/price")]);
}

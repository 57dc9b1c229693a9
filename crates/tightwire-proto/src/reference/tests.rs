//! What the reference path says about frames, by example.

use super::{Direction, Reference};

const BUNDLE: &str = r##"{
  "$schema": "http://json-schema.org/draft-07/schema#",
  "definitions": {
    "Id": {"type": "string", "format": "uuid"},
    "Envelope": {
      "type": "object",
      "required": ["v", "id", "type", "topic", "ts", "data"],
      "properties": {
        "v": {"const": 1}, "id": {"$ref": "#/definitions/Id"}, "type": {"type": "string"},
        "topic": {"type": "string"}, "ts": {"type": "integer", "minimum": 0}, "data": {"type": "object"}
      }
    },
    "SendFrame": {
      "type": "object", "additionalProperties": false,
      "required": ["v", "id", "type", "topic", "ts", "data"],
      "properties": {
        "v": {"const": 1}, "id": {"$ref": "#/definitions/Id"}, "type": {"const": "send"},
        "topic": {"type": "string", "pattern": "^thread:[a-z]+$"}, "ts": {"type": "integer", "minimum": 0},
        "data": {
          "type": "object", "additionalProperties": false, "required": ["content"],
          "properties": {
            "content": {"type": "string", "minLength": 1, "maxLength": 3},
            "count": {"type": "integer"},
            "start": {"oneOf": [
              {"type": "string", "minLength": 2},
              {"type": "object", "required": ["seq"], "properties": {"seq": {"type": "integer", "minimum": 0}}}
            ]},
            "at": {"type": "string", "format": "date-time"},
            "by_name": {"additionalProperties": {"type": "integer", "maximum": 3}}
          }
        }
      }
    },
    "NoteFrame": {"allOf": [{"$ref": "#/definitions/Envelope"}, {"properties": {"type": {"const": "note"}}}]}
  },
  "x-messages": {
    "to_server": {"send": {"$ref": "#/definitions/SendFrame"}},
    "to_client": {"note": {"$ref": "#/definitions/NoteFrame"}}
  }
}"##;

static TO_SERVER: Reference = Reference::new(BUNDLE, Direction::ToServer);
static TO_CLIENT: Reference = Reference::new(BUNDLE, Direction::ToClient);

const ID: &str = "0f5ae2f4-6a3e-4c55-9d1c-2f6f0a4d8b11";

fn frame(data: &str) -> String {
    format!(r#"{{"v":1,"id":"{ID}","type":"send","topic":"thread:a","ts":1,"data":{data}}}"#)
}

/// `expected` has one line `pointer keyword message` per violation; none for a frame that is accepted.
#[track_caller]
fn check_on(reference: &Reference, text: impl AsRef<[u8]>, expected: &[&str]) {
    let found = match reference.check(text.as_ref()) {
        Ok(_) => Vec::new(),
        Err(rejection) => rejection
            .violations
            .iter()
            .map(|violation| format!("{} {} {}", violation.pointer, violation.keyword, violation.message))
            .collect(),
    };
    assert_eq!(found, expected);
}

#[track_caller]
fn check(text: impl AsRef<[u8]>, expected: &[&str]) {
    check_on(&TO_SERVER, text, expected);
}

#[test]
fn a_proper_frame_is_accepted() {
    check(frame(r#"{"content":"abc"}"#), &[]);
    check(frame(r#"{"content":"🦀🦀🦀","count":1.0,"at":"2026-01-01T00:00:00Z"}"#), &[]);
}

#[test]
fn what_is_not_json_is_located() {
    check(b"\xff{}", &[" json is not UTF-8"]);
    check("", &[" json is not JSON: it ends too soon (line 1, column 0)"]);
    check("{\"v\":", &[" json is not JSON: it ends too soon (line 1, column 5)"]);
    check("{} x", &[" json is not JSON (line 1, column 4)"]);
    check("[".repeat(128), &[" json is nested too deeply (line 1, column 128)"]);
    check("[".repeat(127), &[" json is not JSON: it ends too soon (line 1, column 127)"]);
    check(format!("{}x", "[".repeat(100)), &[" json is not JSON (line 1, column 101)"]);
    check(format!("{}{}", "[".repeat(127), "]".repeat(127)), &[" type must be an object"]);
    check(format!("{}1e999{}", "[".repeat(100), "]".repeat(100)), &[" json is not JSON (line 1, column 105)"]);
    check("[]", &[" type must be an object"]);
}

#[test]
fn repeated_keys_are_refused_wherever_they_are() {
    check(r#"{"type":"send","type":"send"}"#, &["/type duplicate-key occurs more than once"]);
    check(
        frame(r#"{"content":"a","x/y":[{"a":1,"\u0061":2}]}"#),
        &["/data/x~1y/0/a duplicate-key occurs more than once"],
    );
}

#[test]
fn the_type_decides() {
    check("{}", &["/type required is required"]);
    check(r#"{"type":1}"#, &["/type type must be a string"]);
    check(r#"{"type":"nothing"}"#, &["/type enum is not a message that clients send"]);
    check(r#"{"type":"note"}"#, &["/type enum is a message that only the server sends"]);
    check_on(&TO_CLIENT, r#"{"type":"send"}"#, &["/type enum is a message that only clients send"]);
    check_on(&TO_CLIENT, r#"{"type":"nothing"}"#, &["/type enum is not a message that the server sends"]);
}

#[test]
fn every_violation_is_named_in_the_order_of_the_frame() {
    check(
        format!(
            r#"{{"extra":1,"topic":"system","id":"{ID}","data":{{"count":1.5,"content":""}},"type":"send","ts":-1}}"#
        ),
        &[
            "/extra additionalProperties is not a known property",
            "/topic pattern must match ^thread:[a-z]+$",
            "/data/count type must be an integer",
            "/data/content minLength must be at least 1 character long",
            "/ts minimum must be at least 0",
            "/v required is required",
        ],
    );
    check(frame("{}"), &["/data/content required is required"]);
    check(frame(r#"{"content":"abcd"}"#), &["/data/content maxLength must be at most 3 characters long"]);
    check(frame(r#"{"content":"a","at":"soon"}"#), &["/data/at format must be a date-time"]);
}

#[test]
fn places_are_named_whatever_the_properties_are_called() {
    check(
        frame(r#"{"content":"a","by_name":{"007":4,"":5,"a/~b":6,"1":2,"0":"x"}}"#),
        &[
            "/data/by_name/007 maximum must be at most 3",
            "/data/by_name/ maximum must be at most 3",
            "/data/by_name/a~1~0b maximum must be at most 3",
            "/data/by_name/0 type must be an integer",
        ],
    );
}

#[test]
fn of_several_forms_the_one_that_was_meant_is_explained() {
    let union = "/data/start oneOf must be of exactly one of the forms allowed";
    let with = |start: &str| frame(&format!(r#"{{"content":"a","start":{start}}}"#));
    check(with("1"), &[union]);
    check(with(r#""a""#), &[union, "/data/start minLength must be at least 2 characters long"]);
    check(with(r#"{"seq":-1}"#), &[union, "/data/start/seq minimum must be at least 0"]);
    check(with("{}"), &[union, "/data/start/seq required is required"]);
}

#[test]
fn what_two_schemas_say_is_said_once() {
    check_on(
        &TO_CLIENT,
        format!(r#"{{"v":1,"id":"{}","type":"note","topic":"t","ts":1,"data":{{}}}}"#, ID.replace('-', "")),
        &["/id format must be a uuid"],
    );
}

#[test]
fn names_that_the_peer_made_up_are_cut_and_values_never_repeated() {
    let name = "secret".repeat(100);
    let text = frame(&format!(r#"{{"content":"a","{name}":"hunter2"}}"#));
    let expected = format!("/data/{}… additionalProperties is not a known property", &name[..64]);
    check(text, &[&expected]);
}

#[test]
fn violations_are_bounded() {
    let members: Vec<String> = (0..1000).map(|index| format!("\"k{index}\":1")).collect();
    let rejection = TO_SERVER.check(frame(&format!("{{{}}}", members.join(","))).as_bytes()).expect_err("refused");
    assert_eq!(rejection.violations.len(), 20);
    assert_eq!(rejection.frame_id, ID.parse().ok());
}

#[test]
fn the_frame_becomes_typed() {
    #[derive(serde::Deserialize, Debug, PartialEq)]
    struct Data {
        content: String,
        count: i64,
    }
    let checked = TO_SERVER.check(frame(r#"{"content":"a","count":1.0}"#).as_bytes()).expect("accepted");
    assert_eq!(checked.wire_type(), "send");
    assert_eq!(checked.data(), Ok(Data { content: "a".to_owned(), count: 1 }));
    assert_eq!(checked.inbound(()).map(|inbound| (inbound.id.to_string(), inbound.ts)), Ok((ID.to_owned(), 1)));
    assert_eq!(checked.topic::<String>(), Ok("thread:a".to_owned()));
    assert!(checked.topic::<u8>().is_err());

    let checked = TO_SERVER.check(frame(r#"{"content":"a","count":1e300}"#).as_bytes()).expect("accepted");
    let rejection = checked.data::<Data>().expect_err("does not fit");
    assert_eq!(rejection.violations[0].pointer, "/data");
}

#[test]
fn an_unusable_bundle_is_an_error_not_a_panic() {
    assert_eq!(TO_SERVER.prepare(), Ok(()));
    assert!(Reference::new("nonsense", Direction::ToServer).prepare().is_err());
    assert!(Reference::new("{}", Direction::ToServer).prepare().is_err());
}

#[test]
fn of_very_many_violations_the_first_are_named() {
    let members: Vec<String> = (0..7_500).map(|number| format!(r#""x{number}":0"#)).collect();
    let text = frame(&format!(r#"{{"content":"","y":0,{}}}"#, members.join(",")));
    let mut expected = vec![
        "/data/content minLength must be at least 1 character long".to_owned(),
        "/data/y additionalProperties is not a known property".to_owned(),
    ];
    expected.extend((0..18).map(|number| format!("/data/x{number} additionalProperties is not a known property")));
    check(text, &expected.iter().map(String::as_str).collect::<Vec<_>>());
}

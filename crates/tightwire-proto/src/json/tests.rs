//! The cursor against `serde_json`, on both sides of every boundary.

use serde_json::Value;

use super::{
    Cursor, Irregular, Scalar, all_distinct, at_least_chars, at_most_chars, is_hyphenated_uuid, topic_parameter,
};

#[track_caller]
fn check<'a, T: PartialEq + std::fmt::Debug>(
    read: impl Fn(&mut Cursor<'a>) -> Result<T, Irregular>,
    text: &'a str,
    expected: Option<T>,
) {
    let mut cursor = Cursor::of(text);
    let found = read(&mut cursor).and_then(|value| cursor.end().map(|()| value)).ok();
    assert_eq!(found, expected, "{text}");
}

#[test]
fn strings_are_those_of_serde_json() {
    for text in [
        r#""""#,
        r#""plain""#,
        r#""exactly8""#,
        r#""seventeen letters""#,
        r#"  "after space" "#,
        r#""é ü 🦀 日本語""#,
        r#""a\"b\\c\/d\b\f\n\r\t""#,
        r#""\u0041\u00e9\ud83e\udd80 end""#,
        r#""\u0000""#,
        r#""12345678\n""#,
    ] {
        check(Cursor::owned_string, text, Some(serde_json::from_str(text).expect("valid")));
    }
    for text in [
        "",
        "x",
        r#"""#,
        r#""open"#,
        r#""\x""#,
        r#""\u12"#,
        r#""\u12g4""#,
        r#""\ud800""#,
        r#""\ud800\u0041""#,
        r#""\udc00""#,
        "\"tab\tinside\"",
        "\"\u{1f}\"",
        r#""two" "strings""#,
        r#""\"#,
    ] {
        assert!(serde_json::from_str::<String>(text).is_err(), "{text}");
        check(Cursor::owned_string, text, None);
    }
}

#[test]
fn wherever_a_string_ends_or_breaks_off_it_is_seen() {
    for length in 0..140 {
        for special in ["\"", "\\n\"", "\u{1}\"", ""] {
            let text = format!("\"{}{special}", "x".repeat(length));
            check(Cursor::owned_string, &text, serde_json::from_str(&text).ok());
            let text = format!("\"{}{special}{}\"", "é".repeat(length), "y".repeat(40));
            check(Cursor::owned_string, &text, serde_json::from_str(&text).ok());
        }
    }
}

#[test]
fn unsigned_integers_are_exact() {
    check(Cursor::unsigned, "0", Some(0));
    check(Cursor::unsigned, " 42 ", Some(42));
    check(Cursor::unsigned, "18446744073709551615", Some(u64::MAX));
    for text in ["", "-1", "18446744073709551616", "01", "1.0", "1e3", "1E3", "+1", "1x", "0x1", "-0", "null", "\"1\""]
    {
        check(Cursor::unsigned, text, None);
    }
}

#[test]
fn signed_integers_are_exact() {
    check(Cursor::signed, "0", Some(0));
    check(Cursor::signed, "9223372036854775807", Some(i64::MAX));
    check(Cursor::signed, "-9223372036854775808", Some(i64::MIN));
    for text in ["-0", "-", "--1", "9223372036854775808", "-9223372036854775809", "1.5", "-01"] {
        check(Cursor::signed, text, None);
    }
}

#[test]
fn numbers_are_those_of_serde_json() {
    for text in ["0", "-0", "-0.0", "1", "-1.5", "0.1", "1e3", "1E-7", "0.98", "123456789.012345", "1e-400"] {
        check(Cursor::number, text, Some(serde_json::from_str(text).expect("valid")));
    }
    for text in ["", ".5", "1.", "1e", "01", "1e400", "NaN", "Infinity", "+1", "0.12345678901234567"] {
        check(Cursor::number, text, None);
    }
}

#[test]
fn values_are_those_of_serde_json() {
    for text in [
        "null",
        "true",
        "[]",
        "{}",
        r#"{"a": [1, -2, 3.5, 1e2, 18446744073709551615, 1.0], "b": {"c": "d\n"}, "": null}"#,
        "[[[[]]]]",
    ] {
        check(Cursor::value, text, Some(serde_json::from_str::<Value>(text).expect("valid")));
        check(Cursor::skip_value, &text.replace("1e2", "1"), Some(()));
    }
    for text in [
        "",
        "[",
        "[1,]",
        "[,]",
        "{",
        r#"{"a"}"#,
        r#"{"a":}"#,
        r#"{"a":1,}"#,
        r#"{"a":1 "b":2}"#,
        r#"{"a":1,"a":2}"#,
        r#"{"\u0061":1}"#,
        "nul",
        "truex",
        "[1 2]",
        "]",
        "{]",
        r#"{"x":{"a":1,"b":2,"a":3}}"#,
    ] {
        check(Cursor::value, text, None);
        check(Cursor::skip_value, text, None);
    }
}

#[test]
fn nesting_is_bounded() {
    for (depth, accepted) in [(100, true), (101, false), (100_000, false)] {
        let text = "[".repeat(depth) + &"]".repeat(depth);
        check(Cursor::skip_value, &text, accepted.then_some(()));
        let text = "{\"a\":".repeat(depth) + "1" + &"}".repeat(depth);
        check(Cursor::skip_value, &text, accepted.then_some(()));
    }
}

#[test]
fn uuids_have_36_characters() {
    let uuid = "0f5ae2f4-6a3e-4c55-9d1c-2f6f0a4d8b11";
    check(Cursor::uuid, &format!("\"{uuid}\""), Some(uuid.parse().expect("valid")));
    check(Cursor::uuid, &format!("\"{}\"", uuid.to_uppercase()), Some(uuid.parse().expect("valid")));
    // Every byte in every place is judged as by the `uuid` crate.
    for place in 0..36 {
        for byte in 0..0x80_u8 {
            let mut text = uuid.as_bytes().to_vec();
            text[place] = byte;
            let text = String::from_utf8(text).expect("ASCII");
            let expected = uuid::Uuid::try_parse(&text).ok();
            assert_eq!(is_hyphenated_uuid(&text), expected.is_some(), "{text:?}");
            if let Some(expected) = expected {
                check(Cursor::uuid, &format!("\"{text}\""), Some(expected));
            }
        }
    }
    assert!(!is_hyphenated_uuid("é5ae2f4-6a3e-4c55-9d1c-2f6f0a4d8b11"));
    for text in [
        uuid.replace('-', ""),
        format!("{{{uuid}}}"),
        format!("urn:uuid:{uuid}"),
        format!("{uuid}0"),
        uuid[1..].to_owned(),
        uuid.replace('f', "g"),
        uuid.replacen('-', "0", 1),
    ] {
        check(Cursor::uuid, &format!("\"{text}\""), None);
        assert!(!is_hyphenated_uuid(&text), "{text}");
    }
}

#[test]
fn times_are_those_of_chrono() {
    for text in [
        "2026-01-01T00:00:00Z",
        "2024-02-29T23:59:59.5Z",
        "1999-12-31T23:59:59.123456789+05:30",
        "0001-01-01T00:00:00-23:59",
        "2026-01-01T00:00:00+00:00",
    ] {
        check(Cursor::date_time, &format!("\"{text}\""), Some(text.parse().expect("valid")));
    }
    for text in [
        "2026-01-01",
        "2026-01-01T00:00:00",
        "2026-01-01t00:00:00Z",
        "2026-01-01T00:00:00z",
        "2026-01-01 00:00:00Z",
        "2025-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:00:60Z",
        "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00.1234567890Z",
        "2026-01-01T00:00:00+24:00",
        "2026-01-01T00:00:00+0000",
        "0000-01-01T00:00:00Z",
        "2026-01-01T00:00:00Zé",
        "2026-01-01T00:00:0é",
        "",
    ] {
        check(Cursor::date_time, &format!("\"{text}\""), None);
    }
}

#[test]
fn lengths_count_code_points() {
    for (text, length) in [("", 0), ("abc", 3), ("éü", 2), ("🦀🦀🦀", 3), ("a🦀", 2)] {
        for bound in 0..6 {
            assert_eq!(at_least_chars(text, bound), length >= bound, "{text} {bound}");
            assert_eq!(at_most_chars(text, bound), length <= bound, "{text} {bound}");
        }
    }
}

#[test]
fn parameters_of_topics_are_unreserved() {
    let longest = "a".repeat(128);
    for (text, expected) in [
        ("thread:a", Some("a")),
        ("thread:A-z.0_9~", Some("A-z.0_9~")),
        (&format!("thread:{longest}"), Some(longest.as_str())),
        (&format!("thread:{longest}a"), None),
        ("thread:", None),
        ("thread", None),
        ("agent:a", None),
        ("thread:a b", None),
        ("thread:é", None),
    ] {
        assert_eq!(topic_parameter(text, "thread:").ok(), expected, "{text}");
    }
}

#[test]
fn repeated_items_are_found() {
    assert!(all_distinct::<i64>(&[]));
    assert!(all_distinct(&[1, 2, 3]));
    assert!(!all_distinct(&["a", "b", "a"]));
}

#[test]
fn tags_are_found_ahead() {
    let cursor = Cursor::of(r#" {"data": {"kind": "no"}, "kind": "yes"}"#);
    assert_eq!(cursor.find_tag("kind"), Ok("yes"));
    assert_eq!(cursor.find_tag("other"), Err(Irregular));
}

#[test]
fn scalars_are_found_ahead() {
    let cursor =
        Cursor::of(r#"{"a": [{"op": 0}], "req": {"x": {}, "op": "go", "n": 7}, "yes": true, "no": null, "f": 1.0}"#);
    assert_eq!(cursor.find_scalar(&["req", "op"]), Ok(Some(Scalar::Text("go"))));
    assert_eq!(cursor.find_scalar(&["req", "n"]), Ok(Some(Scalar::Integer(7))));
    assert_eq!(cursor.find_scalar(&["yes"]), Ok(Some(Scalar::Boolean(true))));
    assert_eq!(cursor.find_scalar(&["no"]), Ok(Some(Scalar::Null)));
    assert_eq!(cursor.find_scalar(&["op"]), Ok(None));
    assert_eq!(cursor.find_scalar(&["yes", "op"]), Ok(None));
    assert_eq!(cursor.find_scalar(&["f"]), Err(Irregular));
    assert_eq!(cursor.find_scalar(&["a"]), Err(Irregular));
    assert_eq!(Cursor::of("[1]").find_scalar(&["a"]), Ok(None));
    assert_eq!(Cursor::of(r#""text""#).find_scalar(&[]), Ok(Some(Scalar::Text("text"))));
}

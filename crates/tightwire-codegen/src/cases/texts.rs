//! Cases that a JSON value cannot express: the same frame written differently, and what is not JSON at all.

use serde_json::Value;

use super::{Case, Frame};

/// The text cases of a message, made from a proper frame.
pub(super) fn cases(frame: &Value) -> Vec<Case> {
    let text = frame.to_string();
    let mut cases = Cases { list: Vec::new() };
    rewritten(&mut cases, frame, &text);
    numbers(&mut cases, &text);
    repeated(&mut cases, frame, &text);
    broken(&mut cases, &text);
    cases.list
}

struct Cases {
    list: Vec<Case>,
}

/// How the paths and languages see a text.
#[derive(Clone, Copy)]
enum Sight {
    /// As any other.
    Plain,
    /// Proper, but not for the fast path.
    Irregular,
    /// A parser without care sees nothing wrong.
    Unparsed,
}

impl Cases {
    fn add(&mut self, name: &str, accept: bool, keyword: &str, pointer: &str, text: String, sight: Sight) {
        let (irregular, parsed) = (matches!(sight, Sight::Irregular), !matches!(sight, Sight::Unparsed));
        self.list.push(Case {
            name: format!("text: {name}"),
            accept,
            keyword: keyword.to_owned(),
            pointer: pointer.to_owned(),
            frame: Frame::Text { text, irregular, parsed },
        });
    }
}

/// The same frame in other words.
fn rewritten(cases: &mut Cases, frame: &Value, text: &str) {
    cases.add("white space everywhere", true, "", "", format!(" \r\n\t{frame:#}\n "), Sight::Plain);
    if let Value::Object(members) = frame {
        let mut reversed: Vec<(&String, &Value)> = members.iter().collect();
        reversed.reverse();
        let reversed: serde_json::Map<String, Value> =
            reversed.into_iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        cases.add("keys in reverse", true, "", "", Value::Object(reversed).to_string(), Sight::Plain);
    }
    let escaped_key = text.replacen("\"topic\":", "\"t\\u006fpic\":", 1);
    cases.add("an escaped key", true, "", "", escaped_key, Sight::Irregular);
    if let Some(topic) = frame["topic"].as_str() {
        let escaped = format!(
            "\\u{:04x}{}",
            topic.as_bytes().first().copied().unwrap_or(b'a'),
            topic.get(1..).unwrap_or_default()
        );
        let escaped = text.replacen(&format!("\"topic\":\"{topic}\""), &format!("\"topic\":\"{escaped}\""), 1);
        cases.add("an escaped value", true, "", "", escaped, Sight::Plain);
    }
}

/// Integers in other words, and too large.
fn numbers(cases: &mut Cases, text: &str) {
    let with_ts = |ts: &str| replace_member(text, "ts", ts);
    cases.add("v written 1.0", true, "type", "/v", replace_member(text, "v", "1.0"), Sight::Irregular);
    cases.add("ts written 1.0", true, "type", "/ts", with_ts("1.0"), Sight::Irregular);
    cases.add("ts written 1e3", true, "type", "/ts", with_ts("1e3"), Sight::Irregular);
    cases.add("ts beyond 2^53", false, "maximum", "/ts", with_ts("9007199254740993"), Sight::Plain);
    cases.add("ts beyond 2^64", false, "maximum", "/ts", with_ts("18446744073709551616"), Sight::Plain);
    cases.add("ts of 40 digits", false, "maximum", "/ts", with_ts(&"9".repeat(40)), Sight::Plain);
    cases.add("ts with a leading zero", false, "json", "", with_ts("01"), Sight::Plain);
    cases.add("ts with a plus", false, "json", "", with_ts("+1"), Sight::Plain);
    cases.add("ts is NaN", false, "json", "", with_ts("NaN"), Sight::Plain);
}

/// A key that comes twice.
fn repeated(cases: &mut Cases, frame: &Value, text: &str) {
    let twice = text.replacen('{', "{\"v\":1,", 1);
    cases.add("v twice", false, "duplicate-key", "/v", twice, Sight::Unparsed);
    let twice = text.replacen("{\"v\":", "{\"\\u0076\":1,\"v\":", 1);
    cases.add("v twice, once escaped", false, "duplicate-key", "/v", twice, Sight::Unparsed);
    if let Some((key, value)) = frame["data"].as_object().and_then(|data| data.iter().next()) {
        let twice = text.replacen("\"data\":{", &format!("\"data\":{{{}:{value},", Value::from(key.as_str())), 1);
        let pointer = format!("/data/{}", key.replace('~', "~0").replace('/', "~1"));
        cases.add(&format!("data.{key} twice"), false, "duplicate-key", &pointer, twice, Sight::Unparsed);
    }
}

/// What is not JSON.
fn broken(cases: &mut Cases, text: &str) {
    let without_end = text.get(..text.len() - 1).unwrap_or_default();
    cases.add("empty", false, "json", "", String::new(), Sight::Plain);
    cases.add("without its last character", false, "json", "", without_end.to_owned(), Sight::Plain);
    cases.add("something after it", false, "json", "", format!("{text}x"), Sight::Plain);
    cases.add("two frames", false, "json", "", format!("{text}{text}"), Sight::Plain);
    cases.add("a trailing comma", false, "json", "", format!("{without_end},}}"), Sight::Plain);
    cases.add("a comment", false, "json", "", format!("/**/{text}"), Sight::Plain);
    cases.add("a byte order mark", false, "json", "", format!("\u{feff}{text}"), Sight::Plain);
    cases.add("single quotes", false, "json", "", text.replace('"', "'"), Sight::Plain);
    let control = text.replacen("\"topic\":\"", "\"topic\":\"\t", 1);
    cases.add("a control character in a string", false, "json", "", control, Sight::Plain);
    let surrogate = text.replacen("\"topic\":\"", "\"topic\":\"\\ud800", 1);
    cases.add("half a surrogate pair", false, "json", "", surrogate, Sight::Unparsed);
    cases.add("not an object", false, "type", "", format!("[{text}]"), Sight::Plain);
}

/// The text with another value for a number of the envelope.
fn replace_member(text: &str, key: &str, value: &str) -> String {
    let marker = format!("\"{key}\":");
    let Some(start) = text.find(&marker).map(|at| at + marker.len()) else { return text.to_owned() };
    let rest = &text[start..];
    let end = rest.find([',', '}']).unwrap_or(rest.len());
    format!("{}{value}{}", &text[..start], &rest[end..])
}

//! The guard of all messages of one direction, where there is an envelope.
//!
//! Most of what is loaded by a page is this guard and what it stands on, so it does not call those of the messages: what
//! they have in common is asked once, `type` leads to what is left, and data that belongs to one message only is looked at
//! here, without a function of its own.

use indexmap::IndexMap;
use tightwire_spec::ir::Message;

use super::super::names::{Names, string};
use super::super::writer::Writer;
use super::layout;
use super::predicates::Predicates;

/// Some messages that are told apart by `type` only.
struct Case {
    types: Vec<String>,
    conditions: Vec<String>,
}

/// Writes the body. `asked` is what the guard of each message asks of `value`.
pub(super) fn write(
    messages: &[&Message],
    side: &str,
    asked: &IndexMap<&str, Vec<String>>,
    names: &Names,
    predicates: &mut Predicates<'_>,
    w: &mut Writer,
) {
    if messages.is_empty() {
        w.line("return false;");
        return;
    }
    let typed = |message: &Message| {
        Some((string(message.wire_type.as_deref()?), expanded(&asked[message.id.as_str()], predicates)))
    };
    let typed: Vec<(String, Vec<String>)> = messages.iter().filter_map(|message| typed(message)).collect();
    let common: Vec<String> = match typed.as_slice() {
        [(_, first), rest @ ..] => {
            first.iter().filter(|one| rest.iter().all(|(_, other)| other.contains(one))).cloned().collect()
        }
        [] => Vec::new(),
    };
    if !common.first().is_some_and(|first| predicates.proves_object(first)) {
        one_by_one(messages, names, predicates, w);
        return;
    }
    let has_data = common.iter().any(|condition| implies_data(condition, predicates));
    let mut cases: Vec<Case> = Vec::new();
    for (wire_type, conditions) in typed {
        let is_left =
            |condition: &String| !common.contains(condition) && *condition != format!("value.type === {wire_type}");
        let left = conditions.into_iter().filter(is_left);
        let conditions: Vec<String> =
            if has_data { left.flat_map(|condition| inlined(condition, predicates)).collect() } else { left.collect() };
        match cases.iter_mut().find(|case| case.conditions == conditions) {
            Some(case) => case.types.push(wire_type),
            None => cases.push(Case { types: vec![wire_type], conditions }),
        }
    }
    let common = match common.as_slice() {
        [call] => call.clone(),
        several => format!("{}(value)", predicates.shared(&format!("is{side}Envelope"), several)),
    };
    w.block(format!("if (!{common}) {{"), "}", |w| w.line("return false;"));
    if cases.iter().flat_map(|case| &case.conditions).any(|condition| renamed(condition, "data", "") != *condition) {
        predicates.uses("type JsonObject");
        w.line("const data = value.data as JsonObject;");
    }
    w.block("switch (value.type) {", "}", |w| {
        for case in &cases {
            case.types.iter().for_each(|wire_type| w.line(format!("case {wire_type}:")));
            w.indented(|w| layout::write_return(&case.conditions, w));
        }
        w.line("default:");
        w.indented(|w| w.line("return false;"));
    });
}

/// Calls the guards of the messages.
fn one_by_one(messages: &[&Message], names: &Names, predicates: &mut Predicates<'_>, w: &mut Writer) {
    predicates.uses("isObject");
    w.block("switch (isObject(value) ? value.type : undefined) {", "}", |w| {
        for message in messages {
            let Some(wire_type) = &message.wire_type else { continue };
            w.line(format!("case {}:", string(wire_type)));
            w.indented(|w| w.line(format!("return is{}(value);", names.frame(&message.id))));
        }
        w.line("default:");
        w.indented(|w| w.line("return false;"));
    });
}

/// Conditions of which the first says what its function asks, as long as that begins with a function, too: what a frame of
/// the log asks beside what every frame does.
fn expanded(conditions: &[String], predicates: &Predicates<'_>) -> Vec<String> {
    let mut expanded = conditions.to_vec();
    while let Some(inner) = expanded.first().and_then(|first| asked_by(first, "(value)", predicates))
        && inner.first().is_some_and(|first| asked_by(first, "(value)", predicates).is_some())
    {
        expanded.splice(..1, inner.iter().cloned());
    }
    expanded
}

/// What the function that a condition calls asks.
fn asked_by<'a>(condition: &str, arguments: &str, predicates: &'a Predicates<'_>) -> Option<&'a [String]> {
    predicates.conditions_of(condition.strip_suffix(arguments)?)
}

/// Whether `data` is an object where this holds.
fn implies_data(condition: &str, predicates: &Predicates<'_>) -> bool {
    condition == "isObject(value.data)"
        || asked_by(condition, "(value)", predicates)
            .is_some_and(|inner| inner.iter().any(|one| implies_data(one, predicates)))
}

/// What is asked of `data`, which is known to be an object, where nobody else asks it; else the condition.
fn inlined(condition: String, predicates: &Predicates<'_>) -> Vec<String> {
    let Some(function) = condition.strip_suffix("(value.data)") else { return vec![condition] };
    match predicates.conditions_of(function) {
        Some([first, rest @ ..]) if first == "isObject(value)" && !predicates.is_called(function) => {
            rest.iter().map(|one| renamed(one, "value", "data")).collect()
        }
        _ => vec![format!("{function}(data)")],
    }
}

/// An expression with another name for a variable.
fn renamed(expression: &str, from: &str, to: &str) -> String {
    let is_part = |c: char| unicode_ident::is_xid_continue(c) || c == '$';
    let mut renamed = String::new();
    let mut rest = expression;
    while let Some(c) = rest.chars().next() {
        let end = if is_part(c) {
            rest.find(|c| !is_part(c)).unwrap_or(rest.len())
        } else if matches!(c, '"' | '\'') {
            closing(rest, c)
        } else {
            c.len_utf8()
        };
        let is_member = renamed.ends_with('.') && !renamed.ends_with("...");
        renamed.push_str(if rest[..end] == *from && !is_member { to } else { &rest[..end] });
        rest = &rest[end..];
    }
    renamed
}

/// Where the string literal ends that a text begins with.
fn closing(text: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if c == quote && !is_escaped {
            return at + 1;
        }
        is_escaped = c == '\\' && !is_escaped;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_variable_is_renamed() {
        #[track_caller]
        fn check(expression: &str, expected: &str) {
            assert_eq!(renamed(expression, "value", "data"), expected);
        }
        check("isText(value.value, 1)", "isText(data.value, 1)");
        check("value[\"value\"] === \"it's value\"", "data[\"value\"] === \"it's value\"");
        check("value['say \\'value'] !== undefined", "data['say \\'value'] !== undefined");
        check("[...value].every((values) => f(values, value))", "[...data].every((values) => f(values, data))");
    }
}

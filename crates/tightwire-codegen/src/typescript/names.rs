//! What things are called in TypeScript.
//!
//! All names of a protocol live in one scope (`index.ts` re-exports every file), so they are given out here, once, before
//! anything is written: topics and frames first, then the named schemas, then what has no name of its own.

use std::collections::HashSet;

use heck::{ToLowerCamelCase, ToShoutySnakeCase, ToUpperCamelCase};
use indexmap::IndexMap;
use tightwire_spec::ir::{Channel, Ir, Message};
use tightwire_spec::schema::{JsonType, Schema};

/// The names that every generated protocol exports, whatever its document says.
const FIXED: &[&str] = &[
    "ClientFrame",
    "ClientFrameBase",
    "ClientFrameOf",
    "ClientMessageId",
    "ClientMessages",
    "ClientMessageType",
    "CloseCode",
    "CloseCodeName",
    "Delivery",
    "Frame",
    "Parsed",
    "ParsedTopic",
    "PublishedFrameBase",
    "Replies",
    "ReplySequences",
    "ReplyShape",
    "RequestType",
    "ServerFrame",
    "ServerFrameBase",
    "ServerFrameOf",
    "ServerMessageId",
    "ServerMessages",
    "ServerMessageType",
    "Topic",
    "Violation",
];

/// Globals of the language that generated code or its readers use: a type of this name would hide them.
const GLOBALS: &[&str] = &[
    "Array",
    "BigInt",
    "Boolean",
    "Date",
    "Error",
    "Event",
    "Exclude",
    "Extract",
    "Function",
    "Infinity",
    "JSON",
    "Map",
    "Math",
    "NaN",
    "Number",
    "Object",
    "Omit",
    "Partial",
    "Pick",
    "Promise",
    "Proxy",
    "RangeError",
    "Readonly",
    "Record",
    "Reflect",
    "RegExp",
    "Required",
    "Set",
    "String",
    "Symbol",
    "WeakMap",
    "WeakSet",
    "WebSocket",
];

/// Words that cannot name a variable.
const RESERVED: &[&str] = &[
    "arguments",
    "await",
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "debugger",
    "default",
    "delete",
    "do",
    "else",
    "enum",
    "eval",
    "export",
    "extends",
    "false",
    "finally",
    "for",
    "function",
    "if",
    "implements",
    "import",
    "in",
    "instanceof",
    "interface",
    "let",
    "new",
    "null",
    "package",
    "private",
    "protected",
    "public",
    "return",
    "static",
    "super",
    "switch",
    "this",
    "throw",
    "true",
    "try",
    "typeof",
    "undefined",
    "var",
    "void",
    "while",
    "with",
    "yield",
];

/// The names of a protocol.
#[derive(Debug)]
pub(super) struct Names {
    taken: HashSet<String>,
    topics: IndexMap<String, String>,
    frames: IndexMap<String, String>,
    schemas: IndexMap<String, String>,
    data: IndexMap<String, String>,
    /// The schemas that describe the topic of one channel: they are that channel's topic type.
    topic_schemas: IndexMap<String, String>,
}

impl Names {
    /// Names everything that the protocol names itself.
    pub(super) fn new(ir: &Ir) -> Self {
        let mut names = Self {
            taken: FIXED.iter().chain(GLOBALS).map(|name| (*name).to_owned()).collect(),
            topics: IndexMap::new(),
            frames: IndexMap::new(),
            schemas: IndexMap::new(),
            data: IndexMap::new(),
            topic_schemas: topic_schemas(ir),
        };
        // Without an envelope a channel is where a connection leads to, not something that a frame names.
        for channel in ir.channels.values().filter(|_| ir.envelope.is_some()) {
            let name = names.claim(&format!("{}Topic", pascal(&channel.id)), "Channel");
            names.topics.insert(channel.id.clone(), name);
        }
        for message in ir.messages.values() {
            let name = names.claim(&format!("{}Frame", pascal(&message.id)), "Message");
            names.frames.insert(message.id.clone(), name);
        }
        for schema in ir.schemas.keys() {
            let name = match names.topic_schemas.get(schema) {
                Some(channel) => names.topics[channel].clone(),
                None => names.claim(&pascal(schema), "Data"),
            };
            names.schemas.insert(schema.clone(), name);
        }
        for message in ir.messages.values() {
            let name = match content(message) {
                Schema::Ref(reference) => names.schema(&reference.name).to_owned(),
                _ => names.claim(&pascal(&message.id), "Data"),
            };
            names.data.insert(message.id.clone(), name);
        }
        names
    }

    /// Gives out a name for something that has none of its own; `suffix` sets it apart where the name is taken.
    pub(super) fn claim(&mut self, name: &str, suffix: &str) -> String {
        let mut candidate = name.to_owned();
        let mut attempt = 1;
        while !self.taken.insert(candidate.clone()) {
            candidate = if attempt == 1 { format!("{name}{suffix}") } else { format!("{name}{suffix}{attempt}") };
            attempt += 1;
        }
        candidate
    }

    /// The type of a channel's topics.
    pub(super) fn topic(&self, channel: &str) -> &str {
        &self.topics[channel]
    }

    /// The type of a message's frames.
    pub(super) fn frame(&self, message: &str) -> &str {
        &self.frames[message]
    }

    /// The type of a named schema.
    pub(super) fn schema(&self, schema: &str) -> &str {
        &self.schemas[schema]
    }

    /// The type of a message's [`content`].
    pub(super) fn data(&self, message: &str) -> &str {
        &self.data[message]
    }

    /// Whether a schema is nothing but the topic of a channel.
    pub(super) fn is_topic_schema(&self, schema: &str) -> bool {
        self.topic_schemas.contains_key(schema)
    }

    /// The type of the topics that a message appears on.
    pub(super) fn topics_of(&self, message: &Message) -> String {
        let mut topics: Vec<&str> = message.channels.iter().map(|channel| self.topic(channel)).collect();
        topics.dedup();
        if topics.is_empty() { "string".to_owned() } else { topics.join(" | ") }
    }
}

/// A name that nothing in its scope has yet: the one that is wanted, or that with a number.
pub(super) fn unclaimed(taken: &mut HashSet<String>, name: String) -> String {
    let mut candidate = name.clone();
    let mut attempt = 2;
    while !taken.insert(candidate.clone()) {
        candidate = format!("{name}{attempt}");
        attempt += 1;
    }
    candidate
}

/// What a message brings: the frame's `data`, or the whole payload where there is no envelope.
pub(super) fn content(message: &Message) -> &Schema {
    message.data.as_ref().unwrap_or(&message.payload)
}

/// `agent_event` → `AgentEvent`.
pub(super) fn pascal(name: &str) -> String {
    identifier(words(name).to_upper_camel_case())
}

/// `thread_id` → `threadId`.
pub(super) fn camel(name: &str) -> String {
    let name = identifier(words(name).to_lower_camel_case());
    if RESERVED.contains(&name.as_str()) { format!("{name}_") } else { name }
}

/// `thread` → `THREAD`.
pub(super) fn shouty(name: &str) -> String {
    identifier(words(name).to_shouty_snake_case())
}

/// A property's name as an object literal has it: there `__proto__` would set the prototype.
pub(super) fn key(name: &str) -> String {
    if name == "__proto__" { "[\"__proto__\"]".to_owned() } else { property(name) }
}

/// A property of `value`.
pub(super) fn access(key: &str) -> String {
    let name = property(key);
    if name.starts_with(['"', '\'']) { format!("value[{name}]") } else { format!("value.{name}") }
}

/// A property's name as an interface has it.
pub(super) fn property(name: &str) -> String {
    let mut chars = name.chars();
    let plain = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_' || c == '$')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '$');
    if plain { name.to_owned() } else { string(name) }
}

/// A string literal, in the quotes that need fewer escapes.
pub(super) fn string(text: &str) -> String {
    let double =
        serde_json::Value::from(text).to_string().replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029");
    if text.matches('"').count() > text.matches('\'').count() {
        let inner = double[1..double.len() - 1].replace("\\\"", "\"").replace('\'', "\\'");
        format!("'{inner}'")
    } else {
        double
    }
}

/// A name with a space for everything that no identifier has: signs, symbols, numerals that are no digits.
fn words(name: &str) -> String {
    name.chars().map(|c| if unicode_ident::is_xid_continue(c) { c } else { ' ' }).collect()
}

/// Makes sure that a name can be one: no digit in front, never empty.
fn identifier(name: String) -> String {
    if name.starts_with(unicode_ident::is_xid_start) { name } else { format!("_{name}") }
}

/// The schemas that stand for the topic of exactly one channel in every frame that uses them, and would be called like
/// that channel's topic type.
fn topic_schemas(ir: &Ir) -> IndexMap<String, String> {
    let mut found: IndexMap<String, Option<&Channel>> = IndexMap::new();
    for message in ir.messages.values().filter(|message| message.wire_type.is_some()) {
        let Some(Schema::Ref(topic)) = property_of(ir, &message.payload, "topic") else { continue };
        let channel = match message.channels.as_slice() {
            [channel] => ir.channels.get(channel),
            _ => None,
        };
        let entry = found.entry(topic.name.clone()).or_insert(channel);
        if entry.map(|channel| &channel.id) != channel.map(|channel| &channel.id) {
            *entry = None;
        }
    }
    found
        .into_iter()
        .filter_map(|(schema, channel)| Some((schema, channel?)))
        .filter(|(schema, channel)| pascal(schema) == format!("{}Topic", pascal(&channel.id)))
        .filter(|(schema, _)| {
            matches!(ir.schemas.get(schema), Some(Schema::Object(object)) if object.types == [JsonType::String])
        })
        .map(|(schema, channel)| (schema, channel.id.clone()))
        .collect()
}

/// The last word that a schema and its `allOf` say about a property.
pub(super) fn property_of<'a>(ir: &'a Ir, schema: &'a Schema, name: &str) -> Option<&'a Schema> {
    fn search<'a>(ir: &'a Ir, schema: &'a Schema, name: &str, depth: usize) -> Option<&'a Schema> {
        match schema {
            Schema::Object(object) => object
                .properties
                .get(name)
                .or_else(|| object.all_of.iter().rev().find_map(|part| search(ir, part, name, depth + 1))),
            // The bound only matters for a chain of references that bites its own tail.
            Schema::Ref(reference) if depth < 64 => search(ir, ir.schemas.get(&reference.name)?, name, depth + 1),
            Schema::Ref(_) | Schema::Bool(_) => None,
        }
    }
    search(ir, schema, name, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_identifiers() {
        #[track_caller]
        fn check(input: &str, expected: [&str; 3]) {
            assert_eq!([pascal(input), camel(input), shouty(input)], expected.map(str::to_owned));
        }
        check("thread_id", ["ThreadId", "threadId", "THREAD_ID"]);
        check("2fa", ["_2fa", "_2fa", "_2FA"]);
        check("class", ["Class", "class_", "CLASS"]);
        check("größe", ["Größe", "größe", "GRÖSSE"]);
        check("温度 °C", ["温度C", "温度C", "温度_C"]);
        check("x²", ["X", "x", "X"]);
        // A mark alone is no letter, so nothing is left of it.
        check("\u{301}", ["_", "_", "_"]);
        check("🙂", ["_", "_", "_"]);
        check("", ["_", "_", "_"]);
    }

    #[test]
    fn strings_take_the_quotes_that_need_fewer_escapes() {
        #[track_caller]
        fn check(input: &str, expected: &str) {
            assert_eq!(string(input), expected);
        }
        check("plain", r#""plain""#);
        check(r#"say "x""#, r#"'say "x"'"#);
        check("it's", r#""it's""#);
        check(r#"it's "x""#, r#"'it\'s "x"'"#);
        check("line\u{2028}", r#""line\u2028""#);
    }

    #[test]
    fn properties_are_quoted_where_they_must_be() {
        #[track_caller]
        fn check(input: &str, expected: &str) {
            assert_eq!(property(input), expected);
        }
        check("agent_id", "agent_id");
        check("$ref", "$ref");
        check("x-y", "\"x-y\"");
        check("1", "\"1\"");
        check("", "\"\"");
    }
}

//! How things of a document are called in Rust.
//!
//! Every emitter asks here, so that two of them never disagree.

use std::collections::BTreeSet;

use heck::{ToSnakeCase, ToUpperCamelCase};
use proc_macro2::Span;
use syn::Ident;

use tightwire_spec::ir::{Channel, Ir};

use super::handshake::HANDSHAKE;
use crate::config::Config;
use crate::handshakes;

/// `send_message` → `SendMessage`; a valid identifier once [`ident`] has looked at it.
pub fn pascal(text: &str) -> String {
    let name = separate(text).to_upper_camel_case();
    match name.as_str() {
        "" => "Unnamed".to_owned(),
        _ if name.starts_with(|first: char| first.is_numeric()) => format!("X{name}"),
        _ => name,
    }
}

/// `sendMessage` → `send_message`; a valid identifier once [`ident`] has looked at it.
pub fn snake(text: &str) -> String {
    let name = separate(text).to_snake_case();
    match name.as_str() {
        "" => "unnamed".to_owned(),
        _ if name.starts_with(|first: char| first.is_numeric()) => format!("x{name}"),
        _ => name,
    }
}

/// The name as an identifier; a reserved word gets an underscore, as typify does it.
pub fn ident(name: &str) -> Ident {
    let ascii = || name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect::<String>();
    syn::parse_str(name)
        .or_else(|_| syn::parse_str(&format!("{name}_")))
        // Unicode has digits (`²`) that no identifier may have.
        .or_else(|_| syn::parse_str(&format!("{}_", ascii())))
        .unwrap_or_else(|_| Ident::new("unnamed", Span::call_site()))
}

/// The variant of `ClientFrame` or `ServerFrame` for a wire type.
pub fn variant(wire_type: &str) -> Ident {
    ident(&pascal(wire_type))
}

/// The struct of a channel's topics: `thread` → `ThreadTopic`.
pub fn topic(channel: &Channel) -> Ident {
    ident(&format!("{}Topic", pascal(&channel.id)))
}

/// The variant of `Topic` for a channel: `thread` → `Thread`.
pub fn topic_variant(channel: &Channel) -> Ident {
    ident(&pascal(&channel.id))
}

/// The field and accessor of a topic's parameter.
pub fn parameter(key: &str) -> Ident {
    match snake(key).as_str() {
        // The constructor's name.
        "new" => ident("new_"),
        name => ident(name),
    }
}

/// The enum of an operation's alternative replies: `request_data` → `RequestDataReply`.
pub fn reply(operation: &str) -> Ident {
    ident(&format!("{}Reply", pascal(operation)))
}

/// The trait that the application implements: `ChatService`.
pub fn service(config: &Config) -> Ident {
    ident(&format!("{}Service", pascal(&config.module)))
}

/// The adapter between that trait and the runtime: `ChatServer`.
pub fn server(config: &Config) -> Ident {
    ident(&format!("{}Server", pascal(&config.module)))
}

/// The typed client: `ChatClient`.
pub fn client(config: &Config) -> Ident {
    ident(&format!("{}Client", pascal(&config.module)))
}

/// The sending side of the typed client: `ChatSender`.
pub fn sender(config: &Config) -> Ident {
    ident(&format!("{}Sender", pascal(&config.module)))
}

/// The protocol as the client's type parameter: `ChatProtocol`.
pub fn protocol(config: &Config) -> Ident {
    ident(&format!("{}Protocol", pascal(&config.module)))
}

/// What the module itself defines, so that no data type may be called so.
pub(super) fn taken(ir: &Ir, config: &Config) -> BTreeSet<String> {
    let mut names: BTreeSet<String> =
        ["ClientFrame", "ServerFrame", "Topic", "InvalidTopic", "Failure"].map(str::to_owned).into();
    names.insert(service(config).to_string());
    names.insert(server(config).to_string());
    names.extend([client(config), sender(config), protocol(config)].map(|name| name.to_string()));
    if !handshakes::of(ir, config).is_empty() {
        names.insert(HANDSHAKE.to_owned());
    }
    names.extend(ir.channels.values().map(|channel| topic(channel).to_string()));
    names.extend(ir.operations.keys().map(|operation| reply(operation).to_string()));
    // What the output uses by short names.
    let prelude =
        ["Box", "Clone", "Copy", "Debug", "Default", "Eq", "Err", "Hash", "None", "Ok", "Option", "Ord", "Self"];
    names.extend(prelude.map(str::to_owned));
    let prelude = ["From", "Into", "PartialEq", "PartialOrd", "Result", "Send", "Some", "String", "Sync", "Vec"];
    names.extend(prelude.map(str::to_owned));
    // What the decoders call their own.
    names.extend(["Inbound", "Kind"].map(str::to_owned));
    names
}

/// A text of any characters as the name of a variant: `<=` → `LessEqual`, `-1` → `Minus1`.
pub(crate) fn spelled(text: &str) -> String {
    let spell = |c: char| match c {
        '+' => "Plus",
        '-' => "Minus",
        '<' => "Less",
        '>' => "Greater",
        '=' => "Equal",
        '*' => "Star",
        '/' => "Slash",
        '%' => "Percent",
        '!' => "Not",
        '#' => "Hash",
        '$' => "Dollar",
        '&' => "And",
        '|' => "Or",
        '.' => "Dot",
        '?' => "Question",
        _ => "",
    };
    match text.chars().next() {
        None => "Empty".to_owned(),
        Some(first) if !text.chars().any(char::is_alphanumeric) || matches!(first, '+' | '-') => pascal(
            &text
                .chars()
                .map(|c| if spell(c).is_empty() { format!("{c}") } else { format!("_{}_", spell(c)) })
                .collect::<String>(),
        ),
        Some(_) => pascal(text),
    }
}

/// Whether texts stay different as names of variants, and are names at all.
pub(super) fn are_distinct<'text>(texts: impl IntoIterator<Item = &'text str>) -> bool {
    let mut seen = BTreeSet::new();
    texts.into_iter().all(|text| {
        // typify knows what to call these two.
        let plain = text.chars().any(char::is_alphanumeric) || text.is_empty();
        plain && seen.insert(if matches!(text, "+1" | "-1") { text.to_owned() } else { pascal(text) })
    })
}

fn separate(text: &str) -> String {
    text.chars().map(|c| if unicode_ident::is_xid_continue(c) { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_becomes_an_identifier() {
        for (text, expected_pascal, expected_snake) in [
            ("send_message", "SendMessage", "send_message"),
            ("sendMessage", "SendMessage", "send_message"),
            ("HTTPError", "HttpError", "http_error"),
            ("2fa.code", "X2faCode", "x2fa_code"),
            ("self", "Self_", "self_"),
            ("type", "Type", "type_"),
            ("", "Unnamed", "unnamed"),
            ("-", "Unnamed", "unnamed"),
            ("x²", "X", "x"),
            ("größe", "Größe", "größe"),
        ] {
            assert_eq!(ident(&pascal(text)).to_string(), expected_pascal, "{text}");
            assert_eq!(ident(&snake(text)).to_string(), expected_snake, "{text}");
        }
    }
}

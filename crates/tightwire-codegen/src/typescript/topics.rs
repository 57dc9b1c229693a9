//! `topics.ts`: a template-literal type per channel, builders and a parser.
//!
//! Keys of a document are any texts, and several may come to one identifier (`a-b` and `a_b`): what is declared for each
//! of them, and each argument of a builder, gets a name of its own.

use std::collections::HashSet;

use tightwire_spec::ir::{Channel, Ir, Parameter, Segment};

use super::names::{Names, camel, key, property, shouty, string, unclaimed};
use super::writer::{Brackets, Writer};

/// What a parameter of a topic may be: RFC 3986, unreserved.
const PARAMETER: &str = "[A-Za-z0-9._~-]{1,128}";

/// A channel, and what is declared for it in `topics.ts`.
struct Topic<'a> {
    channel: &'a Channel,
    /// The type of its topics.
    type_name: &'a str,
    /// Its key in `topic`.
    key: String,
    /// The constant that holds the pattern of its topics.
    pattern: String,
    /// The variable that holds a match of that pattern.
    matched: String,
    /// The arguments of its builder, by parameter.
    arguments: Vec<String>,
}

fn topics<'a>(ir: &'a Ir, names: &'a Names) -> Vec<Topic<'a>> {
    let (mut keys, mut patterns, mut variables) = (HashSet::new(), HashSet::new(), HashSet::new());
    ir.channels
        .values()
        .map(|channel| {
            let name = camel(&channel.id);
            // The builder calls a function of this name.
            let mut taken = HashSet::from(["parameter".to_owned()]);
            Topic {
                channel,
                type_name: names.topic(&channel.id),
                key: unclaimed(&mut keys, name.clone()),
                pattern: unclaimed(&mut patterns, format!("{}_TOPIC", shouty(&channel.id))),
                matched: unclaimed(&mut variables, format!("{name}Match")),
                arguments: channel.parameters.keys().map(|name| unclaimed(&mut taken, camel(name))).collect(),
            }
        })
        .collect()
}

/// Writes `topics.ts`.
pub(super) fn emit(ir: &Ir, names: &Names, preamble: &str) -> String {
    let topics = topics(ir, names);
    let mut w = Writer::new(preamble);
    for topic in &topics {
        w.gap();
        w.docs(docs(topic.channel));
        w.line(format!("export type {} = {};", topic.type_name, type_of(topic.channel)));
    }
    w.gap();
    w.docs(["Any topic of this protocol."]);
    let all: Vec<String> = topics.iter().map(|topic| topic.type_name.to_owned()).collect();
    w.union("export type Topic =", &if all.is_empty() { vec!["never".to_owned()] } else { all });

    w.gap();
    w.docs(["Makes topics. A parameter that cannot stand in a topic is a RangeError."]);
    w.block("export const topic = {", "} as const;", |w| {
        for topic in &topics {
            w.docs(docs(topic.channel));
            w.line(format!("{}: {},", property(&topic.key), topic.builder()));
        }
    });

    w.gap();
    w.docs(["A topic in its parts: the channel's key in the document, and the parameters of its address."]);
    let parts: Vec<String> = topics.iter().map(|topic| parsed_type(topic.channel)).collect();
    w.union("export type ParsedTopic =", &if parts.is_empty() { vec!["never".to_owned()] } else { parts });

    w.gap();
    w.docs(["Takes a topic apart; `undefined` for what is no topic of this protocol."]);
    let argument = if topics.is_empty() { "_text" } else { "text" };
    w.block(format!("export function parseTopic({argument}: string): ParsedTopic | undefined {{"), "}", |w| {
        for topic in &topics {
            topic.parser(w);
        }
        w.line("return undefined;");
    });

    for topic in &topics {
        let name = topic.type_name;
        w.gap();
        w.docs([format!("Whether `text` is a {{@link {name}}}.")]);
        let condition = if topic.channel.parameters.is_empty() {
            format!("text === {}", string(&topic.channel.address))
        } else {
            format!("{}.test(text)", topic.pattern)
        };
        w.block(format!("export function is{name}(text: string): text is {name} {{"), "}", |w| {
            w.line(format!("return {condition};"));
        });
    }

    let with_parameters: Vec<&Topic<'_>> = topics.iter().filter(|topic| !topic.channel.parameters.is_empty()).collect();
    for topic in &with_parameters {
        w.gap();
        w.line(format!("const {} = {};", topic.pattern, pattern(topic.channel)));
    }
    let free = |topic: &&Topic<'_>| topic.channel.parameters.values().any(|parameter| parameter.values.is_empty());
    if with_parameters.iter().any(free) {
        w.gap();
        w.line(format!("const PARAMETER = /^{PARAMETER}$/;"));
        w.gap();
        w.block("function parameter(name: string, value: string): string {", "}", |w| {
            w.block("if (!PARAMETER.test(value)) {", "}", |w| {
                w.line("throw new RangeError(`${name} must be 1 to 128 of A-Z a-z 0-9 - . _ ~`);");
            });
            w.line("return value;");
        });
    }
    w.finish()
}

impl Topic<'_> {
    /// A topic without parameters, or the function that makes one.
    fn builder(&self) -> String {
        let channel = self.channel;
        if channel.parameters.is_empty() {
            return string(&channel.address);
        }
        let arguments: Vec<String> = channel
            .parameters
            .values()
            .zip(&self.arguments)
            .map(|(parameter, argument)| format!("{argument}: {}", value_type(parameter)))
            .collect();
        let text = template(channel, |name| {
            let argument = channel.parameters.get_index_of(name).map_or("\"\"", |index| &self.arguments[index]);
            if parameter(channel, name).values.is_empty() {
                format!("parameter({}, {argument})", string(name))
            } else {
                argument.to_owned()
            }
        });
        format!("({}): {} => {text}", arguments.join(", "), self.type_name)
    }

    /// The statements of `parseTopic` about this channel.
    fn parser(&self, w: &mut Writer) {
        let channel = self.channel;
        let id = string(&channel.id);
        if channel.parameters.is_empty() {
            w.block(format!("if (text === {}) {{", string(&channel.address)), "}", |w| {
                w.line(format!("return {{ channel: {id}, parameters: {{}} }};"));
            });
            return;
        }
        let matched = &self.matched;
        w.line(format!("const {matched} = {}.exec(text);", self.pattern));
        w.block(format!("if ({matched} !== null) {{"), "}", |w| {
            let parameters: Vec<String> = channel
                .parameters
                .iter()
                .enumerate()
                .map(|(index, (name, parameter))| {
                    let value = format!("{matched}[{}]", index + 1);
                    let value = if parameter.values.is_empty() {
                        format!("{value} ?? \"\"")
                    } else {
                        format!("{value} as {}", value_type(parameter))
                    };
                    format!("{}: {value}", key(name))
                })
                .collect();
            let single = format!("return {{ channel: {id}, parameters: {{ {} }} }};", parameters.join(", "));
            if w.fits(&single) {
                w.line(single);
                return;
            }
            w.block("return {", "};", |w| {
                w.line(format!("channel: {id},"));
                w.list("parameters: ", Brackets::Braces, &parameters, ",");
            });
        });
    }
}

fn docs(channel: &Channel) -> Vec<String> {
    let mut docs = vec![
        channel
            .docs
            .description
            .clone()
            .or_else(|| channel.docs.title.clone())
            .unwrap_or_else(|| format!("Topics of the channel `{}`.", channel.id)),
    ];
    let parameters: Vec<String> = channel
        .parameters
        .iter()
        .filter_map(|(name, parameter)| Some(format!("- `{name}`: {}", parameter.description.as_ref()?.trim_end())))
        .collect();
    if !parameters.is_empty() {
        docs.push(parameters.join("\n"));
    }
    docs
}

/// The type of a parameter's value.
fn value_type(parameter: &Parameter) -> String {
    if parameter.values.is_empty() {
        return "string".to_owned();
    }
    parameter.values.iter().map(|value| string(value)).collect::<Vec<_>>().join(" | ")
}

fn parameter<'a>(channel: &'a Channel, name: &str) -> &'a Parameter {
    static NONE: Parameter = Parameter { description: None, values: Vec::new(), default: None, examples: Vec::new() };
    channel.parameters.get(name).unwrap_or(&NONE)
}

/// The template-literal type of a channel's topics.
fn type_of(channel: &Channel) -> String {
    if channel.parameters.is_empty() {
        return string(&channel.address);
    }
    template(channel, |name| value_type(parameter(channel, name)))
}

fn template(channel: &Channel, hole: impl Fn(&str) -> String) -> String {
    let pieces: String = channel
        .segments
        .iter()
        .map(|segment| match segment {
            Segment::Literal(text) => text.replace('\\', "\\\\").replace('`', "\\`").replace("${", "\\${"),
            Segment::Parameter(name) => format!("${{{}}}", hole(name)),
        })
        .collect();
    format!("`{pieces}`")
}

fn parsed_type(channel: &Channel) -> String {
    let parameters: Vec<String> = channel
        .parameters
        .iter()
        .map(|(name, parameter)| format!("readonly {}: {}", property(name), value_type(parameter)))
        .collect();
    let parameters = if parameters.is_empty() {
        "Readonly<Record<never, never>>".to_owned()
    } else {
        format!("{{ {} }}", parameters.join("; "))
    };
    format!("{{ readonly channel: {}; readonly parameters: {parameters} }}", string(&channel.id))
}

/// The pattern of a channel's topics, with a group for each parameter.
fn pattern(channel: &Channel) -> String {
    let pieces: String = channel
        .segments
        .iter()
        .map(|segment| match segment {
            Segment::Literal(text) => escaped(text),
            Segment::Parameter(name) => match parameter(channel, name).values.as_slice() {
                [] => format!("({PARAMETER})"),
                values => format!("({})", values.iter().map(|value| escaped(value)).collect::<Vec<_>>().join("|")),
            },
        })
        .collect();
    format!("/^{pieces}$/")
}

/// A text as a regular expression that matches nothing else.
fn escaped(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            // A literal ends where its line does.
            '\n' | '\r' | '\u{2028}' | '\u{2029}' => format!("\\u{:04x}", u32::from(c)),
            c if r"\^$.*+?()[]{}|/".contains(c) => format!("\\{c}"),
            c => c.to_string(),
        })
        .collect()
}

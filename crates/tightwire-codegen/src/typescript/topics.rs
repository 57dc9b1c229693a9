//! `topics.ts`: a template-literal type per channel, builders and a parser.

use tightwire_spec::ir::{Channel, Ir, Parameter, Segment};

use super::names::{Names, camel, property, shouty, string};
use super::writer::Writer;

/// What a parameter of a topic may be: RFC 3986, unreserved.
const PARAMETER: &str = "[A-Za-z0-9._~-]{1,128}";

/// Writes `topics.ts`.
pub(super) fn emit(ir: &Ir, names: &Names, preamble: &str) -> String {
    let mut w = Writer::new(preamble);
    for channel in ir.channels.values() {
        w.gap();
        w.docs(docs(channel));
        w.line(format!("export type {} = {};", names.topic(&channel.id), type_of(channel)));
    }
    w.gap();
    w.docs(["Any topic of this protocol."]);
    let all: Vec<String> = ir.channels.keys().map(|channel| names.topic(channel).to_owned()).collect();
    w.union("export type Topic =", &if all.is_empty() { vec!["never".to_owned()] } else { all });

    w.gap();
    w.docs(["Makes topics. A parameter that cannot stand in a topic is a RangeError."]);
    w.block("export const topic = {", "} as const;", |w| {
        for channel in ir.channels.values() {
            w.docs(docs(channel));
            w.line(format!("{}: {},", property(&camel(&channel.id)), builder(channel, names)));
        }
    });

    w.gap();
    w.docs(["A topic in its parts: the channel's key in the document, and the parameters of its address."]);
    let parts: Vec<String> = ir.channels.values().map(parsed_type).collect();
    w.union("export type ParsedTopic =", &if parts.is_empty() { vec!["never".to_owned()] } else { parts });

    w.gap();
    w.docs(["Takes a topic apart; `undefined` for what is no topic of this protocol."]);
    let argument = if ir.channels.is_empty() { "_text" } else { "text" };
    w.block(format!("export function parseTopic({argument}: string): ParsedTopic | undefined {{"), "}", |w| {
        for channel in ir.channels.values() {
            parser(channel, w);
        }
        w.line("return undefined;");
    });

    for channel in ir.channels.values() {
        let topic = names.topic(&channel.id);
        w.gap();
        w.docs([format!("Whether `text` is a {{@link {topic}}}.")]);
        let condition = if channel.parameters.is_empty() {
            format!("text === {}", string(&channel.address))
        } else {
            format!("{}.test(text)", pattern_name(channel))
        };
        w.block(format!("export function is{topic}(text: string): text is {topic} {{"), "}", |w| {
            w.line(format!("return {condition};"));
        });
    }

    let with_parameters: Vec<&Channel> = ir.channels.values().filter(|c| !c.parameters.is_empty()).collect();
    for channel in &with_parameters {
        w.gap();
        w.line(format!("const {} = {};", pattern_name(channel), pattern(channel)));
    }
    if !with_parameters.is_empty() {
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

fn builder(channel: &Channel, names: &Names) -> String {
    if channel.parameters.is_empty() {
        return string(&channel.address);
    }
    let arguments: Vec<String> = channel
        .parameters
        .iter()
        .map(|(name, parameter)| format!("{}: {}", camel(name), value_type(parameter)))
        .collect();
    let text = template(channel, |name| {
        let argument = camel(name);
        if parameter(channel, name).values.is_empty() {
            format!("parameter({}, {argument})", string(name))
        } else {
            argument
        }
    });
    format!("({}): {} => {text}", arguments.join(", "), names.topic(&channel.id))
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

fn parser(channel: &Channel, w: &mut Writer) {
    let id = string(&channel.id);
    if channel.parameters.is_empty() {
        w.block(format!("if (text === {}) {{", string(&channel.address)), "}", |w| {
            w.line(format!("return {{ channel: {id}, parameters: {{}} }};"));
        });
        return;
    }
    let matched = format!("{}Match", camel(&channel.id));
    w.line(format!("const {matched} = {}.exec(text);", pattern_name(channel)));
    w.block(format!("if ({matched} !== null) {{"), "}", |w| {
        let parameters: Vec<String> = parameter_names(channel)
            .enumerate()
            .map(|(index, name)| {
                let value = format!("{matched}[{}]", index + 1);
                let value = if parameter(channel, name).values.is_empty() {
                    format!("{value} ?? \"\"")
                } else {
                    format!("{value} as {}", value_type(parameter(channel, name)))
                };
                format!("{}: {value}", property(name))
            })
            .collect();
        w.line(format!("return {{ channel: {id}, parameters: {{ {} }} }};", parameters.join(", ")));
    });
}

fn parameter_names(channel: &Channel) -> impl Iterator<Item = &str> {
    channel.segments.iter().filter_map(|segment| match segment {
        Segment::Parameter(name) => Some(name.as_str()),
        Segment::Literal(_) => None,
    })
}

fn pattern_name(channel: &Channel) -> String {
    format!("{}_TOPIC", shouty(&channel.id))
}

fn pattern(channel: &Channel) -> String {
    let pieces: String = channel
        .segments
        .iter()
        .map(|segment| match segment {
            Segment::Literal(text) => regex::escape(text).replace('/', "\\/").replace("\\-", "-").replace("\\~", "~"),
            Segment::Parameter(name) => match parameter(channel, name).values.as_slice() {
                [] => format!("({PARAMETER})"),
                values => format!("({})", values.iter().map(|v| regex::escape(v)).collect::<Vec<_>>().join("|")),
            },
        })
        .collect();
    format!("/^{pieces}$/")
}

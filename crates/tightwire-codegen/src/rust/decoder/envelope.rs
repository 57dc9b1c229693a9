//! What a message asks of its envelope.
//!
//! The runtime's reader already holds every frame to the envelope's own rules. Here it is made sure that the document's
//! schemas ask no more than that, beside what a [`Shape`](https://docs.rs/tightwire-proto) can say: which optional fields
//! there are, and whether others may stand beside them.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use serde_json::{Number, Value};
use tightwire_spec::ir::{Channel, Ir, Message, Segment};
use tightwire_spec::schema::{Dependency, JsonType, Schema, SchemaObject};

use super::pattern::Patterns;
use super::scalar;
use crate::rust::names;
use crate::view::{Obstacle, View};

const FIELDS: [&str; 9] = ["v", "id", "type", "topic", "ts", "correlation_id", "seq", "epoch", "data"];
const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;
const MAX_EPOCH: u64 = 64;

/// The `json::Shape` of a message.
pub(super) fn shape(view: &View<'_>, wire_type: &str) -> Result<TokenStream, Obstacle> {
    for part in view.parts() {
        check_part(part)?;
    }
    for name in view.property_names() {
        if !FIELDS.contains(&name) {
            return Err(Obstacle::new(format!("`{name}` is not a field of the envelope")));
        }
    }
    one(view, "v", &Value::from(1))?;
    one(view, "type", &Value::from(wire_type))?;
    for name in ["id", "correlation_id"] {
        let property = view.property(name)?;
        if !property.forbidden() && !property.accepts_everything() {
            property.admit(JsonType::String)?;
            scalar::only_format(&property, "uuid")?;
        }
    }
    range(view, "ts", 0.0)?;
    range(view, "seq", 1.0)?;
    epoch(view)?;

    let presence = |name: &str| -> Result<u8, Obstacle> {
        Ok(if view.requires(name) {
            2
        } else if view.property(name)?.forbidden() {
            0
        } else {
            1
        })
    };
    let position = match (presence("seq")?, presence("epoch")?) {
        (0, 2) | (2, 0) => return Err(Obstacle::new("`seq` and `epoch` never come together")),
        (0, _) | (_, 0) => 0,
        (seq, epoch) => seq.max(epoch),
    };
    let correlation_id = presence_tokens(presence("correlation_id")?);
    let position = presence_tokens(position);
    let open = !view.additional_properties()?.forbidden();
    Ok(quote!(json::Shape { correlation_id: #correlation_id, position: #position, open: #open }))
}

/// What holds for the topic, over `text: &str`; both use `?`.
#[derive(Clone, Debug, Default)]
pub(super) struct Topic {
    /// An expression that gives the typed topic.
    pub(super) typed: TokenStream,
    /// A statement that makes sure that it is one.
    pub(super) checked: TokenStream,
}

/// What holds for the message's topic.
pub(super) fn topic(ir: &Ir, message: &Message, view: &View<'_>, patterns: &mut Patterns) -> Result<Topic, Obstacle> {
    let property = view.property("topic")?;
    property.admit(JsonType::String)?;
    let channels: Vec<&Channel> = message.channels.iter().filter_map(|id| ir.channels.get(id)).collect();
    let implied = |part: &SchemaObject| match channels.as_slice() {
        [channel] => *part == described_as(part, channel),
        _ => false,
    };
    let mut checks = Vec::new();
    if !property.parts().all(implied) {
        checks = scalar::text_checks(&property, patterns)?;
    }
    let ensure = (!checks.is_empty()).then(|| quote!(json::ensure(#(#checks)&&*)?;));
    let Topic { typed, checked } = parsed(&channels);
    Ok(match ensure {
        None => Topic { typed, checked },
        Some(ensure) => Topic { typed: quote!({ #ensure #typed }), checked: quote!(#ensure #checked) },
    })
}

/// The topic made from `text`. The most usual addresses are read in place, any other by the topic's own parser.
fn parsed(channels: &[&Channel]) -> Topic {
    let name = match channels {
        [channel] => names::topic(channel),
        _ => format_ident!("Topic"),
    };
    if let [channel] = channels
        && let [Segment::Literal(literal), Segment::Parameter(key)] = channel.segments.as_slice()
        && channel.parameters.get(key).is_none_or(|parameter| parameter.values.is_empty())
    {
        let field = names::parameter(key);
        let parameter = quote!(json::topic_parameter(text, #literal)?);
        return Topic { typed: quote!(#name { #field: #parameter.to_owned() }), checked: quote!(#parameter;) };
    }
    Topic { typed: quote!(json::parse(text)?), checked: quote!(json::parse::<#name>(text)?;) }
}

/// The schema that says of a topic what its address says, in the words of `part`.
fn described_as(part: &SchemaObject, channel: &Channel) -> SchemaObject {
    let mut pattern = String::from("^");
    let mut literal = true;
    for segment in &channel.segments {
        match segment {
            Segment::Literal(text) => pattern.push_str(text),
            Segment::Parameter(_) => {
                literal = false;
                pattern.push_str("[A-Za-z0-9._~-]{1,128}");
            }
        }
    }
    pattern.push('$');
    SchemaObject {
        title: part.title.clone(),
        description: part.description.clone(),
        examples: part.examples.clone(),
        extensions: part.extensions.clone(),
        types: part.types.clone(),
        const_value: (literal && part.const_value.is_some()).then(|| channel.address.clone().into()),
        pattern: (!literal && part.pattern.is_some()).then_some(pattern),
        ..SchemaObject::default()
    }
}

fn check_part(part: &SchemaObject) -> Result<(), Obstacle> {
    let satisfied = |name: &String, dependency: &Dependency| match dependency {
        Dependency::Required(others) => {
            let together = ["seq", "epoch"];
            others
                .iter()
                .all(|other| other == name || together.contains(&name.as_str()) && together.contains(&other.as_str()))
        }
        Dependency::Schema(_) => false,
    };
    let mut bare = part.clone();
    if bare.dependencies.iter().all(|(name, dependency)| satisfied(name, dependency)) {
        bare.dependencies.clear();
    }
    let unusual = !bare.dependencies.is_empty()
        || !bare.pattern_properties.is_empty()
        || !bare.one_of.is_empty()
        || !bare.any_of.is_empty()
        || bare.not.is_some()
        || bare.if_schema.is_some()
        || bare.property_names.is_some()
        || bare.unevaluated_properties.is_some()
        || bare.min_properties.is_some()
        || bare.max_properties.is_some()
        || bare.const_value.is_some()
        || bare.enum_values.is_some();
    let types = part.types.is_empty() || part.types.contains(&JsonType::Object);
    let additional = matches!(part.additional_properties, None | Some(Schema::Bool(_)));
    let required = part.required.iter().all(|name| FIELDS.contains(&name.as_str()));
    if unusual || !types || !additional || !required {
        return Err(Obstacle::new("the frame itself has constraints beyond the envelope's"));
    }
    Ok(())
}

/// Makes sure that `value` is allowed for the field. Only the keywords that envelopes use are understood.
fn one(view: &View<'_>, name: &str, value: &Value) -> Result<(), Obstacle> {
    let property = view.property(name)?;
    let json_type = if value.is_string() { JsonType::String } else { JsonType::Integer };
    property.admit(json_type)?;
    let constrained = property.parts().any(|part| {
        part.min_length.is_some_and(|min| min > 1)
            || part.max_length.is_some()
            || part.pattern.is_some()
            || part.format.is_some()
            || part.minimum.is_some()
            || part.maximum.is_some()
            || part.exclusive_minimum.is_some()
            || part.exclusive_maximum.is_some()
            || part.multiple_of.is_some()
    });
    if constrained || property.forbidden() || !property.allows(value) {
        return Err(Obstacle::new(format!("`{name}` is not {value}")));
    }
    Ok(())
}

/// Makes sure that every integer from `min` to the largest safe one is allowed for the field.
fn range(view: &View<'_>, name: &str, min: f64) -> Result<(), Obstacle> {
    let property = view.property(name)?;
    property.admit(JsonType::Integer)?;
    let float = |bound: &Option<Number>| bound.as_ref().and_then(Number::as_f64);
    let narrower = property.parts().any(|part| {
        float(&part.minimum).is_some_and(|bound| bound > min)
            || float(&part.maximum).is_some_and(|bound| bound < MAX_SAFE_INTEGER)
            || part.exclusive_minimum.is_some()
            || part.exclusive_maximum.is_some()
            || part.multiple_of.is_some()
    });
    if narrower || !property.is_free() {
        return Err(Obstacle::new(format!("`{name}` has bounds of its own")));
    }
    Ok(())
}

fn epoch(view: &View<'_>) -> Result<(), Obstacle> {
    let property = view.property("epoch")?;
    property.admit(JsonType::String)?;
    let narrower = property.parts().any(|part| {
        part.min_length.is_some_and(|min| min > 1)
            || part.max_length.is_some_and(|max| max < MAX_EPOCH)
            || part.pattern.is_some()
            || part.format.is_some()
    });
    if narrower || !property.is_free() {
        return Err(Obstacle::new("`epoch` has constraints of its own"));
    }
    Ok(())
}

fn presence_tokens(presence: u8) -> TokenStream {
    match presence {
        0 => quote!(json::Presence::Forbidden),
        1 => quote!(json::Presence::Optional),
        _ => quote!(json::Presence::Required),
    }
}

//! From the validator's errors to violations: one per place, in the order of the frame, in our own words and without
//! any value that the peer sent. Only names of properties are repeated, because a pointer has to, and not at length.

use std::borrow::Cow;

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::json::{Array, Json, Node, Object};
use jsonschema::types::JsonType;
use jsonschema::{ValidationError, Validator};
use serde_json::Value;

use crate::inbound::Violation;

/// A frame with more violations than this is described by the first of them.
const MAX_VIOLATIONS: usize = 20;
/// Of a property's name that the peer made up, so many characters are repeated.
const MAX_SEGMENT: usize = 64;
/// A validator that is asked for all errors can be made to produce very many; looking at so many is enough.
const MAX_ERRORS: usize = 200;

/// How the frame departs from the schema; nothing if it does not.
pub(crate) fn of<'a, F: Json>(validator: &'a Validator<F>, frame: F::Node<'a>) -> Vec<Violation> {
    let mut found: Vec<(Vec<usize>, Violation)> = Vec::new();
    for error in validator.iter_errors(frame.clone()).take(MAX_ERRORS) {
        add::<F>(&mut found, &frame, &error);
    }
    found.sort_by(|(left, _), (right, _)| left.cmp(right));
    let mut violations: Vec<Violation> = Vec::new();
    for (_, violation) in found {
        // A schema that says a thing twice (allOf) does not make two violations of it.
        if !violations.contains(&violation) {
            violations.push(violation);
        }
        if violations.len() == MAX_VIOLATIONS {
            break;
        }
    }
    violations
}

/// Appends `/segment` to a JSON Pointer.
pub(crate) fn push_segment(pointer: &mut String, segment: &str) {
    pointer.push('/');
    if segment.len() <= MAX_SEGMENT && !segment.contains(['~', '/']) {
        return pointer.push_str(segment);
    }
    for character in segment.chars().take(MAX_SEGMENT) {
        match character {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            _ => pointer.push(character),
        }
    }
    if segment.chars().nth(MAX_SEGMENT).is_some() {
        pointer.push('…');
    }
}

fn add<'a, F: Json>(found: &mut Vec<(Vec<usize>, Violation)>, frame: &F::Node<'a>, error: &ValidationError<'_>) {
    let (place, mut order, mut pointer) = locate::<F>(frame, error);
    let (keyword, message) = match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
            let keyword = match error.kind() {
                ValidationErrorKind::AdditionalProperties { .. } => "additionalProperties",
                _ => "unevaluatedProperties",
            };
            // The names come in the order of the frame, and there can be very many.
            let mut members = place.and_then(|place| place.as_object()).map(|object| object.members().enumerate());
            for name in unexpected.iter().take(MAX_VIOLATIONS) {
                let member = members.as_mut().and_then(|members| members.find(|(_, (key, _))| key.as_ref() == name));
                let (mut order, mut pointer) = (order.clone(), pointer.clone());
                order.push(member.map_or(usize::MAX, |(position, _)| position));
                push_segment(&mut pointer, name);
                found.push((order, Violation::new(pointer, keyword, "is not a known property")));
            }
            return;
        }
        ValidationErrorKind::Required { property } => {
            if let Some(name) = property.as_str() {
                // What is missing comes after everything that is there.
                order.push(usize::MAX);
                push_segment(&mut pointer, name);
            }
            ("required".into(), "is required".into())
        }
        // How many are counted by keywords of their own.
        ValidationErrorKind::Contains => counted(error),
        kind => describe(kind),
    };
    found.push((order, Violation::new(pointer, keyword, message)));
    if let ValidationErrorKind::OneOfNotValid { context } | ValidationErrorKind::AnyOf { context } = error.kind() {
        for error in meant(context, error).unwrap_or_default() {
            add::<F>(found, frame, error);
        }
    }
}

/// As [`describe`], for the items of a kind: the keyword that is violated may be one that counts them.
fn counted(error: &ValidationError<'_>) -> (Cow<'static, str>, Cow<'static, str>) {
    match error.schema_path().as_str().rsplit('/').next() {
        Some("minContains") => ("minContains".into(), "must have more items of the kind required".into()),
        Some("maxContains") => ("maxContains".into(), "must have fewer items of the kind required".into()),
        _ => describe(error.kind()),
    }
}

/// Of the alternatives that do not fit, the one that was meant: the only one whose type and constants are right. What
/// is wrong with it says more than that none fits.
fn meant<'a>(
    alternatives: &'a [Vec<ValidationError<'static>>],
    union: &ValidationError<'_>,
) -> Option<&'a [ValidationError<'static>]> {
    let place = union.instance_path().as_str();
    let mut plausible = alternatives.iter().filter(|errors| !errors.iter().any(|error| is_another(place, error)));
    match (plausible.next(), plausible.next()) {
        (Some(errors), None) => Some(errors),
        _ => None,
    }
}

/// Whether the frame could be meant to follow the schema: its type and its constants are right.
pub(super) fn is_plausible<'a, F: Json>(validator: &'a Validator<F>, frame: F::Node<'a>) -> bool {
    !validator.iter_errors(frame).take(MAX_ERRORS).any(|error| is_another("", &error))
}

/// Whether the error says that something else was meant at `place`: another type, or another constant anywhere in it.
fn is_another(place: &str, error: &ValidationError<'_>) -> bool {
    match error.kind() {
        ValidationErrorKind::Type { .. } => error.instance_path().as_str() == place,
        ValidationErrorKind::Constant { .. } => true,
        _ => false,
    }
}

/// The place of an error: the value there, its order in the frame and its pointer.
fn locate<'a, F: Json>(frame: &F::Node<'a>, error: &ValidationError<'_>) -> (Option<F::Node<'a>>, Vec<usize>, String) {
    let mut place = Some(frame.clone());
    // With room for what may be added to them.
    let path = error.instance_path();
    let mut order = Vec::with_capacity(4);
    let mut pointer = String::with_capacity(path.as_str().len() + 16);
    // Not `segments()`: that leaves out properties without a name, and takes `007` for an index.
    for segment in path.as_str().split('/').skip(1) {
        let segment = unescaped(segment);
        push_segment(&mut pointer, &segment);
        let (position, value) =
            member::<F>(place, &segment).map_or((usize::MAX, None), |(at, value)| (at, Some(value)));
        order.push(position);
        place = value;
    }
    (place, order, pointer)
}

/// The member or item that a segment of a pointer means, and its position.
fn member<'a, F: Json>(place: Option<F::Node<'a>>, segment: &str) -> Option<(usize, F::Node<'a>)> {
    let place = place?;
    if let Some(object) = place.as_object() {
        let found = object.members().enumerate().find(|(_, (key, _))| key.as_ref() == segment);
        return found.map(|(position, (_, value))| (position, value));
    }
    let index = segment.parse().ok()?;
    Some((index, place.as_array()?.elements().nth(index)?))
}

/// A segment of a pointer as the name that it stands for.
fn unescaped(segment: &str) -> Cow<'_, str> {
    if segment.contains('~') { segment.replace("~1", "/").replace("~0", "~").into() } else { segment.into() }
}

/// The keyword that is violated, and what is expected, in words. Everything in them comes from the schema.
fn describe(kind: &ValidationErrorKind) -> (Cow<'static, str>, Cow<'static, str>) {
    use ValidationErrorKind as Kind;
    let (keyword, message): (&'static str, Cow<'static, str>) = match kind {
        Kind::Type { kind: TypeKind::Single(expected) } => ("type", must_be(*expected).into()),
        Kind::Type { kind: TypeKind::Multiple(expected) } => {
            let names: Vec<&str> = expected.iter().map(with_article).collect();
            ("type", ["must be ", &names.join(" or ")].concat().into())
        }
        Kind::Constant { expected_value } => ("const", format!("must be {expected_value}").into()),
        Kind::Enum { options } => match options.as_array() {
            Some(options) => {
                let options: Vec<_> = options.iter().map(Value::to_string).collect();
                ("enum", format!("must be one of {}", options.join(", ")).into())
            }
            None => ("enum", "must be one of the values allowed".into()),
        },
        Kind::MinLength { limit } => {
            ("minLength", format!("must be at least {limit} {} long", plural(*limit, "characters")).into())
        }
        Kind::MaxLength { limit } => {
            ("maxLength", format!("must be at most {limit} {} long", plural(*limit, "characters")).into())
        }
        Kind::Pattern { pattern } => ("pattern", ["must match ", pattern].concat().into()),
        Kind::Format { format } => ("format", ["must be a ", format].concat().into()),
        Kind::Minimum { limit } => ("minimum", format!("must be at least {limit}").into()),
        Kind::Maximum { limit } => ("maximum", format!("must be at most {limit}").into()),
        Kind::ExclusiveMinimum { limit } => ("exclusiveMinimum", format!("must be more than {limit}").into()),
        Kind::ExclusiveMaximum { limit } => ("exclusiveMaximum", format!("must be less than {limit}").into()),
        Kind::MultipleOf { multiple_of } => ("multipleOf", format!("must be a multiple of {multiple_of}").into()),
        Kind::MinItems { limit } => {
            ("minItems", format!("must have at least {limit} {}", plural(*limit, "items")).into())
        }
        Kind::MaxItems { limit } => {
            ("maxItems", format!("must have at most {limit} {}", plural(*limit, "items")).into())
        }
        Kind::AdditionalItems { limit } => {
            ("additionalItems", format!("must have at most {limit} {}", plural(*limit as u64, "items")).into())
        }
        Kind::UnevaluatedItems { .. } => ("unevaluatedItems", "must not have further items".into()),
        Kind::UniqueItems => ("uniqueItems", "must not have the same item twice".into()),
        Kind::Contains => ("contains", "must have an item of the kind required".into()),
        Kind::MinProperties { limit } if *limit == 1 => ("minProperties", "must have at least 1 property".into()),
        Kind::MinProperties { limit } => ("minProperties", format!("must have at least {limit} properties").into()),
        Kind::MaxProperties { limit } if *limit == 1 => ("maxProperties", "must have at most 1 property".into()),
        Kind::MaxProperties { limit } => ("maxProperties", format!("must have at most {limit} properties").into()),
        Kind::PropertyNames { .. } => ("propertyNames", "must have only properties with names as required".into()),
        Kind::AnyOf { .. } => ("anyOf", "must be of one of the forms allowed".into()),
        Kind::OneOfNotValid { .. } | Kind::OneOfMultipleValid { .. } => {
            ("oneOf", "must be of exactly one of the forms allowed".into())
        }
        Kind::Not { .. } => ("not", "is not allowed".into()),
        Kind::FalseSchema => ("falseSchema", "is not allowed".into()),
        _ => return (kind.keyword().to_owned().into(), "must follow the contract".into()),
    };
    debug_assert_eq!(keyword, kind.keyword());
    (keyword.into(), message)
}

const fn must_be(kind: JsonType) -> &'static str {
    match kind {
        JsonType::Array => "must be an array",
        JsonType::Boolean => "must be a boolean",
        JsonType::Integer => "must be an integer",
        JsonType::Null => "must be null",
        JsonType::Number => "must be a number",
        JsonType::Object => "must be an object",
        JsonType::String => "must be a string",
    }
}

fn with_article(kind: JsonType) -> &'static str {
    must_be(kind).trim_start_matches("must be ")
}

/// The noun, which is given in the plural, for so many.
fn plural(count: u64, noun: &str) -> &str {
    if count == 1 { noun.strip_suffix('s').unwrap_or(noun) } else { noun }
}

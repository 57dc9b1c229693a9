//! From the validator's errors to violations: one per place, in the order of the frame, in our own words and without
//! any value that the peer sent. Only names of properties are repeated, because a pointer has to, and not at length.

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::json::{Array, Json, Node, Object};
use jsonschema::paths::LocationSegment;
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
    let (place, order, pointer) = locate::<F>(frame, error);
    let keyword = match error.kind() {
        // How many are counted by keywords of their own.
        ValidationErrorKind::Contains => counted(error).unwrap_or("contains"),
        kind => kind.keyword(),
    };
    let mut at = |child: Option<(usize, &str)>, message: String| {
        let (mut order, mut pointer) = (order.clone(), pointer.clone());
        if let Some((position, name)) = child {
            push_segment(&mut pointer, name);
            order.push(position);
        }
        found.push((order, Violation { pointer, keyword: keyword.to_owned(), message }));
    };
    match error.kind() {
        // What is missing comes after everything that is there.
        ValidationErrorKind::Required { property } => {
            at(property.as_str().map(|name| (usize::MAX, name)), "is required".to_owned());
        }
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
            // The names come in the order of the frame, and there can be very many.
            let mut members = place.and_then(|place| place.as_object()).map(|object| object.members().enumerate());
            for name in unexpected.iter().take(MAX_VIOLATIONS) {
                let found = members.as_mut().and_then(|members| members.find(|(_, (key, _))| key.as_ref() == name));
                at(
                    Some((found.map_or(usize::MAX, |(position, _)| position), name)),
                    "is not a known property".to_owned(),
                );
            }
        }
        ValidationErrorKind::Contains if keyword == "minContains" => {
            at(None, "must have more items of the kind required".to_owned());
        }
        ValidationErrorKind::Contains if keyword == "maxContains" => {
            at(None, "must have fewer items of the kind required".to_owned());
        }
        kind => at(None, describe(kind)),
    }
    if let ValidationErrorKind::OneOfNotValid { context } | ValidationErrorKind::AnyOf { context } = error.kind() {
        for error in meant(context, error).unwrap_or_default() {
            add::<F>(found, frame, error);
        }
    }
}

/// The keyword that counts the items of a kind, if it is the one that is violated.
fn counted(error: &ValidationError<'_>) -> Option<&'static str> {
    let path = error.schema_path().as_str();
    ["minContains", "maxContains"].into_iter().find(|keyword| path.rsplit('/').next() == Some(keyword))
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
    let mut order = Vec::new();
    let mut pointer = String::new();
    for segment in error.instance_path().segments() {
        let (position, value) = match segment {
            LocationSegment::Property(name) => {
                push_segment(&mut pointer, &name);
                let object = place.and_then(|place| place.as_object());
                let mut members = object.map(|object| object.members().enumerate());
                let found = members.as_mut().and_then(|members| members.find(|(_, (key, _))| key.as_ref() == name));
                found.map_or((usize::MAX, None), |(position, (_, value))| (position, Some(value)))
            }
            LocationSegment::Index(index) => {
                push_segment(&mut pointer, &index.to_string());
                (index, place.and_then(|place| place.as_array()).and_then(|array| array.elements().nth(index)))
            }
        };
        order.push(position);
        place = value;
    }
    (place, order, pointer)
}

/// What is expected, in words. Everything in them comes from the schema.
fn describe(kind: &ValidationErrorKind) -> String {
    use ValidationErrorKind as Kind;
    match kind {
        Kind::Type { kind: TypeKind::Single(expected) } => format!("must be {}", with_article(&expected.to_string())),
        Kind::Type { kind: TypeKind::Multiple(expected) } => {
            let names: Vec<String> = expected.iter().map(|name| with_article(&name.to_string())).collect();
            format!("must be {}", names.join(" or "))
        }
        Kind::Constant { expected_value } => format!("must be {expected_value}"),
        Kind::Enum { options } => match options.as_array() {
            Some(options) => {
                format!("must be one of {}", options.iter().map(Value::to_string).collect::<Vec<_>>().join(", "))
            }
            None => "must be one of the values allowed".to_owned(),
        },
        Kind::MinLength { limit } => format!("must be at least {limit} {} long", plural(*limit, "character")),
        Kind::MaxLength { limit } => format!("must be at most {limit} {} long", plural(*limit, "character")),
        Kind::Pattern { pattern } => format!("must match {pattern}"),
        Kind::Format { format } => format!("must be a {format}"),
        Kind::Minimum { limit } => format!("must be at least {limit}"),
        Kind::Maximum { limit } => format!("must be at most {limit}"),
        Kind::ExclusiveMinimum { limit } => format!("must be more than {limit}"),
        Kind::ExclusiveMaximum { limit } => format!("must be less than {limit}"),
        Kind::MultipleOf { multiple_of } => format!("must be a multiple of {multiple_of}"),
        Kind::MinItems { limit } => format!("must have at least {limit} {}", plural(*limit, "item")),
        Kind::MaxItems { limit } => format!("must have at most {limit} {}", plural(*limit, "item")),
        Kind::AdditionalItems { limit } => {
            format!("must have at most {limit} {}", plural(*limit as u64, "item"))
        }
        Kind::UnevaluatedItems { .. } => "must not have further items".to_owned(),
        Kind::UniqueItems => "must not have the same item twice".to_owned(),
        Kind::Contains => "must have an item of the kind required".to_owned(),
        Kind::MinProperties { limit } if *limit == 1 => "must have at least 1 property".to_owned(),
        Kind::MinProperties { limit } => format!("must have at least {limit} properties"),
        Kind::MaxProperties { limit } if *limit == 1 => "must have at most 1 property".to_owned(),
        Kind::MaxProperties { limit } => format!("must have at most {limit} properties"),
        Kind::PropertyNames { .. } => "must have only properties with names as required".to_owned(),
        Kind::AnyOf { .. } => "must be of one of the forms allowed".to_owned(),
        Kind::OneOfNotValid { .. } | Kind::OneOfMultipleValid { .. } => {
            "must be of exactly one of the forms allowed".to_owned()
        }
        Kind::Not { .. } | Kind::FalseSchema => "is not allowed".to_owned(),
        _ => "must follow the contract".to_owned(),
    }
}

fn with_article(name: &str) -> String {
    match name {
        "null" => name.to_owned(),
        "integer" | "object" | "array" => format!("an {name}"),
        _ => format!("a {name}"),
    }
}

fn plural(count: u64, noun: &str) -> String {
    if count == 1 { noun.to_owned() } else { format!("{noun}s") }
}

//! From the validator's errors to violations: one per place, in the order of the frame, in our own words and without
//! any value that the peer sent. Only names of properties are repeated, because a pointer has to, and not at length.

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::json::{Array, Json, Node, Object};
use jsonschema::paths::LocationSegment;
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
    let keyword = match error.kind() {
        // How many are counted by keywords of their own.
        ValidationErrorKind::Contains => counted(error).unwrap_or("contains"),
        kind => kind.keyword(),
    };
    let message = match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
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
            "is required".to_owned()
        }
        ValidationErrorKind::Contains if keyword == "minContains" => {
            "must have more items of the kind required".to_owned()
        }
        ValidationErrorKind::Contains if keyword == "maxContains" => {
            "must have fewer items of the kind required".to_owned()
        }
        kind => describe(kind),
    };
    found.push((order, Violation::new(pointer, keyword, message)));
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
    // With room for what may be added to them.
    let path = error.instance_path();
    let mut order = Vec::with_capacity(4);
    let mut pointer = String::with_capacity(path.as_str().len() + 16);
    for segment in path.segments() {
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
        Kind::Type { kind: TypeKind::Single(expected) } => ["must be ", with_article(*expected)].concat(),
        Kind::Type { kind: TypeKind::Multiple(expected) } => {
            let names: Vec<&str> = expected.iter().map(with_article).collect();
            ["must be ", &names.join(" or ")].concat()
        }
        Kind::Constant { expected_value } => format!("must be {expected_value}"),
        Kind::Enum { options } => match options.as_array() {
            Some(options) => {
                format!("must be one of {}", options.iter().map(Value::to_string).collect::<Vec<_>>().join(", "))
            }
            None => "must be one of the values allowed".to_owned(),
        },
        Kind::MinLength { limit } => format!("must be at least {limit} {} long", plural(*limit, "characters")),
        Kind::MaxLength { limit } => format!("must be at most {limit} {} long", plural(*limit, "characters")),
        Kind::Pattern { pattern } => ["must match ", pattern].concat(),
        Kind::Format { format } => ["must be a ", format].concat(),
        Kind::Minimum { limit } => format!("must be at least {limit}"),
        Kind::Maximum { limit } => format!("must be at most {limit}"),
        Kind::ExclusiveMinimum { limit } => format!("must be more than {limit}"),
        Kind::ExclusiveMaximum { limit } => format!("must be less than {limit}"),
        Kind::MultipleOf { multiple_of } => format!("must be a multiple of {multiple_of}"),
        Kind::MinItems { limit } => format!("must have at least {limit} {}", plural(*limit, "items")),
        Kind::MaxItems { limit } => format!("must have at most {limit} {}", plural(*limit, "items")),
        Kind::AdditionalItems { limit } => {
            format!("must have at most {limit} {}", plural(*limit as u64, "items"))
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

const fn with_article(kind: JsonType) -> &'static str {
    match kind {
        JsonType::Array => "an array",
        JsonType::Boolean => "a boolean",
        JsonType::Integer => "an integer",
        JsonType::Null => "null",
        JsonType::Number => "a number",
        JsonType::Object => "an object",
        JsonType::String => "a string",
    }
}

/// The noun, which is given in the plural, for so many.
fn plural(count: u64, noun: &str) -> &str {
    if count == 1 { noun.strip_suffix('s').unwrap_or(noun) } else { noun }
}

//! What a schema says of one value, in words: its type, and what else must hold.

use maud::{Markup, html};
use serde_json::Value;
use tightwire_spec::schema::{Items, Reference, Schema, SchemaObject};

use super::anchors::{Anchors, Kind};

/// How deep a type is told before it becomes "…".
const MAX_DEPTH: usize = 4;

/// The type, with links to named schemas: `array of Author`.
pub(super) fn type_of<'ir>(schema: &'ir Schema, anchors: &Anchors<'ir>) -> Markup {
    told(schema, anchors, 0)
}

fn told<'ir>(schema: &'ir Schema, anchors: &Anchors<'ir>, depth: usize) -> Markup {
    let object = match schema {
        Schema::Bool(true) => return html! { "anything" },
        Schema::Bool(false) => return html! { "nothing" },
        Schema::Ref(reference) => return link(reference, anchors),
        Schema::Object(object) => object,
    };
    if depth > MAX_DEPTH {
        return html! { "…" };
    }
    if let Some(reference) = object.wrapped() {
        return link(reference, anchors);
    }
    let joined = |schemas: &'ir [Schema], word: &str| {
        html! {
            @for (index, schema) in schemas.iter().enumerate() {
                @if index > 0 { " " (word) " " }
                (told(schema, anchors, depth + 1))
            }
        }
    };
    if !object.all_of.is_empty() {
        return joined(&object.all_of, "and");
    }
    if !object.one_of.is_empty() || !object.any_of.is_empty() {
        return html! {
            (joined(&object.one_of, "or"))
            @if !object.one_of.is_empty() && !object.any_of.is_empty() { ", and " }
            (joined(&object.any_of, "or"))
        };
    }
    let within = match (&object.items, &object.additional_properties) {
        (Some(Items::All(items)), _) => Some(items),
        (_, Some(values @ (Schema::Ref(_) | Schema::Object(_)))) if object.properties.is_empty() => Some(values),
        _ => None,
    };
    html! {
        @if object.types.is_empty() {
            @if object.const_value.is_some() { "constant" }
            @else if object.enum_values.is_some() { "one of the values" }
            @else if !object.properties.is_empty() { "object" }
            @else { "any" }
        }
        @for (index, json_type) in object.types.iter().enumerate() {
            @if index > 0 { " or " }
            (json_type.as_str())
        }
        @if let Some(within) = within { " of " (told(within, anchors, depth + 1)) }
    }
}

fn link<'ir>(reference: &'ir Reference, anchors: &Anchors<'ir>) -> Markup {
    anchors.link(Kind::Schema, &reference.name, &reference.name)
}

/// Everything else that the keywords of one schema ask for, as short phrases.
pub(super) fn phrases(object: &SchemaObject) -> Vec<Markup> {
    let mut phrases = Vec::new();
    let mut say = |phrase: Option<Markup>| phrases.extend(phrase);
    say(object.const_value.as_ref().map(|value| html! { "always " (json(value)) }));
    say(object.enum_values.as_ref().map(|values| html! { "one of " (list(values)) }));
    say(object.format.as_ref().map(|format| html! { "format " code { (format) } }));
    say(object.pattern.as_ref().map(|pattern| html! { "matches " code { (pattern) } }));
    let text = |count: Option<String>| count.map(|count| html! { (count) });
    say(text(range(object.min_length, object.max_length, "character")));
    say(text(range(object.min_items, object.max_items, "item")));
    say(object.unique_items.then(|| html! { "no item twice" }));
    say(text(range(object.min_properties, object.max_properties, "property")));
    say(object.minimum.as_ref().map(|number| html! { "at least " code { (number) } }));
    say(object.maximum.as_ref().map(|number| html! { "at most " code { (number) } }));
    say(object.exclusive_minimum.as_ref().map(|number| html! { "more than " code { (number) } }));
    say(object.exclusive_maximum.as_ref().map(|number| html! { "less than " code { (number) } }));
    say(object.multiple_of.as_ref().map(|number| html! { "a multiple of " code { (number) } }));
    if object.contains.is_some() {
        say(text(range(object.min_contains.or(Some(1)), object.max_contains, "fitting item")));
    }
    let closed = |schema: &Option<Schema>| matches!(schema, Some(Schema::Bool(false)));
    let is_closed = closed(&object.additional_properties) || closed(&object.unevaluated_properties);
    say(is_closed.then(|| html! { "no other properties" }));
    for (name, dependency) in &object.dependencies {
        if let tightwire_spec::schema::Dependency::Required(others) = dependency {
            say(Some(html! { "with " code { (name) } " also " (names(others)) }));
        }
    }
    say(object.default.as_ref().map(|value| html! { "default " (json(value)) }));
    say((!object.examples.is_empty()).then(|| html! { "for example " (list(&object.examples)) }));
    say(object.deprecated.then(|| html! { strong { "deprecated" } }));
    phrases
}

fn range(least: Option<u64>, most: Option<u64>, what: &str) -> Option<String> {
    let plural = |count: u64| match (count, what.strip_suffix('y')) {
        (1, _) => what.to_owned(),
        (_, Some(stem)) => format!("{stem}ies"),
        (_, None) => format!("{what}s"),
    };
    Some(match (least, most) {
        (Some(least), Some(most)) if least == most => format!("exactly {least} {}", plural(least)),
        (Some(least), Some(most)) => format!("{least} to {most} {}", plural(most)),
        (Some(least), None) => format!("at least {least} {}", plural(least)),
        (None, Some(most)) => format!("at most {most} {}", plural(most)),
        (None, None) => return None,
    })
}

/// Names, separated by commas.
pub(super) fn names<T: AsRef<str>>(names: &[T]) -> Markup {
    html! {
        @for (index, name) in names.iter().enumerate() {
            @if index > 0 { ", " }
            code { (name.as_ref()) }
        }
    }
}

fn list(values: &[Value]) -> Markup {
    html! {
        @for (index, value) in values.iter().enumerate() {
            @if index > 0 { ", " }
            (json(value))
        }
    }
}

/// A value in one line.
pub(super) fn json(value: &Value) -> Markup {
    html! { code { (value.to_string()) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_told_as_people_do() {
        for (least, most, expected) in [
            (Some(1), Some(100), Some("1 to 100 properties")),
            (Some(1), None, Some("at least 1 property")),
            (None, Some(2), Some("at most 2 properties")),
            (Some(3), Some(3), Some("exactly 3 properties")),
            (None, None, None),
        ] {
            assert_eq!(range(least, most, "property").as_deref(), expected);
        }
    }
}

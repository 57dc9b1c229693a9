//! A schema as a table with a row for every place in a value: properties, items, alternatives.
//!
//! What stands inline is followed, which ends as the schema does. What is named is followed only where the table begins,
//! and linked everywhere else; so a schema that leads back to itself is a link.

use maud::{Markup, html};
use tightwire_spec::ir::Ir;
use tightwire_spec::schema::{Dependency, Items, Schema, SchemaObject};

use super::anchors::Anchors;
use super::facts;
use super::markdown;

/// A row: a place and what holds there.
struct Place<'ir> {
    /// The place of the value that this is a part of.
    parent: String,
    /// What this place is called in it.
    name: String,
    /// Whether `name` is a keyword of ours, not the name of a property.
    is_role: bool,
    required: bool,
    schema: &'ir Schema,
}

/// What holds for the value itself, and a table of its places, where it has any.
pub(super) fn write<'ir>(ir: &'ir Ir, schema: &'ir Schema, caption: &str, anchors: &Anchors<'ir>) -> Markup {
    let mut places = Places { ir, found: Vec::new(), named: Vec::new(), own: Vec::new() };
    places.begin(schema);
    let own: Vec<Markup> = places.own.iter().flat_map(|object| facts::phrases(object)).collect();
    html! {
        @if places.found.is_empty() { p.type { "Type: " (facts::type_of(resolved(ir, schema), anchors)) } }
        @if !places.found.is_empty() {
            table {
                caption { (caption) }
                thead { tr { th scope="col" { "Property" } th scope="col" { "Type and meaning" } } }
                tbody { @for place in &places.found { (row(place, anchors)) } }
            }
        }
        (phrases(&own))
    }
}

fn resolved<'ir>(ir: &'ir Ir, schema: &'ir Schema) -> &'ir Schema {
    match schema {
        Schema::Ref(reference) => ir.schemas.get(&reference.name).unwrap_or(schema),
        _ => schema,
    }
}

fn row<'ir>(place: &Place<'ir>, anchors: &Anchors<'ir>) -> Markup {
    let (description, facts) = match place.schema {
        Schema::Ref(reference) => (reference.description.as_deref(), Vec::new()),
        Schema::Object(object) => (object.description.as_deref(), facts::phrases(object)),
        Schema::Bool(_) => (None, Vec::new()),
    };
    html! {
        tr {
            th scope="row" {
                @if place.is_role {
                    @if !place.parent.is_empty() { code.parent { (place.parent) } " " }
                    em { (place.name) }
                } @else {
                    code { @if !place.parent.is_empty() { span.parent { (place.parent) } } (place.name) }
                }
                @if place.required { " " span.required { "required" } }
            }
            td {
                p.type { (facts::type_of(place.schema, anchors)) }
                @if let Some(description) = description { (markdown::blocks(description)) }
                (phrases(&facts))
            }
        }
    }
}

fn phrases(phrases: &[Markup]) -> Markup {
    html! {
        @if !phrases.is_empty() { ul.facts { @for phrase in phrases { li { (phrase) } } } }
    }
}

/// What a required property may be that nothing describes.
static ANYTHING: Schema = Schema::Bool(true);

struct Places<'ir> {
    ir: &'ir Ir,
    found: Vec<Place<'ir>>,
    /// The named schemas that were followed.
    named: Vec<&'ir str>,
    /// The schemas that hold for the value itself.
    own: Vec<&'ir SchemaObject>,
}

impl<'ir> Places<'ir> {
    /// Follows names too.
    fn begin(&mut self, schema: &'ir Schema) {
        match schema {
            Schema::Bool(_) => {}
            Schema::Ref(reference) => {
                if !self.named.contains(&reference.name.as_str())
                    && let Some(named) = self.ir.schemas.get(&reference.name)
                {
                    self.named.push(&reference.name);
                    self.begin(named);
                }
            }
            Schema::Object(object) => {
                self.own.push(object);
                object.all_of.iter().for_each(|part| self.begin(part));
                self.parts(object, "");
            }
        }
    }

    /// Follows what stands inline.
    fn inside(&mut self, schema: &'ir Schema, at: &str) {
        if let Schema::Object(object) = schema {
            for part in &object.all_of {
                match part {
                    Schema::Object(inline) if has_parts(inline) => self.inside(part, at),
                    // Links to it stand in the type.
                    _ => {}
                }
            }
            self.parts(object, at);
        }
    }

    fn parts(&mut self, object: &'ir SchemaObject, at: &str) {
        let dot = if at.is_empty() { String::new() } else { format!("{at}.") };
        for (name, schema) in &object.properties {
            let required = object.required.contains(name);
            self.add(&dot, name, false, required, schema);
            self.inside(schema, &format!("{dot}{name}"));
        }
        for (pattern, schema) in &object.pattern_properties {
            self.add(&dot, &format!("names that match {pattern}"), true, false, schema);
            self.inside(schema, &format!("{dot}*"));
        }
        let mut role = |parent: &str, name: &str, schema: &'ir Schema, at: String| {
            self.add(parent, name, true, false, schema);
            self.inside(schema, &at);
        };
        for schema in [&object.additional_properties, &object.unevaluated_properties].into_iter().flatten() {
            if !matches!(schema, Schema::Bool(_)) {
                role(&dot, "every other property", schema, format!("{dot}*"));
            }
        }
        if let Some(schema) = &object.property_names {
            role(&dot, "names of properties", schema, at.to_owned());
        }
        match &object.items {
            Some(Items::All(schema)) if tells(schema) => role(at, "each item", schema, format!("{at}[]")),
            Some(Items::Tuple(schemas)) => {
                for (index, schema) in schemas.iter().enumerate() {
                    role(at, &format!("item {index}"), schema, format!("{at}[{index}]"));
                }
            }
            _ => {}
        }
        for (name, schema) in [
            ("further items", &object.additional_items),
            ("further items", &object.unevaluated_items),
            ("some item", &object.contains),
        ] {
            if let Some(schema) = schema.as_ref().filter(|schema| !matches!(schema, Schema::Bool(_))) {
                role(at, name, schema, format!("{at}[]"));
            }
        }
        for (word, schemas) in [("either", &object.one_of), ("at least one of", &object.any_of)] {
            for (index, schema) in schemas.iter().enumerate() {
                let title = match schema {
                    Schema::Object(object) => object.title.as_deref(),
                    _ => None,
                };
                let name = title.map_or_else(|| format!("{word} ({})", index + 1), |title| format!("{word}: {title}"));
                role(at, &name, schema, at.to_owned());
            }
        }
        for (name, schema) in [
            ("not", &object.not),
            ("if", &object.if_schema),
            ("then", &object.then_schema),
            ("else", &object.else_schema),
        ] {
            if let Some(schema) = schema {
                role(at, name, schema, at.to_owned());
            }
        }
        for (name, dependency) in &object.dependencies {
            if let Dependency::Schema(schema) = dependency {
                role(&dot, &format!("with {name}"), schema, at.to_owned());
            }
        }
        // What is required of a value without saying what it is.
        let undescribed: Vec<&String> =
            object.required.iter().filter(|name| !object.properties.contains_key(*name)).collect();
        for name in undescribed {
            if !self.found.iter().any(|place| place.parent == dot && place.name == *name && place.required) {
                self.add(&dot, name, false, true, &ANYTHING);
            }
        }
    }

    fn add(&mut self, parent: &str, name: &str, is_role: bool, required: bool, schema: &'ir Schema) {
        // Several parts of an `allOf` may speak of the same property: what says nothing new is left out.
        let says_nothing = matches!(schema, Schema::Bool(true));
        let known = self.found.iter_mut().find(|place| place.parent == parent && place.name == name && !is_role);
        match known {
            Some(place) if says_nothing => place.required |= required,
            _ => self.found.push(Place { parent: parent.to_owned(), name: name.to_owned(), is_role, required, schema }),
        }
    }
}

/// Whether a row for the items says more than the type of the array does.
fn tells(schema: &Schema) -> bool {
    match schema {
        Schema::Object(object) => {
            object.description.is_some() || has_parts(object) || !facts::phrases(object).is_empty()
        }
        Schema::Ref(_) | Schema::Bool(_) => false,
    }
}

fn has_parts(object: &SchemaObject) -> bool {
    object.subschemas().next().is_some() || !object.required.is_empty()
}

//! The named schemas, each with a table of its properties and as JSON Schema.

use maud::{Markup, html};
use serde_json::Value;
use tightwire_spec::ir::Ir;
use tightwire_spec::schema::Schema;

use super::anchors::{Anchors, Kind};
use super::{markdown, places};

pub(super) fn write<'ir>(ir: &'ir Ir, anchors: &Anchors<'ir>) -> Markup {
    html! {
        @if !ir.schemas.is_empty() {
            section #schemas {
                h2 { "Schemas" }
                @for (name, schema) in &ir.schemas {
                    article.entry id=(anchors.id(Kind::Schema, name)) {
                        h3 { code { (name) } }
                        (about(schema))
                        (places::write(ir, schema, &format!("Properties of {name}"), anchors))
                        (raw(ir, schema))
                    }
                }
            }
        }
    }
}

/// What is said of the schema as a whole.
pub(super) fn about(schema: &Schema) -> Markup {
    let description = match schema {
        Schema::Object(object) => object.description.as_deref(),
        Schema::Ref(reference) => reference.description.as_deref(),
        Schema::Bool(_) => None,
    };
    html! { @if let Some(description) = description { (markdown::blocks(description)) } }
}

/// The schema as it is enforced, to be opened.
pub(super) fn raw(ir: &Ir, schema: &Schema) -> Markup {
    let json = schema.to_json_in(ir.draft(), "#/definitions/");
    html! { details { summary { "JSON Schema" } (pretty(&json)) } }
}

/// A value over several lines. It can be scrolled, with the keyboard too.
pub(super) fn pretty(value: &Value) -> Markup {
    html! { pre tabindex="0" { code { (format!("{value:#}")) } } }
}

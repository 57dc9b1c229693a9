//! Parts that only a validator can check: their schemas, each as a document of its own.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexSet;
use proc_macro2::{Literal, TokenStream};
use quote::quote;
use serde_json::{Map, Value, json};
use tightwire_spec::ir::Ir;
use tightwire_spec::schema::{Reference, Schema};

use crate::view::View;

const DEFINITIONS: &str = "#/definitions/";

/// The parts of a direction.
#[derive(Clone, Debug, Default)]
pub(super) struct Parts {
    schemas: IndexSet<String>,
}

impl Parts {
    /// An expression that reads a part with everything that `view` asks of it; it may use `?`.
    pub(super) fn read(&mut self, ir: &Ir, view: &View<'_>) -> TokenStream {
        let (index, _) = self.schemas.insert_full(document(ir, view).to_string());
        let index = Literal::usize_unsuffixed(index);
        quote!(PARTS[#index].read(cursor)?)
    }

    pub(super) fn len(&self) -> usize {
        self.schemas.len()
    }

    pub(super) fn truncate(&mut self, length: usize) {
        self.schemas.truncate(length);
    }

    /// The table of the parts and the function that builds their validators.
    pub(super) fn emit(&self) -> TokenStream {
        let count = self.schemas.len();
        if count == 0 {
            return quote! {
                pub(super) fn prepare() {}
            };
        }
        let count = Literal::usize_unsuffixed(count);
        let schemas = &self.schemas;
        let schemas = schemas.iter();
        quote! {
            #[doc = " The schemas of what is read as a JSON value and given to a validator."]
            static PARTS: [json::Part; #count] = [#(json::Part::new(#schemas)),*];

            pub(super) fn prepare() {
                PARTS.iter().for_each(json::Part::prepare);
            }
        }
    }
}

/// What the view asks for, with the definitions that it reaches.
fn document(ir: &Ir, view: &View<'_>) -> Value {
    let mut parts: Vec<Value> = view.parts().map(|part| part.to_json(DEFINITIONS)).collect();
    if view.forbidden() {
        parts.push(Value::Bool(false));
    }
    let by_reference: BTreeMap<String, (&String, &Schema)> =
        ir.schemas.iter().map(|(name, schema)| (reference_to(name), (name, schema))).collect();
    let mut definitions = Map::new();
    let mut seen = BTreeSet::new();
    let mut waiting = parts.clone();
    while let Some(value) = waiting.pop() {
        match value {
            Value::Object(members) => {
                if let Some((name, schema)) =
                    members.get("$ref").and_then(Value::as_str).and_then(|text| by_reference.get(text))
                    && seen.insert(*name)
                {
                    let schema = schema.to_json(DEFINITIONS);
                    definitions.insert((*name).clone(), schema.clone());
                    waiting.push(schema);
                }
                waiting.extend(members.into_iter().map(|(_, member)| member));
            }
            Value::Array(items) => waiting.extend(items),
            _ => {}
        }
    }
    definitions.sort_keys();
    let mut document = json!({ "allOf": parts });
    if !definitions.is_empty() {
        document["definitions"] = definitions.into();
    }
    document
}

fn reference_to(name: &str) -> String {
    let reference = Schema::Ref(Reference { name: name.to_owned(), description: None }).to_json(DEFINITIONS);
    reference["$ref"].as_str().unwrap_or_default().to_owned()
}

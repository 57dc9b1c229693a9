//! Parts that only a validator can check: their schemas, each as a document of its own.

use indexmap::IndexSet;
use proc_macro2::{Literal, TokenStream};
use quote::quote;
use serde_json::{Map, Value, json};
use tightwire_spec::draft::Draft;
use tightwire_spec::ir::Ir;
use tightwire_spec::schema::SchemaObject;

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

/// What the view asks for, with the definitions that it reaches. Without `$schema` it is in draft-07.
fn document(ir: &Ir, view: &View<'_>) -> Value {
    let reached = ir.reached(view.parts().flat_map(SchemaObject::subschemas));
    let own = view.parts().map(Draft::of_object);
    let draft = own.chain(reached.iter().map(|(_, schema)| Draft::of(schema))).max().unwrap_or_default();
    let mut parts: Vec<Value> = view.parts().map(|part| part.to_json_in(draft, DEFINITIONS)).collect();
    if view.forbidden() {
        parts.push(Value::Bool(false));
    }
    let mut definitions: Map<String, Value> =
        reached.into_iter().map(|(name, schema)| (name.clone(), schema.to_json_in(draft, DEFINITIONS))).collect();
    definitions.sort_keys();
    let mut document = json!({ "allOf": parts });
    if draft != Draft::default() {
        document["$schema"] = draft.uri().into();
    }
    if !definitions.is_empty() {
        document["definitions"] = definitions.into();
    }
    document
}

//! The frames of the heartbeat, which the runtime answers from where they stand: their views as what it understands.

use proc_macro2::TokenStream;
use quote::quote;
use tightwire_spec::ir::{Message, SessionRole};

use crate::rust::model::{FieldType, RustTypes, TypeKind};

/// An expression over `data`, the view of the message's data, that gives a `Heartbeat`. `None` if the message is no ping
/// and no pong, or its data is of an unusual shape: then it is made, and read by the names of its properties.
pub(super) fn of_view(types: &RustTypes, message: &Message) -> Option<TokenStream> {
    let name = types.message(&message.id)?;
    let TypeKind::Struct(fields) = &types.get(name)?.kind else { return None };
    if fields.iter().any(|field| field.flatten) {
        return None;
    }
    let field = |name: &str| fields.iter().find(|field| field.name == name).map(|field| (&field.ident, &field.ty));
    Some(match message.session? {
        SessionRole::Ping => {
            let timestamp = match field("timestamp") {
                None => quote!(None),
                Some((ident, FieldType::String)) => quote!(Some(data.#ident)),
                Some((ident, FieldType::DateTime)) => quote!(Some(data.#ident.text().into())),
                Some((ident, FieldType::Option(inner))) => match **inner {
                    FieldType::String => quote!(data.#ident),
                    FieldType::DateTime => quote!(data.#ident.map(|time| time.text().into())),
                    _ => return None,
                },
                Some(_) => return None,
            };
            quote!(::tightwire::__rt::HeartbeatFrame::Ping { timestamp: #timestamp })
        }
        SessionRole::Pong => {
            let last_id = match field("last_id") {
                None => quote!(None),
                Some((ident, FieldType::Uuid)) => quote!(Some(data.#ident)),
                Some((ident, FieldType::Option(inner))) if matches!(**inner, FieldType::Uuid) => quote!(data.#ident),
                Some(_) => return None,
            };
            quote!(::tightwire::__rt::HeartbeatFrame::Pong { last_id: #last_id })
        }
        _ => return None,
    })
}

//! `ErrorCode` and `Failure`: how a handler says no.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use tightwire_spec::ir::{Ir, Message, SessionRole};

use super::docs;
use super::model::{FieldType, RustTypes, StringVariant, TypeKind};
use crate::error::Error;

/// Wire names of codes that say that a topic does not exist, the best first.
const NO_SUCH_TOPIC: [&str; 4] = ["invalid_topic", "topic_not_found", "not_found", "topic_forbidden"];
/// Wire names of codes that say that the server is at fault, the best first.
const FAILED: [&str; 3] = ["internal_error", "internal", "unavailable"];

/// The error codes of a protocol.
pub(super) struct ErrorCodes<'types> {
    /// The variants, and the enum's name where it is one of the data types.
    variants: Option<(&'types Ident, &'types [StringVariant])>,
}

impl<'types> ErrorCodes<'types> {
    /// The codes of the session's `error` message.
    pub(super) fn of(ir: &Ir, types: &'types RustTypes) -> Result<Self, Error> {
        let is_error = |message: &&Message| message.session == Some(SessionRole::Error);
        let Some(message) = ir.messages.values().find(is_error) else { return Ok(Self { variants: None }) };
        let data = types.message(&message.id).and_then(|name| types.get(name));
        let fields = match data.map(|data| &data.kind) {
            Some(TypeKind::Struct(fields)) => fields.as_slice(),
            _ => &[],
        };
        let code = fields.iter().find(|field| field.name == "code").map(|field| &field.ty);
        if let Some(FieldType::Named(name)) = code
            && let Some(code) = types.get(&name.to_string())
            && let TypeKind::StringEnum(variants) = &code.kind
        {
            return Ok(Self { variants: Some((&code.ident, variants)) });
        }
        Err(Error::unsupported(
            format!("message {}", message.id),
            "the message with `x-session: error` needs a required property `code` in its data, a string with an `enum` of \
             all codes: handlers choose one of them",
        ))
    }

    /// Generates `ErrorCode` and `Failure`.
    pub(super) fn emit(&self) -> TokenStream {
        let code_docs = docs::tokens("What went wrong, for a client.");
        let definition = match self.variants {
            Some((name, _)) if name == "ErrorCode" => TokenStream::new(),
            Some((name, _)) => quote!(#code_docs pub type ErrorCode = messages::#name;),
            None => quote! {
                #code_docs
                #[derive(Clone, Copy, Debug, PartialEq, Eq)]
                pub enum ErrorCode {
                    InternalError,
                }
            },
        };
        let arms = match self.variants {
            Some((_, variants)) => {
                variants.iter().map(|StringVariant { ident, name }| quote!(Self::#ident => #name)).collect()
            }
            None => vec![quote!(Self::InternalError => "internal_error")],
        };
        let failure_docs = docs::tokens("Why a handler could not do what a client asked.");
        quote! {
            #definition
            impl __rt::ErrorCode for ErrorCode {
                fn as_str(self) -> &'static str {
                    match self {
                        #(#arms,)*
                    }
                }
            }
            #failure_docs
            pub type Failure = __rt::Failure<ErrorCode>;
        }
    }

    /// The code that comes nearest to "there is no such topic".
    pub(super) fn no_such_topic(&self) -> Ident {
        self.best(&NO_SUCH_TOPIC)
    }

    /// The code that comes nearest to "the server is at fault".
    pub(super) fn failed(&self) -> Ident {
        self.best(&FAILED)
    }

    fn best(&self, wanted: &[&str]) -> Ident {
        let Some((_, variants)) = self.variants else { return format_ident!("InternalError") };
        let named = wanted.iter().find_map(|name| variants.iter().find(|variant| variant.name == *name));
        named.or(variants.first()).map_or_else(|| format_ident!("InternalError"), |variant| variant.ident.clone())
    }
}

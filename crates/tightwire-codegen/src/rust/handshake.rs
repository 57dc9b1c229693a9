//! The parameters of the handshake as types: what the service is told of a connection, and what a client connects with.
//!
//! A struct for each path that has parameters, made like the data types, and `enum Handshake` of all paths. Documents that
//! name no parameters have neither.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use tightwire_spec::ir::Ir;
use tightwire_spec::schema::Schema;

use super::model::{Absent, FieldType, RustTypes, TypeKind};
use super::{docs, names};
use crate::config::Config;
use crate::handshakes::{self, Handshake, Kind, Parameter, Place};

/// The enum of all paths.
pub(super) const HANDSHAKE: &str = "Handshake";

/// The handshakes of a document, for the emitters of the service and of the client.
pub(super) struct Handshakes<'ir> {
    handshakes: Vec<Handshake<'ir>>,
}

impl<'ir> Handshakes<'ir> {
    pub(super) fn of(ir: &'ir Ir, config: &Config) -> Self {
        Self { handshakes: handshakes::of(ir, config) }
    }

    /// Whether the document names any parameters.
    pub(super) fn are_typed(&self) -> bool {
        !self.handshakes.is_empty()
    }

    /// The types.
    pub(super) fn emit(&self, types: &RustTypes) -> TokenStream {
        if !self.are_typed() {
            return TokenStream::new();
        }
        let (mut variants, mut reads, mut writes, mut tables, mut beside) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new(), TokenStream::new());
        for (index, handshake) in self.handshakes.iter().enumerate() {
            let path = handshake.path;
            let variant = names::ident(&handshake.name);
            let parameters = handshake.parameters.iter().map(parameter);
            tables.push(quote!(__rt::handshake::RouteParameters { path: #path, parameters: &[#(#parameters),*] }));
            let at = docs::tokens(&if path.is_empty() { "The one path.".to_owned() } else { format!("At `{path}`.") });
            let Some(name) = types.handshake(path) else {
                variants.push(quote!(#at #variant));
                reads.push(quote!(#index => Self::#variant));
                writes.push(quote!(Self::#variant => (#index, #path, ::std::default::Default::default())));
                continue;
            };
            let name = format_ident!("{name}");
            variants.push(quote!(#at #variant(#name)));
            reads.push(quote!(#index => Self::#variant(HANDSHAKES.read(#index, &request.texts())?)));
            writes.push(quote! {
                Self::#variant(parameters) => (#index, #path, HANDSHAKES.write(#index, parameters).map_err(wrong)?)
            });
            let otherwise = (self.handshakes.len() > 1).then(|| quote!(_ => None,));
            beside.extend(quote! {
                impl ::std::convert::From<#name> for Handshake {
                    fn from(parameters: #name) -> Self {
                        Self::#variant(parameters)
                    }
                }
                impl __rt::HandshakeParameters for #name {
                    type Handshake = Handshake;
                    fn of(handshake: &Handshake) -> Option<&Self> {
                        match handshake {
                            Handshake::#variant(parameters) => Some(parameters),
                            #otherwise
                        }
                    }
                }
            });
            beside.extend(constructor(types, &name, handshake));
        }
        let enum_docs = docs::tokens("What a client says when it connects, by the path at which it does.");
        let request = docs::tokens(
            "The URL and the settings with which a client connects. `url` is the server's address, for instance \
             `wss://example.com`; a path that has no parameters may stand in it already.\n\n# Errors\nIf a parameter is \
             not what the document asks for.",
        );
        quote! {
            #enum_docs
            #[derive(Clone, Debug, PartialEq)]
            pub enum Handshake {
                #(#variants,)*
            }
            static HANDSHAKES: __rt::handshake::Handshakes =
                __rt::handshake::Handshakes::new(CONTRACT.schema_bundle, &[#(#tables),*]);
            impl Handshake {
                fn read(request: &__rt::HandshakeRequest) -> Result<Self, ::std::vec::Vec<__rt::Violation>> {
                    Ok(match request.route_index() {
                        #(#reads,)*
                        _ => return Err(__rt::handshake::no_route()),
                    })
                }
                #request
                pub fn request(
                    &self,
                    url: &str,
                    mut config: __rt::client::ClientConfig,
                ) -> Result<(::std::string::String, __rt::client::ClientConfig), __rt::client::ConnectError> {
                    let wrong = __rt::client::ConnectError::Parameters;
                    let (route, path, request) = match self {
                        #(#writes,)*
                    };
                    config.route = Some(route);
                    Ok(__rt::client::prepare(url, path, &request, config))
                }
            }
            impl __rt::HandshakeParameters for Handshake {
                type Handshake = Self;
                fn of(handshake: &Self) -> Option<&Self> {
                    Some(handshake)
                }
            }
            #beside
        }
    }

    /// The methods of the adapter that read the parameters.
    pub(super) fn adapter(&self, enveloped: bool) -> TokenStream {
        if !self.are_typed() {
            return TokenStream::new();
        }
        let asked = enveloped.then(|| {
            quote! {
                fn has_handshake(&self) -> bool {
                    true
                }
            }
        });
        quote! {
            #asked
            fn handshake(
                &self,
                request: &__rt::HandshakeRequest,
            ) -> Result<__rt::TypedHandshake, ::std::vec::Vec<__rt::Violation>> {
                Handshake::read(request).map(__rt::TypedHandshake::new)
            }
        }
    }

    /// What `prepare` of the adapter does for them.
    pub(super) fn prepare(&self) -> TokenStream {
        if !self.are_typed() {
            return TokenStream::new();
        }
        quote! {
            // The bundle is generated: it can be used.
            let _ = HANDSHAKES.prepare();
        }
    }

    /// `connected` of the trait: told of the parameters where the document names some.
    pub(super) fn hook(&self) -> TokenStream {
        let text = "Called when a client has connected, before its first frame: the place for a greeting, or to join \
                    what its path asks for.";
        if !self.are_typed() {
            let docs = docs::tokens(text);
            return quote! {
                #docs
                fn connected(
                    &self,
                    cx: &__rt::Context<'_>,
                ) -> impl ::std::future::Future<Output = Result<(), Failure>> + Send {
                    let _ = cx;
                    async { Ok(()) }
                }
            };
        }
        let docs = docs::tokens(&format!(
            "{text} A failure may close the connection.\n\nThe parameters follow the document: what does not was answered \
             before. Other methods get them with `cx.handshake()`."
        ));
        quote! {
            #docs
            fn connected(
                &self,
                cx: &__rt::Context<'_>,
                handshake: &Handshake,
            ) -> impl ::std::future::Future<Output = Result<(), Failure>> + Send {
                let _ = (cx, handshake);
                async { Ok(()) }
            }
        }
    }

    /// `connected` of the adapter.
    pub(super) fn call_hook(&self) -> TokenStream {
        let body = if self.are_typed() {
            quote! {
                match cx.handshake::<Handshake>() {
                    Some(handshake) => self.service.connected(cx, handshake).await,
                    None => Ok(()),
                }
            }
        } else {
            quote!(self.service.connected(cx).await)
        };
        quote! {
            async fn connected(&self, cx: &__rt::Context<'_>) -> Result<(), Failure> {
                #body
            }
        }
    }

    /// `connect` and `connect_with` of a generated client that holds a `Client` of `protocol`.
    pub(super) fn connect(&self) -> TokenStream {
        let errors = "# Errors\nWhy there is no connection.";
        if !self.are_typed() {
            let connect = docs::tokens(&format!(
                "Connects to `url`, for instance `wss://example.com/v2`, as the contract says.\n\n{errors}"
            ));
            let connect_with =
                docs::tokens(&format!("Connects with other settings, for instance headers.\n\n{errors}"));
            return quote! {
                #connect
                pub async fn connect(url: &str) -> Result<Self, __rt::client::ConnectError> {
                    Self::connect_with(url, ::std::default::Default::default()).await
                }
                #connect_with
                pub async fn connect_with(
                    url: &str,
                    config: __rt::client::ClientConfig,
                ) -> Result<Self, __rt::client::ConnectError> {
                    Ok(__rt::client::Client::connect(url, config).await?.into())
                }
            };
        }
        let connect = docs::tokens(&format!(
            "Connects to the server at `url`, for instance `wss://example.com`: path, query and headers are made of the \
             parameters.\n\n{errors}"
        ));
        let connect_with =
            docs::tokens(&format!("Connects with other settings, for instance more headers.\n\n{errors}"));
        quote! {
            #connect
            pub async fn connect(
                url: &str,
                handshake: impl ::std::convert::Into<Handshake>,
            ) -> Result<Self, __rt::client::ConnectError> {
                Self::connect_with(url, handshake, ::std::default::Default::default()).await
            }
            #connect_with
            pub async fn connect_with(
                url: &str,
                handshake: impl ::std::convert::Into<Handshake>,
                config: __rt::client::ClientConfig,
            ) -> Result<Self, __rt::client::ConnectError> {
                let (url, config) = handshake.into().request(url, config)?;
                Ok(__rt::client::Client::connect(&url, config).await?.into())
            }
        }
    }
}

/// `new(…)`, with what is required: a document may name dozens of parameters of which a client gives one.
fn constructor(types: &RustTypes, name: &Ident, handshake: &Handshake<'_>) -> TokenStream {
    let Some(TypeKind::Struct(fields)) = types.get(&name.to_string()).map(|known| &known.kind) else {
        return TokenStream::new();
    };
    let (mut arguments, mut values, mut defaults) = (Vec::new(), Vec::new(), Vec::new());
    for field in fields {
        let ident = &field.ident;
        let declared = handshake.parameters.iter().find(|parameter| parameter.key == field.name);
        match (&field.absent, declared.and_then(|parameter| default(types, &field.ty, &parameter.schema))) {
            (Absent::None, _) => values.push(quote!(#ident: None)),
            (Absent::Invalid, Some(default)) => {
                values.push(quote!(#ident: #default));
                defaults.push(format!("`{}`", field.name));
            }
            (Absent::Invalid, None) => {
                let ty = field_type(&field.ty);
                arguments.push(quote!(#ident: #ty));
                values.push(quote!(#ident));
            }
        }
    }
    let text = if values.len() == arguments.len() { "All parameters." } else { "What is required, and nothing else." };
    let text = match defaults.as_slice() {
        [] => text.to_owned(),
        names => format!("What is required, with the document's default of {}.", names.join(", ")),
    };
    let docs = docs::tokens(&text);
    quote! {
        impl #name {
            #docs
            pub fn new(#(#arguments),*) -> Self {
                Self { #(#values),* }
            }
        }
    }
}

/// The document's default of a parameter that is always there: one of the path.
fn default(types: &RustTypes, ty: &FieldType, schema: &Schema) -> Option<TokenStream> {
    let Schema::Object(object) = schema else { return None };
    let text = object.default.as_ref()?.as_str()?;
    match ty {
        FieldType::String => Some(quote!(::std::string::String::from(#text))),
        FieldType::Named(name) => {
            let TypeKind::StringEnum(variants) = &types.get(&name.to_string())?.kind else { return None };
            let variant = &variants.iter().find(|variant| variant.name == text)?.ident;
            Some(quote!(#name::#variant))
        }
        _ => None,
    }
}

fn field_type(ty: &FieldType) -> TokenStream {
    match ty {
        FieldType::String => quote!(::std::string::String),
        FieldType::I64 => quote!(i64),
        FieldType::U64 => quote!(u64),
        FieldType::F64 => quote!(f64),
        FieldType::Bool => quote!(bool),
        FieldType::Uuid => quote!(__rt::uuid::Uuid),
        FieldType::DateTime => quote!(__rt::chrono::DateTime<__rt::chrono::Utc>),
        FieldType::Value => quote!(__rt::serde_json::Value),
        FieldType::JsonMap => quote!(__rt::serde_json::Map<::std::string::String, __rt::serde_json::Value>),
        FieldType::Map(value) => {
            let value = field_type(value);
            quote!(::std::collections::BTreeMap<::std::string::String, #value>)
        }
        FieldType::Vec(item) => {
            let item = field_type(item);
            quote!(::std::vec::Vec<#item>)
        }
        FieldType::Option(inner) => {
            let inner = field_type(inner);
            quote!(Option<#inner>)
        }
        FieldType::Boxed(inner) => {
            let inner = field_type(inner);
            quote!(::std::boxed::Box<#inner>)
        }
        FieldType::Named(name) => quote!(#name),
        FieldType::Other(ty) => quote!(#ty),
    }
}

fn parameter(parameter: &Parameter) -> TokenStream {
    let Parameter { name, key, .. } = parameter;
    let place = match parameter.place {
        Place::Path => quote!(Path),
        Place::Query => quote!(Query),
        Place::Header => quote!(Header),
    };
    let kinds = parameter.kinds.iter().map(kind);
    quote! {
        __rt::handshake::ParameterInfo {
            place: __rt::handshake::Place::#place,
            name: #name,
            key: #key,
            kinds: &[#(#kinds),*],
        }
    }
}

fn kind(of: &Kind) -> TokenStream {
    let variant = match of {
        Kind::Boolean => quote!(Boolean),
        Kind::Number => quote!(Number),
        Kind::Object => quote!(Object),
        Kind::Null => quote!(Null),
        Kind::String => quote!(String),
        Kind::Array(items) => {
            let items = items.iter().map(kind);
            quote!(Array(&[#(#items),*]))
        }
    };
    quote!(__rt::handshake::Kind::#variant)
}

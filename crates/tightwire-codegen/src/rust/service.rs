//! The trait that the application implements, and the adapter between it and the runtime.

use std::collections::BTreeSet;

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use tightwire_spec::ir::{Direction, Ir, Message};

use super::error_code::ErrorCodes;
use super::frames::{self, TopicType};
use super::model::RustTypes;
use super::operations::{Answer, Method};
use super::{contract, docs, names, roles};
use crate::config::Config;
use crate::error::Error;

/// The methods of the service, by the message that they are called for.
pub(super) type Methods<'ir> = indexmap::IndexMap<String, Method<'ir>>;

/// Generates the trait and the adapter.
pub(super) fn emit(
    ir: &Ir,
    config: &Config,
    types: &RustTypes,
    codes: &ErrorCodes<'_>,
    methods: &Methods<'_>,
) -> Result<TokenStream, Error> {
    let service = service_trait(ir, config, types, methods)?;
    let adapter = adapter(ir, config, methods, codes);
    Ok(quote! {
        #service
        #adapter
    })
}

fn service_trait(ir: &Ir, config: &Config, types: &RustTypes, methods: &Methods<'_>) -> Result<TokenStream, Error> {
    let name = names::service(config);
    let mut declarations = Vec::new();
    for method in methods.values() {
        declarations.push(declaration(ir, types, method)?);
    }
    let title = &ir.info.title;
    let service_docs = docs::tokens(&format!(
        "What a server of the protocol \"{title}\" has to do: a method for each operation that a client can start.\n\n\
         A frame has been validated, and its topic has been authorised, before its method is called. Implement it with \
         `async fn`."
    ));
    let authorize = docs::tokens(
        "Whether the connection may use the topic, which is well-formed but may not exist. Asked before it subscribes.",
    );
    let subscribed = docs::tokens("Called when the connection has just subscribed to the topic.");
    Ok(quote! {
        #service_docs
        pub trait #name: Send + Sync + 'static {
            #(#declarations)*
            #authorize
            fn authorize(
                &self,
                cx: &__rt::Context<'_>,
                topic: &Topic,
            ) -> impl ::std::future::Future<Output = Result<(), Failure>> + Send {
                let _ = (cx, topic);
                async { Ok(()) }
            }
            #subscribed
            fn subscribed(
                &self,
                cx: &__rt::Context<'_>,
                topic: &Topic,
            ) -> impl ::std::future::Future<Output = Result<(), Failure>> + Send {
                let _ = (cx, topic);
                async { Ok(()) }
            }
        }
    })
}

fn declaration(ir: &Ir, types: &RustTypes, method: &Method<'_>) -> Result<TokenStream, Error> {
    let Method { name, operation, message, answer } = method;
    let mut text = docs::best(&operation.docs, &format!("The operation `{}`.", operation.id));
    let address = ir.channels.get(&operation.channel).map_or("", |channel| channel.address.as_str());
    text.push_str(&format!("\n\nTakes `{}` on `{address}`.", message.wire_type.as_deref().unwrap_or(&message.id)));
    if operation.subscribes {
        text.push_str(" The connection has been subscribed to the topic before.");
    }
    text.push_str(&roles::sentence(operation));
    let owed = operation.reply.iter().flat_map(|reply| reply.sequence.iter().flatten());
    let owed: Vec<String> = owed.map(|step| format!("`{}{}`", step.message, times(step.times))).collect();
    if !owed.is_empty() {
        text.push_str(&format!(" Publish to the topic, in this order: {}.", owed.join(", ")));
    }
    let docs = docs::tokens(&text);
    let topic = frames::topic_type(ir, message).ident();
    let data = frames::data_type(types, message)?;
    let output = output(answer, types)?;
    Ok(quote! {
        #docs
        fn #name(
            &self,
            cx: &__rt::Context<'_>,
            topic: #topic,
            data: #data,
        ) -> impl ::std::future::Future<Output = Result<#output, Failure>> + Send;
    })
}

fn times(times: tightwire_spec::ir::Times) -> &'static str {
    use tightwire_spec::ir::Times;
    match times {
        Times::Once => "",
        Times::OnceOrMore => "+",
        Times::AnyNumber => "*",
        Times::Optional => "?",
    }
}

/// What a method returns.
pub(super) fn output(answer: &Answer<'_>, types: &RustTypes) -> Result<TokenStream, Error> {
    Ok(match answer {
        Answer::Nothing => quote!(()),
        Answer::One(reply) => {
            let reply = frames::data_type(types, reply)?;
            quote!(#reply)
        }
        Answer::OneOf(name, _) => quote!(#name),
    })
}

/// The enums of alternative replies, each once.
pub(super) fn reply_enums<'method, 'ir: 'method>(
    methods: impl IntoIterator<Item = &'method Method<'ir>>,
    types: &RustTypes,
) -> Result<TokenStream, Error> {
    let mut replies = TokenStream::new();
    let mut seen = BTreeSet::new();
    for method in methods {
        if let Answer::OneOf(name, messages) = &method.answer
            && seen.insert(name.to_string())
        {
            replies.extend(reply_enum(name, messages, types, &method.operation.id)?);
        }
    }
    Ok(replies)
}

/// `service(…)` and the server that it makes.
pub(super) fn entry(service: &Ident, server: &Ident) -> TokenStream {
    let function_docs = docs::tokens("The application as a service that a `tightwire::Server` can serve.");
    let server_docs = docs::tokens("An application with its protocol. Made by [`service`].");
    quote! {
        #function_docs
        pub fn service<S: #service>(service: impl Into<::std::sync::Arc<S>>) -> #server<S> {
            #server { service: service.into() }
        }
        #server_docs
        #[derive(Debug)]
        pub struct #server<S> {
            service: ::std::sync::Arc<S>,
        }
        impl<S> Clone for #server<S> {
            fn clone(&self) -> Self {
                Self { service: ::std::sync::Arc::clone(&self.service) }
            }
        }
    }
}

fn reply_enum(name: &Ident, messages: &[&Message], types: &RustTypes, operation: &str) -> Result<TokenStream, Error> {
    let mut variants = Vec::new();
    let mut conversions = Vec::new();
    for message in messages {
        let data = frames::data_type(types, message)?;
        let variant = names::ident(&names::pascal(&message.id));
        let docs = docs::tokens(&docs::best(&message.docs, &format!("`{}`", message.id)));
        variants.push(quote!(#docs #variant(#data)));
        conversions.push(quote! {
            impl ::std::convert::From<#data> for #name {
                fn from(data: #data) -> Self {
                    Self::#variant(data)
                }
            }
        });
    }
    let docs = docs::tokens(&format!("The replies of the operation `{operation}`."));
    Ok(quote! {
        #docs
        #[derive(Clone, Debug, PartialEq)]
        pub enum #name {
            #(#variants,)*
        }
        #(#conversions)*
    })
}

fn adapter(ir: &Ir, config: &Config, methods: &Methods<'_>, codes: &ErrorCodes<'_>) -> TokenStream {
    let (service, server) = (names::service(config), names::server(config));
    let no_such_topic = codes.no_such_topic();
    let (mut calls, mut requests, mut described) = (Vec::new(), Vec::new(), Vec::new());
    for (message, wire_type) in frames::messages(ir, Direction::ToServer) {
        let variant = names::variant(wire_type);
        if let Some(role) = message.session {
            let role = contract::session_role(role);
            requests.push(quote!(ClientFrame::#variant { data, .. } => __rt::session_request(#role, data)));
        }
        calls.push(match methods.get(&message.id) {
            Some(method) => call(ir, method, &variant),
            // The session has answered it.
            None => quote!(ClientFrame::#variant { .. } => Ok(())),
        });
        let subscribes = methods.get(&message.id).is_some_and(|method| method.operation.subscribes);
        let address = match frames::topic_type(ir, message) {
            TopicType::One(channel) => {
                let topic = names::topic(channel);
                quote!(#topic::ADDRESS)
            }
            TopicType::Any => quote!(topic.address()),
        };
        described.push(quote! {
            ClientFrame::#variant { topic, .. } => (topic.to_string(), #address, #subscribes)
        });
    }
    if requests.len() < described.len() {
        requests.push(quote!(_ => None));
    }
    // A reference always counts as inhabited, so that `match frame {}` of an enum without variants is an error.
    let frame = if described.is_empty() { quote!(*frame) } else { quote!(frame) };
    let entry = entry(&service, &server);
    let roles = roles::adapter(frames::messages(ir, Direction::ToServer).map(|(message, wire_type)| {
        (names::variant(wire_type), methods.get(&message.id).map(|method| method.operation))
    }));
    quote! {
        #entry
        impl<S: #service> __rt::Service for #server<S> {
            type Frame = ClientFrame;
            type Code = ErrorCode;
            fn contract(&self) -> &'static __rt::Contract {
                &CONTRACT
            }
            fn prepare(&self) {
                ClientFrame::prepare();
            }
            fn decode(&self, text: &[u8]) -> Result<__rt::Inbound<ClientFrame>, __rt::Rejection> {
                ClientFrame::decode(text)
            }
            fn receive<'a>(
                &self,
                _: usize,
                text: &'a [u8],
            ) -> Result<__rt::Arrival<'a, ClientFrame>, __rt::Rejection> {
                ClientFrame::receive(text)
            }
            fn session_request(frame: &ClientFrame) -> Option<__rt::SessionRequest> {
                match #frame {
                    #(#requests,)*
                }
            }
            fn describe(frame: &ClientFrame) -> __rt::FrameInfo {
                let (topic, channel, subscribes) = match #frame {
                    #(#described,)*
                };
                __rt::FrameInfo { wire_type: frame.wire_type(), topic, channel, subscribes }
            }
            #roles
            fn channel_of(&self, topic: &str) -> Option<&'static str> {
                topic.parse().ok().map(|topic: Topic| topic.address())
            }
            async fn call(&self, cx: &__rt::Context<'_>, frame: __rt::Inbound<ClientFrame>) -> Result<(), Failure> {
                match frame.frame {
                    #(#calls,)*
                }
            }
            async fn authorize(&self, cx: &__rt::Context<'_>, topic: &str) -> Result<(), Failure> {
                match topic.parse() {
                    Ok(topic) => self.service.authorize(cx, &topic).await,
                    Err(error) => Err(Failure::new(ErrorCode::#no_such_topic, "There is no such topic.").because(error)),
                }
            }
            async fn subscribed(&self, cx: &__rt::Context<'_>, topic: &str) -> Result<(), Failure> {
                match topic.parse() {
                    Ok(topic) => self.service.subscribed(cx, &topic).await,
                    Err(error) => Err(Failure::new(ErrorCode::#no_such_topic, "There is no such topic.").because(error)),
                }
            }
        }
    }
}

/// The arm that calls a method and sends what it returns.
fn call(ir: &Ir, method: &Method<'_>, variant: &Ident) -> TokenStream {
    let name = &method.name;
    let asked = frames::topic_type(ir, method.message);
    let to = |reply: &Message| match (frames::topic_type(ir, reply), asked) {
        (TopicType::Any, TopicType::One(_)) => quote!(&Topic::from(topic)),
        _ => quote!(&topic),
    };
    match &method.answer {
        Answer::Nothing => quote! {
            ClientFrame::#variant { topic, data } => self.service.#name(cx, topic, data).await
        },
        Answer::One(reply) => {
            let to = to(reply);
            quote! {
                ClientFrame::#variant { topic, data } => {
                    let reply = self.service.#name(cx, topic.clone(), data).await?;
                    cx.reply(#to, &reply);
                    Ok(())
                }
            }
        }
        Answer::OneOf(reply, messages) => {
            let arms = messages.iter().map(|message| {
                let (variant, to) = (names::ident(&names::pascal(&message.id)), to(message));
                quote!(#reply::#variant(data) => cx.reply(#to, &data))
            });
            quote! {
                ClientFrame::#variant { topic, data } => {
                    match self.service.#name(cx, topic.clone(), data).await? {
                        #(#arms,)*
                    }
                    Ok(())
                }
            }
        }
    }
}

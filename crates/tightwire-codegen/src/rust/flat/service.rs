//! The service trait, and the adapter that the runtime serves.

use proc_macro2::TokenStream;
use quote::quote;
use tightwire_spec::ir::{Direction, Ir};

use crate::config::Config;
use crate::error::Error;
use crate::rust::handshake::Handshakes;
use crate::rust::model::RustTypes;
use crate::rust::operations::{Answer, Method};
use crate::rust::{decoder, docs, frames, names, roles, service};

/// Generates the trait, the reply enums and the adapter.
pub(super) fn emit(ir: &Ir, config: &Config, types: &RustTypes, methods: &[Method<'_>]) -> Result<TokenStream, Error> {
    let mut declarations = Vec::new();
    for method in methods {
        declarations.push(declaration(method, types)?);
    }
    let name = names::service(config);
    let handshakes = Handshakes::of(ir, config);
    let adapter = adapter(ir, config, types, methods, &handshakes)?;
    let title = &ir.info.title;
    let service_docs = docs::tokens(&format!(
        "What a server of the protocol \"{title}\" has to do: a method for each message that a client can send.\n\n\
         A frame has been validated before its method is called. Implement it with `async fn`."
    ));
    let connected = handshakes.hook();
    let failure = docs::tokens("Why a handler could not do what a client asked.");
    Ok(quote! {
        #service_docs
        pub trait #name: Send + Sync + 'static {
            #(#declarations)*
            #connected
        }
        #adapter
        #failure
        pub type Failure = __rt::Failure<__rt::PlainCode>;
    })
}

fn declaration(method: &Method<'_>, types: &RustTypes) -> Result<TokenStream, Error> {
    let Method { name, operation, message, answer } = method;
    let mut text = docs::best(&operation.docs, &format!("The operation `{}`.", operation.id));
    text.push_str(&format!("\n\nTakes `{}`.", message.name));
    if operation.direction == Direction::ToClient {
        text.push_str(" It answers what the server asked.");
    } else if matches!(answer, Answer::Nothing) && operation.reply.is_some() {
        text.push_str(" The reply that the document asks for is the method's own business: `cx.send`.");
    }
    text.push_str(&roles::sentence(operation));
    let docs = docs::tokens(&text);
    let data = frames::data_type(types, message)?;
    let output = service::output(answer, types)?;
    Ok(quote! {
        #docs
        fn #name(
            &self,
            cx: &__rt::Context<'_>,
            data: #data,
        ) -> impl ::std::future::Future<Output = Result<#output, Failure>> + Send;
    })
}

fn adapter(
    ir: &Ir,
    config: &Config,
    types: &RustTypes,
    methods: &[Method<'_>],
    handshakes: &Handshakes<'_>,
) -> Result<TokenStream, Error> {
    let (service, server) = (names::service(config), names::server(config));
    let (mut calls, mut taken) = (Vec::new(), Vec::new());
    for (message, id) in frames::messages(ir, Direction::ToServer) {
        let variant = frames::data_type(types, message)?;
        let method = methods.iter().find(|method| method.message.id == id);
        taken.push((variant.clone(), method.map(|method| method.operation)));
        calls.push(match method {
            None => quote!(ClientFrame::#variant(_) => Ok(())),
            Some(Method { name, answer: Answer::Nothing, .. }) => {
                quote!(ClientFrame::#variant(data) => self.service.#name(cx, data).await)
            }
            Some(Method { name, answer: Answer::One(_), .. }) => quote! {
                ClientFrame::#variant(data) => {
                    cx.send(&self.service.#name(cx, data).await?);
                    Ok(())
                }
            },
            Some(Method { name, answer: Answer::OneOf(reply, messages), .. }) => {
                let arms = messages.iter().map(|message| {
                    let variant = names::ident(&names::pascal(&message.id));
                    quote!(#reply::#variant(data) => cx.send(&data))
                });
                quote! {
                    ClientFrame::#variant(data) => {
                        match self.service.#name(cx, data).await? {
                            #(#arms,)*
                        }
                        Ok(())
                    }
                }
            }
        });
    }
    let roles = roles::adapter(taken.into_iter());
    let entry = service::entry(&service, &server);
    let (read, prepare, connected) = (handshakes.adapter(false), handshakes.prepare(), handshakes.call_hook());
    let decode_on = decoder::tells_routes_apart(ir, Direction::ToServer).then(|| {
        quote! {
            fn decode_on(&self, route: usize, text: &[u8]) -> Result<__rt::Inbound<ClientFrame>, __rt::Rejection> {
                ClientFrame::decode_on(route, text)
            }
        }
    });
    Ok(quote! {
        #entry
        impl<S: #service> __rt::Service for #server<S> {
            type Frame = ClientFrame;
            type Code = __rt::PlainCode;
            fn contract(&self) -> &'static __rt::Contract {
                &CONTRACT
            }
            fn prepare(&self) {
                ClientFrame::prepare();
                #prepare
            }
            #read
            fn decode(&self, text: &[u8]) -> Result<__rt::Inbound<ClientFrame>, __rt::Rejection> {
                ClientFrame::decode(text)
            }
            #decode_on
            fn describe(frame: &ClientFrame) -> __rt::FrameInfo {
                __rt::FrameInfo {
                    wire_type: frame.message(),
                    topic: String::new(),
                    channel: "",
                    subscribes: false,
                }
            }
            #roles
            #connected
            async fn call(&self, cx: &__rt::Context<'_>, frame: __rt::Inbound<ClientFrame>) -> Result<(), Failure> {
                match frame.frame {
                    #(#calls,)*
                }
            }
        }
    })
}

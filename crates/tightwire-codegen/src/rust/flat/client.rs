//! The methods of the typed client: one per operation that it may start.

use proc_macro2::TokenStream;
use quote::quote;
use tightwire_spec::ir::{Direction, Ir, Location, Message, MessagePart};

use crate::config::Config;
use crate::error::Error;
use crate::rust::client::{self, Parts};
use crate::rust::model::RustTypes;
use crate::rust::operations::{Answer, Method};
use crate::rust::{decoder, docs, frames, service};

/// Generates the client.
pub(super) fn emit(ir: &Ir, config: &Config, types: &RustTypes, started: &[Method<'_>]) -> Result<TokenStream, Error> {
    let methods = started.iter().map(|method| declaration(method, types)).collect::<Result<_, _>>()?;
    let decode_on = decoder::tells_routes_apart(ir, Direction::ToClient).then(|| {
        quote! {
            fn decode_on(
                route: Option<usize>,
                text: &[u8],
            ) -> Result<__rt::Inbound<ServerFrame>, __rt::Rejection> {
                match route {
                    Some(route) => ServerFrame::decode_on(route, text),
                    None => ServerFrame::decode(text),
                }
            }
        }
    });
    let protocol = quote! {
        #decode_on
        fn encode(frame: &ClientFrame, _: &__rt::Stamp) -> Result<Vec<u8>, __rt::serde_json::Error> {
            __rt::serde_json::to_vec(frame)
        }
    };
    Ok(client::emit(ir, config, &Parts { methods, protocol }))
}

fn declaration(method: &Method<'_>, types: &RustTypes) -> Result<TokenStream, Error> {
    let Method { name, operation, message, answer } = method;
    let mut text = docs::best(&operation.docs, &format!("The operation `{}`.", operation.id));
    text.push_str(&format!("\n\nSends `{}`", message.name));
    let replies = match answer {
        Answer::Nothing => Vec::new(),
        Answer::One(reply) => vec![*reply],
        Answer::OneOf(_, replies) => replies.clone(),
    };
    let names: Vec<String> = replies.iter().map(|reply| format!("`{}`", reply.name)).collect();
    if names.is_empty() {
        text.push('.');
    } else {
        text.push_str(&format!(" and waits for {}.", names.join(" or ")));
    }
    text.push_str("\n\n# Errors\nIf it cannot be sent or is not answered.");
    let docs = docs::tokens(&text);
    let data = frames::data_type(types, message)?;
    if replies.is_empty() {
        return Ok(quote! {
            #docs
            pub async fn #name(&self, data: #data) -> Result<(), __rt::client::ClientError> {
                self.sender.send(&ClientFrame::#data(data)).await.map(drop)
            }
        });
    }
    let output = service::output(answer, types)?;
    let asked = pointer(message);
    let key = asked.map(|pointer| quote!(let key = __rt::correlation::key(&frame, #pointer);));
    let (mut matches, mut takes) = (Vec::new(), Vec::new());
    for reply in replies {
        let variant = frames::data_type(types, reply)?;
        matches.push(match (asked, pointer(reply)) {
            (Some(_), Some(pointer)) => {
                quote!(ServerFrame::#variant(data) => __rt::correlation::key(data, #pointer) == key)
            }
            _ => quote!(ServerFrame::#variant(_) => true),
        });
        takes.push(quote!(ServerFrame::#variant(data) => Ok(data.into())));
    }
    Ok(quote! {
        #docs
        pub async fn #name(&self, data: #data) -> Result<#output, __rt::client::ClientError> {
            let frame = ClientFrame::#data(data);
            #key
            let reply = self.sender.request(&frame, move |inbound| match &inbound.frame {
                #(#matches,)*
                _ => false,
            });
            match reply.await?.frame {
                #(#takes,)*
                _ => Err(__rt::correlation::unexpected()),
            }
        }
    })
}

/// Where a message says which request it belongs to, if it says so in the frame.
fn pointer(message: &Message) -> Option<&str> {
    match &message.correlation_id {
        Some(Location { part: MessagePart::Payload, pointer }) => Some(pointer),
        _ => None,
    }
}

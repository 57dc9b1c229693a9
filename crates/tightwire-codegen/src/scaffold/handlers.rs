//! `src/handlers.rs` of a new project: each handler answers with the document's example of the answer.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::{Plan, layout};
use crate::error::Error;
use crate::rust::outline::{Answering, Owed, Task};
use crate::rust::{docs, names};

const DOCUMENTATION: &str = "\
What the server does for each operation of the protocol.

Every handler answers with an example from `frames/`: replace them one by one. A frame has been validated before its
handler is called.";

pub(super) fn emit(plan: &Plan<'_>) -> Result<String, Error> {
    let (module, service) = (&plan.outline.module, &plan.outline.service);
    let methods: Vec<_> = plan.outline.methods.iter().map(|task| method(plan, task)).collect();
    let returns = |owed: &Owed<'_>| matches!(owed, Owed::Reply(_) | Owed::OneOf(..));
    let sends = |owed: &Owed<'_>| matches!(owed, Owed::Sequence(_));
    let (replies, sequences) = (
        plan.outline.methods.iter().any(|task| returns(&task.owed)),
        plan.outline.methods.iter().any(|task| sends(&task.owed)),
    );
    let mut imports = TokenStream::new();
    if replies || sequences {
        imports.extend(quote!(
            use serde::de::DeserializeOwned;
        ));
    }
    if sequences {
        imports.extend(quote!(
            use tightwire::{Context, ServerMessage};
        ));
    } else if !methods.is_empty() {
        imports.extend(quote!(
            use tightwire::Context;
        ));
    }
    let code = match &plan.outline.failed {
        Some(failed) => quote!(#module::ErrorCode::#failed),
        None => quote!(tightwire::PlainCode::InternalError),
    };
    let data = if plan.flat() { quote!(frame) } else { quote!(&frame["data"]) };
    let publish = (sequences && !plan.flat()).then(|| {
        quote! {
            /// Publishes a message to everyone who is subscribed to the topic.
            async fn publish<M: ServerMessage>(
                cx: &Context<'_>,
                topic: &M::Topic,
                message: &M,
            ) -> Result<(), #module::Failure> {
                let published = cx.publish(topic, message).await;
                published.map(drop).map_err(|error| failure("The message could not be published.").because(error))
            }
        }
    });
    let example = (replies || sequences).then(|| {
        quote! {
            /// The data of a frame from `frames/`.
            fn example<T: DeserializeOwned>(frame: &str) -> Result<T, #module::Failure> {
                let frame: serde_json::Value = serde_json::from_str(frame).map_err(unreadable)?;
                T::deserialize(#data).map_err(unreadable)
            }
            fn unreadable(error: serde_json::Error) -> #module::Failure {
                failure("The server has no answer.").because(error)
            }
            fn failure(message: &'static str) -> #module::Failure {
                #module::Failure::new(#code, message)
            }
        }
    });
    layout::file(
        DOCUMENTATION,
        quote! {
            #imports
            use crate::#module;
            /// The handlers. State that they share goes here.
            #[derive(Clone, Copy, Debug, Default)]
            pub struct Handlers;
            impl #module::#service for Handlers {
                #(#methods)*
            }
            #publish
            #example
        },
    )
}

fn method(plan: &Plan<'_>, task: &Task<'_>) -> TokenStream {
    let Task { name, topic, data, owed, .. } = task;
    let module = &plan.outline.module;
    let (mut context, mut topic_name) = (format_ident!("_cx"), format_ident!("_topic"));
    let mut output = quote!(());
    let body = match owed {
        Owed::Nothing => quote!(Ok(())),
        Owed::Reply(reply) => {
            let data = &reply.data;
            output = quote!(#module::#data);
            example(plan, reply, None)
        }
        Owed::OneOf(reply_enum, replies) => {
            output = quote!(#module::#reply_enum);
            replies.first().map_or_else(|| quote!(Ok(())), |reply| example(plan, reply, Some(module)))
        }
        Owed::Sequence(steps) if steps.iter().any(|(reply, _)| plan.path(reply.message).is_none()) => no_answer(),
        Owed::Sequence(steps) => {
            (context, topic_name) = (format_ident!("cx"), format_ident!("topic"));
            let published = steps.iter().map(|(reply, _)| {
                let (data, name) = (&reply.data, names::ident(&names::snake(&reply.message.id)));
                let path = plan.path(reply.message).unwrap_or_default();
                if plan.flat() {
                    return quote! {
                        let #name: #module::#data = example(include_str!(#path))?;
                        cx.send(&#name);
                    };
                }
                let topic =
                    if Some(&reply.topic) == topic.as_ref() { quote!(&topic) } else { quote!(&topic.clone().into()) };
                quote! {
                    let #name: #module::#data = example(include_str!(#path))?;
                    publish(cx, #topic, &#name).await?;
                }
            });
            quote!(#(#published)* Ok(()))
        }
    };
    let docs = docs::tokens(&task.docs);
    let topic = topic.as_ref().map(|topic| quote!(#topic_name: #module::#topic,));
    quote! {
        #docs
        async fn #name(
            &self,
            #context: &Context<'_>,
            #topic
            _data: #module::#data,
        ) -> Result<#output, #module::Failure> {
            #body
        }
    }
}

/// The example of a reply, converted into the enum of all replies if there is one.
fn example(plan: &Plan<'_>, reply: &Answering<'_>, among: Option<&Ident>) -> TokenStream {
    let Some(path) = plan.path(reply.message) else { return no_answer() };
    match among {
        None => quote!(example(include_str!(#path))),
        Some(module) => {
            let data = &reply.data;
            quote! {
                let reply: #module::#data = example(include_str!(#path))?;
                Ok(reply.into())
            }
        }
    }
}

/// Where no frame could be made that the schema accepts.
fn no_answer() -> TokenStream {
    quote!(Err(failure("The server has no answer.")))
}

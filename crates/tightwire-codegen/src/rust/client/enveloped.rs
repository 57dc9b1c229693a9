//! The methods of the typed client of a protocol in the envelope, where replies carry the id of what they answer.

use std::collections::BTreeSet;

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use tightwire_spec::ir::{Direction, Ir, Message, Operation, SequenceStep, SessionRole, Times};

use super::Parts;
use crate::config::Config;
use crate::error::Error;
use crate::rust::flat::operations::{method_name, receiving, unique};
use crate::rust::frames::TopicType;
use crate::rust::model::RustTypes;
use crate::rust::operations::{Answer, Method};
use crate::rust::{contract, docs, frames, names, service};

/// What the client can do: a method for every message of every operation that it may start. Pongs it sends by itself.
pub(in crate::rust) fn started<'ir>(ir: &'ir Ir, types: &RustTypes) -> Result<Vec<Method<'ir>>, Error> {
    let mut methods = Vec::new();
    let mut taken = BTreeSet::from(super::METHODS.map(str::to_owned));
    taken.extend(subscriptions(ir).map(|(operation, message)| format!("{}_after", method_name(operation, message))));
    for operation in receiving(ir) {
        for message in operation.messages.iter().filter_map(|id| ir.messages.get(id)) {
            if message.session == Some(SessionRole::Pong) {
                continue;
            }
            frames::data_type(types, message)?;
            let name = unique(&method_name(operation, message), &mut taken);
            methods.push(Method { name, operation, message, answer: answer(ir, operation) });
        }
    }
    Ok(methods)
}

/// What subscribes by a request of the session.
fn subscriptions(ir: &Ir) -> impl Iterator<Item = (&Operation, &Message)> {
    receiving(ir)
        .flat_map(|operation| operation.messages.iter().map(move |id| (operation, id)))
        .filter_map(|(operation, id)| Some((operation, ir.messages.get(id)?)))
        .filter(|(_, message)| message.session == Some(SessionRole::Subscribe))
}

/// Whether the method for a message takes the topics that it is about: what else there is to say is the session's affair.
pub(in crate::rust) fn takes_topics(ir: &Ir, message: &Message) -> bool {
    let constant = matches!(frames::topic_type(ir, message), TopicType::One(channel) if channel.parameters.is_empty());
    constant && matches!(message.session, Some(SessionRole::Subscribe | SessionRole::Unsubscribe))
}

/// What the client gets. Which topic it comes on does not matter: it carries the frame's id.
fn answer<'ir>(ir: &'ir Ir, operation: &'ir Operation) -> Answer<'ir> {
    let ids: Vec<&String> = match &operation.reply {
        None => Vec::new(),
        Some(reply) => match &reply.sequence {
            None => reply.messages.iter().collect(),
            Some(steps) => {
                let mut seen = BTreeSet::new();
                steps.iter().map(|step| &step.message).filter(|id| seen.insert(*id)).collect()
            }
        },
    };
    let messages: Vec<&Message> = ids.into_iter().filter_map(|id| ir.messages.get(id)).collect();
    match messages.as_slice() {
        [] => Answer::Nothing,
        [message] => Answer::One(message),
        _ => Answer::OneOf(names::reply(&operation.id), messages),
    }
}

/// Generates the client.
pub(in crate::rust) fn emit(
    ir: &Ir,
    config: &Config,
    types: &RustTypes,
    started: &[Method<'_>],
) -> Result<TokenStream, Error> {
    let refusal = Refusal::of(ir, types)?;
    let mut methods = Vec::new();
    for method in started {
        methods.push(declaration(ir, config, types, &refusal, method)?);
    }
    Ok(super::emit(ir, config, &Parts { methods, protocol: protocol(ir) }))
}

/// How the server says no.
struct Refusal {
    /// The type of the error's data.
    data: TokenStream,
    /// The variant of `ServerFrame`.
    variant: Option<Ident>,
}

impl Refusal {
    fn of(ir: &Ir, types: &RustTypes) -> Result<Self, Error> {
        let mut messages = frames::messages(ir, Direction::ToClient);
        let Some((message, wire_type)) = messages.find(|(message, _)| message.session == Some(SessionRole::Error))
        else {
            return Ok(Self { data: quote!(::std::convert::Infallible), variant: None });
        };
        let data = frames::data_type(types, message)?;
        Ok(Self { data: quote!(#data), variant: Some(names::variant(wire_type)) })
    }
}

fn declaration(
    ir: &Ir,
    config: &Config,
    types: &RustTypes,
    refusal: &Refusal,
    method: &Method<'_>,
) -> Result<TokenStream, Error> {
    let Method { name, message, .. } = method;
    let variant = variant(message);
    let (topic, data) = (frames::topic_type(ir, message), frames::data_type(types, message)?);
    let topic_ident = topic.ident();
    let docs = |text: &str| docs::tokens(&documentation(ir, method, text));
    let (output, body) = exchange(config, types, refusal, method)?;
    match message.session {
        Some(role) if takes_topics(ir, message) => {
            // What the server tells is what `…_after` takes.
            let positions = role == SessionRole::Subscribe && has_property(ir, message, "positions");
            let frame = |topics: TokenStream, after: TokenStream| {
                quote! {
                    let data = __rt::session_data::topics(#topics, #after, #positions)?;
                    let frame = ClientFrame::#variant { topic: #topic_ident, data };
                }
            };
            let plain = frame(quote!(topics.into_iter().map(|topic| -> Topic { topic.into() })), quote!(Vec::new()));
            let docs_of_it = docs("");
            let mut methods = quote! {
                #docs_of_it
                pub async fn #name<T: ::std::convert::Into<Topic>>(
                    &self,
                    topics: impl ::std::iter::IntoIterator<Item = T>,
                ) -> #output {
                    #plain
                    #body
                }
            };
            if role == SessionRole::Subscribe && has_property(ir, message, "after") {
                let replaying = frame(
                    quote!(after.iter().map(|(topic, _)| topic.clone())),
                    quote!(after.iter().map(|(topic, start)| (topic.to_string(), start.clone())).collect()),
                );
                let docs_of_it = docs(
                    "The server first sends again what came after these positions, or after the \
                                       frames with these ids, or says that it has a gap. Every frame that is kept for \
                                       a replay has a position: see `next_inbound`.",
                );
                let after = format_ident!("{name}_after");
                methods.extend(quote! {
                    #docs_of_it
                    pub async fn #after<T: ::std::convert::Into<Topic>, S: ::std::convert::Into<__rt::ReplayStart>>(
                        &self,
                        after: impl ::std::iter::IntoIterator<Item = (T, S)>,
                    ) -> #output {
                        let after: Vec<(Topic, __rt::ReplayStart)> =
                            after.into_iter().map(|(topic, start)| (topic.into(), start.into())).collect();
                        #replaying
                        #body
                    }
                });
            }
            Ok(methods)
        }
        _ => {
            let docs = docs("");
            Ok(quote! {
                #docs
                pub async fn #name(&self, topic: #topic_ident, data: #data) -> #output {
                    let frame = ClientFrame::#variant { topic, data };
                    #body
                }
            })
        }
    }
}

/// What a method returns, and how it sends `frame` and comes by the answer.
fn exchange(
    config: &Config,
    types: &RustTypes,
    refusal: &Refusal,
    method: &Method<'_>,
) -> Result<(TokenStream, TokenStream), Error> {
    let replies: Vec<&Message> = match &method.answer {
        Answer::Nothing if method.message.session.is_none() => {
            let body = quote!(self.sender.send(&frame).await.map(drop));
            return Ok((quote!(Result<(), __rt::client::ClientError>), body));
        }
        Answer::Nothing => {
            let error = &refusal.data;
            let body = quote!(self.sender.send(&frame).await.map(drop).map_err(::std::convert::Into::into));
            return Ok((quote!(Result<(), __rt::client::RequestError<#error>>), body));
        }
        Answer::One(reply) => vec![reply],
        Answer::OneOf(_, replies) => replies.clone(),
    };
    let (error, reply) = (&refusal.data, service::output(&method.answer, types)?);
    // An error that is a declared reply is a reply.
    let refused = refusal.variant.as_ref().filter(|refused| !replies.iter().any(|reply| variant(reply) == **refused));
    let mut takes: Vec<TokenStream> = replies
        .iter()
        .map(|reply| {
            let variant = variant(reply);
            quote!(ServerFrame::#variant { data, .. } => Ok(data.into()))
        })
        .collect();
    takes.extend(
        refused.map(
            |refused| quote!(ServerFrame::#refused { data, .. } => Err(__rt::client::RequestError::Refused(data))),
        ),
    );
    takes.push(quote!(_ => Err(__rt::correlation::unexpected().into())));
    let steps = method.operation.reply.as_ref().and_then(|reply| reply.sequence.as_deref());
    if let Some(steps) = steps {
        let protocol = names::protocol(config);
        let (counter, matches) = steps_matched(&replies, steps, refused);
        let output =
            quote!(Result<__rt::client::Sequence<#protocol, #reply, #error>, __rt::client::RequestError<#error>>);
        let body = quote! {
            #counter
            let replies = self.sender.request_sequence(&frame, move |frame| match frame {
                #(#matches,)*
                _ => __rt::client::Match::No,
            });
            Ok(__rt::client::Sequence::new(replies.await?, |frame| match frame {
                #(#takes,)*
            }))
        };
        return Ok((output, body));
    }
    let among = replies.iter().map(|reply| variant(reply)).chain(refused.cloned());
    let body = quote! {
        let reply = self.sender.request_reply(&frame, |frame| matches!(frame, #(ServerFrame::#among { .. })|*));
        match reply.await?.frame {
            #(#takes,)*
        }
    };
    Ok((quote!(Result<#reply, __rt::client::RequestError<#error>>), body))
}

/// What each frame is for a sequence: the last step ends it, if the document says how often it comes.
fn steps_matched(
    replies: &[&Message],
    steps: &[SequenceStep],
    refused: Option<&Ident>,
) -> (Option<TokenStream>, Vec<TokenStream>) {
    let last = last_step(steps);
    let mut counter = None;
    let mut matches = Vec::new();
    for reply in replies {
        let variant = variant(reply);
        matches.push(match last {
            Some((id, 1)) if id == reply.id => quote!(ServerFrame::#variant { .. } => __rt::client::Match::Last),
            Some((id, times)) if id == reply.id => {
                counter = Some(quote!(let mut left = #times;));
                quote! {
                    ServerFrame::#variant { .. } => {
                        left -= 1;
                        if left == 0 { __rt::client::Match::Last } else { __rt::client::Match::Reply }
                    }
                }
            }
            _ => quote!(ServerFrame::#variant { .. } => __rt::client::Match::Reply),
        });
    }
    matches.extend(refused.map(|refused| quote!(ServerFrame::#refused { .. } => __rt::client::Match::Last)));
    (counter, matches)
}

/// The message that ends a sequence, and how many of it there are; `None` where nothing says that no more will come.
fn last_step(steps: &[SequenceStep]) -> Option<(&str, u32)> {
    let id = steps.last()?.message.as_str();
    let mut times = 0;
    for step in steps.iter().filter(|step| step.message == id) {
        if step.times != Times::Once {
            return None;
        }
        times += 1;
    }
    Some((id, times))
}

fn documentation(ir: &Ir, method: &Method<'_>, more: &str) -> String {
    let Method { operation, message, answer, .. } = method;
    let mut text = docs::best(&operation.docs, &format!("The operation `{}`.", operation.id));
    if !more.is_empty() {
        text.push_str(&format!("\n\n{more}"));
    }
    let address = ir.channels.get(&operation.channel).map_or("", |channel| channel.address.as_str());
    text.push_str(&format!("\n\nSends `{}` on `{address}`", message.wire_type.as_deref().unwrap_or(&message.id)));
    let replies = match answer {
        Answer::Nothing => Vec::new(),
        Answer::One(reply) => vec![*reply],
        Answer::OneOf(_, replies) => replies.clone(),
    };
    let names: Vec<String> =
        replies.iter().map(|reply| format!("`{}`", reply.wire_type.as_deref().unwrap_or(&reply.id))).collect();
    match operation.reply.as_ref().and_then(|reply| reply.sequence.as_ref()) {
        _ if names.is_empty() => text.push('.'),
        None => text.push_str(&format!(" and waits for {}.", names.join(" or "))),
        Some(steps) => {
            text.push_str(&format!("; the answer is {}, published to the topic", names.join(", ")));
            text.push_str(match last_step(steps) {
                Some(_) => ".",
                None => ". The document does not say which is the last: drop it when there is enough.",
            });
            if !operation.subscribes {
                text.push_str(" Subscribe to the topic before.");
            }
        }
    }
    text.push_str("\n\n# Errors\nIf it cannot be sent, is refused or is not answered.");
    text
}

/// Whether the message's data may have such a property.
fn has_property(ir: &Ir, message: &Message, name: &str) -> bool {
    let frame = ir.merged(&message.payload);
    let data = frame.as_ref().and_then(|frame| frame.properties.get("data")).and_then(|data| ir.merged(data));
    data.is_some_and(|data| data.properties.contains_key(name))
}

/// The variant that a message is in the enum of its direction.
fn variant(message: &Message) -> Ident {
    names::variant(message.wire_type.as_deref().unwrap_or(&message.id))
}

/// What `ClientProtocol` needs to know about the envelope.
fn protocol(ir: &Ir) -> TokenStream {
    let (mut encoded, mut roles) = (Vec::new(), Vec::new());
    let mut pong = None;
    for (message, wire_type) in frames::messages(ir, Direction::ToServer) {
        let variant = names::variant(wire_type);
        encoded.push(quote! {
            ClientFrame::#variant { topic, data } => {
                __rt::client::envelope(stamp, #wire_type, &topic.to_string(), data)
            }
        });
        if let (Some(SessionRole::Pong), TopicType::One(channel)) = (message.session, frames::topic_type(ir, message))
            && channel.parameters.is_empty()
        {
            let topic = names::topic(channel);
            pong = Some(quote! {
                fn pong(timestamp: String, last_id: Option<__rt::uuid::Uuid>) -> Option<ClientFrame> {
                    let data = __rt::session_data::pong(timestamp, last_id)?;
                    Some(ClientFrame::#variant { topic: #topic, data })
                }
            });
        }
    }
    for (message, wire_type) in frames::messages(ir, Direction::ToClient) {
        if let Some(role) = message.session {
            let (variant, role) = (names::variant(wire_type), contract::session_role(role));
            roles.push(quote!(ServerFrame::#variant { .. } => Some(#role)));
        }
    }
    // A reference always counts as inhabited, so that `match frame {}` of an enum without variants is an error.
    let frame = if encoded.is_empty() { quote!(*frame) } else { quote!(frame) };
    quote! {
        fn encode(frame: &ClientFrame, stamp: &__rt::Stamp) -> Result<Vec<u8>, __rt::serde_json::Error> {
            match #frame {
                #(#encoded)*
            }
        }
        #pong
        fn session_role(frame: &ServerFrame) -> Option<__rt::SessionRole> {
            match frame {
                #(#roles,)*
                _ => None,
            }
        }
    }
}

//! `tests/contract.rs` of a new client: calls everything that it can do against a server that plays its part from the
//! document's examples, and has it receive an example of everything that a server can send.

use std::collections::BTreeSet;

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};
use tightwire_spec::ir::{Direction, Location, Message, MessagePart};

use super::client::Plan;
use super::layout;
use crate::error::Error;
use crate::rust::names;
use crate::rust::outline::{Answering, Call, Owed};

const DOCUMENTATION: &str = "\
Sends an example of everything that the client can send, and receives an example of everything that a server can send.

Client and server talk over a stream in memory, with the clock paused. The server is none: it takes a frame, which has to
follow the contract, and answers with frames from `frames/`.";

/// Names of functions that the file has.
const TAKEN: [&str; 6] = ["answer", "connect", "correlated", "data", "frames_of_the_server_are_understood", "topic"];

pub(super) fn emit(plan: &Plan<'_>) -> Result<String, Error> {
    let mut file = File::default();
    let mut named = BTreeSet::from(TAKEN.map(str::to_owned));
    let mut tests = Vec::new();
    for call in &plan.outline.calls {
        let Some(body) = file.conversation(plan, call) else { continue };
        let name = call.name.to_string();
        let numbered = (1..).map(|number| if number == 1 { name.clone() } else { format!("{name}_{number}") });
        let Some(name) = numbered.into_iter().find(|name| named.insert(name.clone())) else { continue };
        let name = names::ident(&name);
        tests.push(quote! {
            #[tokio::test(start_paused = true)]
            async fn #name() {
                #body
            }
        });
    }
    let events = file.events(plan);
    file.emit(plan, &tests, events)
}

/// What the tests need: nothing else is written, so that nothing is unused.
#[derive(Default)]
struct File {
    /// `answer`.
    answers: bool,
    /// `topic`.
    topics: bool,
    /// `correlated`.
    correlates: bool,
    /// The messages of the server.
    events: bool,
}

impl File {
    /// The test of a method, if there are examples for it.
    fn conversation(&mut self, plan: &Plan<'_>, call: &Call<'_>) -> Option<TokenStream> {
        let Call { name, message, data, owed, .. } = call;
        let module = &plan.outline.module;
        let sent = plan.path(message)?;
        let replies: Vec<String> =
            owed.first().into_iter().map(|reply| plan.path(reply)).collect::<Option<Vec<_>>>()?;
        self.answers = true;
        let answers = owed.first().into_iter().map(|reply| (reply, Direction::ToClient));
        let route = plan.route(&[vec![(*message, Direction::ToServer)], answers.collect()].concat())?;
        let setup = quote! {
            let sent = include_str!(#sent);
            let (client, mut server) = connect(#route).await;
        };
        let call_it = if call.takes_topics {
            quote!(client.#name(topics))
        } else if plan.flat() {
            quote!(client.#name(data(sent)))
        } else {
            self.topics = true;
            quote!(client.#name(topic(sent), data(sent)))
        };
        let topics = call.takes_topics.then(|| {
            quote! {
                let topics = data::<#module::#data>(sent).topics;
                let topics = topics.iter().map(|topic| topic.parse::<#module::Topic>().expect("an example is a topic"));
            }
        });
        let took = match call.takes_topics {
            true => quote! {
                assert_eq!(data::<#module::#data>(&received).topics, data::<#module::#data>(sent).topics);
            },
            false => quote! {
                assert_eq!(data::<#module::#data>(&received), data::<#module::#data>(sent));
            },
        };
        let answers = self.answers_of(plan, call, &replies);
        Some(match owed {
            Owed::Nothing => quote! {
                #setup
                #topics
                #call_it.await.expect("it can be sent");
                let received = answer(&mut server, &[]).await;
                #took
            },
            Owed::Reply(reply) => {
                let data = &reply.data;
                quote! {
                    #setup
                    #topics
                    #answers
                    let (reply, received) = tokio::join!(#call_it, answer(&mut server, &replies));
                    #took
                    assert_eq!(reply.expect("the server answers"), data::<#module::#data>(replies[0]));
                }
            }
            Owed::OneOf(among, of) => {
                let data = &of.first()?.data;
                quote! {
                    #setup
                    #topics
                    #answers
                    let (reply, received) = tokio::join!(#call_it, answer(&mut server, &replies));
                    #took
                    let expected = #module::#among::from(data::<#module::#data>(replies[0]));
                    assert_eq!(reply.expect("the server answers"), expected);
                }
            }
            Owed::Sequence(steps) => {
                let expected = steps.iter().zip((0..).map(Literal::usize_unsuffixed)).map(|((reply, _), index)| {
                    let Answering { data, .. } = reply;
                    let step = quote!(data::<#module::#data>(replies[#index]));
                    let step = match &call.steps {
                        Some(steps) => quote!(#module::#steps::from(#step)),
                        None => step,
                    };
                    quote!(assert_eq!(steps.next().await, Some(Ok(#step)));)
                });
                quote! {
                    #setup
                    #topics
                    let replies = [#(include_str!(#replies)),*];
                    let (steps, received) = tokio::join!(#call_it, answer(&mut server, &replies));
                    #took
                    let mut steps = steps.expect("it can be sent");
                    #(#expected)*
                }
            }
        })
    }

    /// The one reply, with the value by which the client knows it.
    fn answers_of(&mut self, plan: &Plan<'_>, call: &Call<'_>, replies: &[String]) -> TokenStream {
        let [reply] = replies else { return TokenStream::new() };
        let pointers = call.owed.first().first().and_then(|reply| Some((pointer(call.message)?, pointer(reply)?)));
        match pointers.filter(|_| plan.flat()) {
            Some((asked, answered)) => {
                self.correlates = true;
                quote! {
                    let answered = correlated(sent, #asked, include_str!(#reply), #answered);
                    let replies = [answered.as_str()];
                }
            }
            None => quote!(let replies = [include_str!(#reply)];),
        }
    }

    /// The test of what the server sends.
    fn events(&mut self, plan: &Plan<'_>) -> Option<TokenStream> {
        let frames: Vec<TokenStream> = plan
            .received
            .iter()
            .filter_map(|message| {
                let path = plan.path(message)?;
                let route = plan.route(&[(message, Direction::ToClient)])?;
                let name = message.wire_type.as_deref().filter(|_| !plan.flat()).unwrap_or(&message.id);
                Some(quote!((#route, include_str!(#path), #name)))
            })
            .collect();
        if frames.is_empty() {
            return None;
        }
        self.events = true;
        let name = if plan.flat() { format_ident!("message") } else { format_ident!("wire_type") };
        Some(quote! {
            #[tokio::test(start_paused = true)]
            async fn frames_of_the_server_are_understood() {
                let frames = [#(#frames),*];
                for (route, frame, message) in frames {
                    let (mut client, mut server) = connect(route).await;
                    server.send(Message::text(frame.to_owned())).await.expect("the frame is sent");
                    let received = client.next().await.expect("the connection lives");
                    let received = received.expect("the frame follows the contract");
                    assert_eq!(received.#name(), message, "{received:?}");
                }
            }
        })
    }

    fn emit(&self, plan: &Plan<'_>, tests: &[TokenStream], events: Option<TokenStream>) -> Result<String, Error> {
        let (module, library) = (&plan.outline.module, names::ident(plan.library));
        let client = &plan.outline.client;
        let helpers = self.helpers(plan);
        let connected = (!self.answers && !self.events).then(|| {
            quote! {
                #[tokio::test(start_paused = true)]
                async fn a_client_can_connect() {
                    connect("/").await;
                }
            }
        });
        let sink = match (self.answers, self.events) {
            (true, _) => quote!(
                use futures_util::{SinkExt, StreamExt};
            ),
            (false, true) => quote!(
                use futures_util::SinkExt;
            ),
            (false, false) => quote!(),
        };
        let messages = (self.answers || self.events).then(|| quote!(Message,));
        let frame = self.answers.then(|| {
            quote!(
                use serde::de::DeserializeOwned;
                use serde_json::Value;
            )
        });
        // The library may have the module's name: hence the paths that begin with `::`.
        let modules = if self.answers { quote!({self, #client, ClientFrame}) } else { quote!(#client) };
        layout::file(
            DOCUMENTATION,
            quote! {
                #sink
                use ::#library::#module::#modules;
                #frame
                use tightwire::client::{Client, ClientConfig};
                use tokio::io::DuplexStream;
                use tokio_websockets::{#messages ServerBuilder, WebSocketStream};
                #(#tests)*
                #events
                #connected
                #helpers
                /// A client, and the other end of its connection.
                async fn connect(route: &str) -> (#client, WebSocketStream<DuplexStream>) {
                    let (near, far) = tokio::io::duplex(1 << 20);
                    let url = format!("ws://localhost{route}");
                    let connecting = Client::connect_on(near, &url, ClientConfig::default());
                    let builder = ServerBuilder::new();
                    let (client, server) = tokio::join!(connecting, builder.accept(far));
                    let (_, server) = server.expect("the client begins a handshake");
                    (client.expect("the handshake succeeds").into(), server)
                }
            },
        )
    }

    fn helpers(&self, plan: &Plan<'_>) -> TokenStream {
        if !self.answers {
            return TokenStream::new();
        }
        let (part, documentation) = match plan.flat() {
            true => (quote!(frame), " What a frame is, as the type of its message."),
            false => (quote!(frame["data"].take()), " The data of a frame, as the type of its message."),
        };
        let mutable = (!plan.flat()).then(|| quote!(mut));
        let topic = self.topics.then(|| {
            quote! {
                /// The topic of a frame.
                fn topic<T: std::str::FromStr<Err: std::fmt::Debug>>(frame: &str) -> T {
                    let frame: Value = serde_json::from_str(frame).expect("a frame is JSON");
                    frame["topic"].as_str().expect("a frame has a topic").parse().expect("an example has a topic")
                }
            }
        });
        let correlated = self.correlates.then(|| {
            quote! {
                /// The reply, as it answers what was sent: both have the same value where the contract says so.
                fn correlated(sent: &str, asked: &str, reply: &str, answered: &str) -> String {
                    let sent: Value = serde_json::from_str(sent).expect("a frame is JSON");
                    let mut reply: Value = serde_json::from_str(reply).expect("a frame is JSON");
                    let (parent, name) = answered.rsplit_once('/').expect("a place in the frame");
                    if let Some(Value::Object(parent)) = reply.pointer_mut(parent) {
                        match sent.pointer(asked) {
                            Some(value) => drop(parent.insert(name.to_owned(), value.clone())),
                            None => drop(parent.remove(name)),
                        }
                    }
                    reply.to_string()
                }
            }
        });
        let (judged, answering) = match plan.flat() {
            true => (
                quote! {
                    if let Err(rejection) = ClientFrame::decode(text.as_bytes()) {
                        panic!("{text} violates the contract: {rejection:?}");
                    }
                },
                TokenStream::new(),
            ),
            false => (
                quote! {
                    let id = match ClientFrame::decode(text.as_bytes()) {
                        Ok(inbound) => inbound.id.to_string(),
                        Err(rejection) => panic!("{text} violates the contract: {rejection:?}"),
                    };
                },
                quote! {
                    let mut reply: Value = serde_json::from_str(reply).expect("a frame is JSON");
                    reply["correlation_id"] = id.as_str().into();
                },
            ),
        };
        quote! {
            /// Takes a frame of the client and answers it. Returns what was taken.
            async fn answer(server: &mut WebSocketStream<DuplexStream>, replies: &[&str]) -> String {
                let message = server.next().await.expect("the client stays").expect("the connection works");
                let text = message.as_text().expect("the client sends text").to_owned();
                #judged
                for reply in replies {
                    #answering
                    server.send(Message::text(reply.to_string())).await.expect("the reply is sent");
                }
                text
            }
            #correlated
            #topic
            #[doc = #documentation]
            fn data<T: DeserializeOwned>(frame: &str) -> T {
                let #mutable frame: Value = serde_json::from_str(frame).expect("a frame is JSON");
                serde_json::from_value(#part).expect("it has the type's shape")
            }
        }
    }
}

/// Where a message says which request it belongs to, if it says so in the frame.
fn pointer(message: &Message) -> Option<&str> {
    match &message.correlation_id {
        Some(Location { part: MessagePart::Payload, pointer }) if pointer.contains('/') => Some(pointer),
        _ => None,
    }
}

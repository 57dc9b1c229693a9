//! `tests/contract.rs` of a new project: sends an example of everything that a client can send, and expects the answer
//! that the document declares.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::quote;
use tightwire_spec::ir::{Direction, Message, Operation, SequenceStep, SessionRole, Times};

use super::{Plan, SESSION_REQUESTS, layout, requests};
use crate::error::Error;
use crate::rust::names;
use crate::rust::outline::Owed;

const DOCUMENTATION: &str = "\
Sends an example of everything that a client can send and expects the answer that the contract declares.

Client and server talk over a stream in memory, with the clock paused. The harness checks every frame that arrives
against the contract.";

pub(super) fn emit(plan: &Plan<'_>) -> Result<String, Error> {
    let (module, library) = (&plan.outline.module, names::ident(plan.library));
    let mut tests = Vec::new();
    let mut named = BTreeSet::from(["a_client_can_connect".to_owned()]);
    let mut needs = Needs::default();
    for (name, message, expected) in conversations(plan) {
        let Some(path) = plan.path(message) else { continue };
        let name = (1..).map(|number| if number == 1 { name.clone() } else { format!("{name}_{number}") });
        let Some(name) = name.clone().find(|name| named.insert(name.clone())) else { continue };
        let name = names::ident(&name);
        let expected = needs.expectation(expected);
        tests.push(quote! {
            #[tokio::test(start_paused = true)]
            async fn #name() {
                check(include_str!(#path), #expected).await;
            }
        });
    }
    let greeting = plan.session(SessionRole::ConnectionEstablished).and_then(|message| message.wire_type.as_deref());
    let greeted = greeting.map(|greeting| quote!(client.expect(#greeting).await;));
    let check = (!tests.is_empty()).then(|| needs.check(plan));
    let imports = if tests.is_empty() {
        quote!()
    } else {
        quote!(
            use serde_json::Value;
        )
    };
    let mutable = greeted.is_some().then(|| quote!(mut));
    let harness = harness(plan);
    layout::file(
        DOCUMENTATION,
        quote! {
            use std::net::SocketAddr;
            use std::time::Duration;
            use #library::#module::CONTRACT;
            #imports
            use tightwire_testkit::{Contract, WsClient, WsHarness};
            #[tokio::test(start_paused = true)]
            async fn a_client_can_connect() {
                let mut client = connect().await;
                client.expect_none(Duration::from_secs(1)).await;
            }
            #(#tests)*
            #check
            /// A client of a server of its own.
            async fn connect() -> WsClient {
                let contract = Contract::from_bundle(CONTRACT.schema_bundle).expect("the generated bundle is right");
                let server = #library::server(tightwire::Config::default());
                let address = SocketAddr::from(([127, 0, 0, 1], 1));
                let served = #harness;
                let #mutable client = served.connect().await;
                #greeted
                client
            }
        },
    )
}

/// The harness with the server, and with what the document requires of the handshake.
fn harness(plan: &Plan<'_>) -> TokenStream {
    let serve = quote!(move |io| server.serve_stream(io, address));
    let Some((_, Some(request))) = requests::all(plan).into_iter().next() else {
        return quote!(WsHarness::spawn(contract, #serve));
    };
    let path = (!request.target.is_empty()).then(|| {
        let path = format!("/ws{}", request.target);
        quote!(.path(#path))
    });
    let headers = request.headers.iter().map(|(name, value)| quote!(.header(#name, #value)));
    if path.is_none() && request.headers.is_empty() {
        return quote!(WsHarness::spawn(contract, #serve));
    }
    quote!(WsHarness::new(contract) #path #(#headers)*.serving(#serve))
}

/// What is to be expected for a frame.
enum Expected {
    /// A reply of one of these types.
    Reply(Vec<String>),
    /// These frames; the client has to subscribe to the topic first, unless the operation does it.
    Sequence { pattern: String, subscribes: bool },
    /// Nothing.
    Silence,
}

/// What clients can start: the test's name, what to send, and what to expect.
fn conversations<'ir>(plan: &Plan<'ir>) -> Vec<(String, &'ir Message, Expected)> {
    let mut conversations = Vec::new();
    let started = |operation: &&Operation| operation.direction == Direction::ToServer;
    for operation in plan.ir.operations.values().filter(started) {
        let messages = operation.messages.iter().filter_map(|id| plan.ir.messages.get(id));
        for message in messages {
            if message.session.is_some_and(|role| SESSION_REQUESTS.contains(&role)) {
                conversations.push((names::snake(&message.id), message, replies(plan, operation)));
            }
        }
    }
    for task in &plan.outline.methods {
        let expected = match &task.owed {
            owed if !can_answer(plan, owed) => continue,
            Owed::Nothing => Expected::Silence,
            Owed::Reply(reply) => Expected::Reply(vec![wire_type(reply.message)]),
            Owed::OneOf(_, replies) => Expected::Reply(replies.iter().map(|reply| wire_type(reply.message)).collect()),
            Owed::Sequence(steps) => {
                let steps: Vec<_> = steps.iter().map(|(reply, step)| self::step(reply.message, step)).collect();
                Expected::Sequence { pattern: steps.join(", "), subscribes: task.operation.subscribes }
            }
        };
        conversations.push((task.name.to_string(), task.message, expected));
    }
    conversations
}

/// Whether there is an example for what the handler sends.
fn can_answer(plan: &Plan<'_>, owed: &Owed<'_>) -> bool {
    match owed {
        Owed::Nothing => true,
        Owed::Reply(reply) => plan.path(reply.message).is_some(),
        Owed::OneOf(_, replies) => replies.first().is_some_and(|reply| plan.path(reply.message).is_some()),
        Owed::Sequence(steps) => steps.iter().all(|(reply, _)| plan.path(reply.message).is_some()),
    }
}

fn replies(plan: &Plan<'_>, operation: &Operation) -> Expected {
    let replies = operation.reply.iter().flat_map(|reply| &reply.messages);
    let replies: Vec<_> = replies.filter_map(|id| plan.ir.messages.get(id)).map(wire_type).collect();
    if replies.is_empty() { Expected::Silence } else { Expected::Reply(replies) }
}

fn wire_type(message: &Message) -> String {
    message.wire_type.clone().unwrap_or_else(|| message.id.clone())
}

fn step(message: &Message, step: &SequenceStep) -> String {
    let times = match step.times {
        Times::Once => "",
        Times::OnceOrMore => "+",
        Times::AnyNumber => "*",
        Times::Optional => "?",
    };
    wire_type(message) + times
}

/// The kinds of expectations that the tests have: no others are written, so that nothing is unused.
#[derive(Default)]
struct Needs {
    reply: bool,
    sequence: bool,
    subscribed: bool,
    silence: bool,
}

impl Needs {
    fn expectation(&mut self, expected: Expected) -> TokenStream {
        match expected {
            Expected::Reply(types) => {
                self.reply = true;
                quote!(Expected::Reply(&[#(#types),*]))
            }
            Expected::Sequence { pattern, subscribes: true } => {
                self.sequence = true;
                quote!(Expected::Sequence(#pattern))
            }
            Expected::Sequence { pattern, subscribes: false } => {
                self.subscribed = true;
                quote!(Expected::Published(#pattern))
            }
            Expected::Silence => {
                self.silence = true;
                quote!(Expected::Silence)
            }
        }
    }

    fn check(&self, plan: &Plan<'_>) -> TokenStream {
        let (mut variants, mut arms) = (Vec::new(), Vec::new());
        if self.reply {
            variants.push(quote! {
                /// A reply of one of these types.
                Reply(&'static [&'static str])
            });
            arms.push(quote! {
                Expected::Reply(types) => {
                    let reply = client.request(wire_type, topic, data).await;
                    assert!(types.contains(&reply.wire_type.as_str()), "{reply} instead of {types:?}");
                }
            });
        }
        if self.sequence {
            variants.push(quote! {
                /// Frames in this order.
                Sequence(&'static str)
            });
            arms.push(quote! {
                Expected::Sequence(pattern) => {
                    let id = client.send(wire_type, topic, data).await;
                    client.expect_sequence(pattern).answering(id).await;
                }
            });
        }
        if self.subscribed {
            variants.push(quote! {
                /// Frames in this order, for whoever is subscribed to the topic.
                Published(&'static str)
            });
            let subscribe = plan.session(SessionRole::Subscribe).and_then(|message| {
                let topic = &plan.frames.get(message.id.as_str())?.value["topic"];
                let (wire_type, topic) = (message.wire_type.as_deref()?, topic.as_str()?);
                Some(quote!(client.request(#wire_type, #topic, serde_json::json!({"topics": [topic]})).await;))
            });
            arms.push(quote! {
                Expected::Published(pattern) => {
                    #subscribe
                    let id = client.send(wire_type, topic, data).await;
                    client.expect_sequence(pattern).answering(id).await;
                }
            });
        }
        if self.silence {
            variants.push(quote! {
                /// Nothing, and above all no error.
                Silence
            });
            arms.push(quote! {
                Expected::Silence => {
                    client.send(wire_type, topic, data).await;
                    client.expect_none(Duration::from_secs(1)).await;
                }
            });
        }
        quote! {
            /// What a client gets for what it sends.
            enum Expected {
                #(#variants,)*
            }
            /// Sends the frame and waits for what is expected.
            async fn check(frame: &str, expected: Expected) {
                let frame: Value = serde_json::from_str(frame).expect("a frame is JSON");
                let text = |key: &str| frame[key].as_str().expect("a frame has a type and a topic");
                let (wire_type, topic, data) = (text("type"), text("topic"), &frame["data"]);
                let mut client = connect().await;
                match expected {
                    #(#arms)*
                }
            }
        }
    }
}

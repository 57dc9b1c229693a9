//! `tests/contract.rs` of a new project whose protocol has no envelope: frames are told apart by the generated decoder.

use std::collections::BTreeSet;

use heck::ToShoutySnakeCase;
use proc_macro2::{Literal, TokenStream};
use quote::quote;
use tightwire_spec::ir::{Direction, Message, MessageId};

use super::requests::{self, Request};
use super::{Plan, layout};
use crate::error::Error;
use crate::handshakes::Handshake;
use crate::rust::outline::Owed;
use crate::rust::{decoder, docs, names};

const DOCUMENTATION: &str = "\
Sends an example of everything that a client can send and expects the answer that the contract declares.

Client and server talk over a stream in memory, with the clock paused. Every frame that arrives is checked against the
contract: the generated decoder refuses what is not in it.";

const WITHOUT_A_CLIENT: &str = "\
Makes the server. No example could be made of what the contract requires of a handshake: write tests that connect here.";

pub(super) fn emit(plan: &Plan<'_>) -> Result<String, Error> {
    let (module, library) = (&plan.outline.module, names::ident(plan.library));
    let mut routes = Routes::of(plan);
    let Some(first) = routes.first() else {
        return layout::file(
            WITHOUT_A_CLIENT,
            quote! {
                #[test]
                fn the_server_can_be_made() {
                    drop(#library::server(tightwire::Config::default()));
                }
            },
        );
    };
    let mut tests = Vec::new();
    for task in &plan.outline.methods {
        let Some(path) = plan.path(task.message) else { continue };
        let answers: Vec<&Message> = match &task.owed {
            Owed::Nothing => Vec::new(),
            Owed::Reply(reply) => vec![reply.message],
            Owed::OneOf(_, replies) => replies.iter().map(|reply| reply.message).collect(),
            Owed::Sequence(steps) => steps.iter().take(1).map(|(reply, _)| reply.message).collect(),
        };
        // What the handler answers with is the first of them.
        let Some(route) = routes.carrying(plan, task.message, answers.first().copied()) else { continue };
        let answers = answers.iter().map(|message| &message.id);
        let name = &task.name;
        tests.push(quote! {
            #[tokio::test(start_paused = true)]
            async fn #name() {
                check(#route, include_str!(#path), &[#(#answers),*]).await;
            }
        });
    }
    let (route_type, declarations) = (routes.parameter_type(), routes.declarations());
    let read_from_first = routes.are_apart.then(|| quote!(, #first));
    let read_from = routes.are_apart.then(|| quote!(, route));
    let check = (!tests.is_empty()).then(|| {
        quote! {
            /// Sends the frame and waits for one of the answers; without any, for a second of silence.
            async fn check(route: #route_type, frame: &str, answers: &[&str]) {
                let mut client = connect(route).await;
                client.send(Message::text(frame.to_owned())).await.expect("the frame is sent");
                match next(&mut client #read_from).await {
                    Some(frame) => assert!(answers.contains(&frame.message()), "{frame:?} instead of {answers:?}"),
                    None => assert!(answers.is_empty(), "nothing instead of {answers:?}"),
                }
            }
        }
    });
    let sink = if tests.is_empty() {
        quote!(
            use futures_util::StreamExt;
        )
    } else {
        quote!(
            use futures_util::{SinkExt, StreamExt};
        )
    };
    let message = if tests.is_empty() { quote!() } else { quote!(Message,) };
    let (next, connect) = (routes.next(), routes.connect());
    layout::file(
        DOCUMENTATION,
        quote! {
            use std::net::SocketAddr;
            use std::time::Duration;
            #sink
            use #library::#module::ServerFrame;
            use tokio::io::DuplexStream;
            use tokio_websockets::{ClientBuilder, #message WebSocketStream};
            #declarations
            #[tokio::test(start_paused = true)]
            async fn a_client_can_connect() {
                let mut client = connect(#first).await;
                assert_eq!(next(&mut client #read_from_first).await, None);
            }
            #(#tests)*
            #check
            #next
            /// A client of a server of its own.
            async fn connect(route: #route_type) -> WebSocketStream<DuplexStream> {
                let (near, far) = tokio::io::duplex(1 << 16);
                let server = #library::server(tightwire::Config::default());
                tokio::spawn(server.serve_stream(far, SocketAddr::from(([127, 0, 0, 1], 1))));
                #connect
                builder.connect_on(near).await.expect("the server answers the handshake").0
            }
        },
    )
}

/// Where the tests connect: a path with its query; where more is to be known of a route, a constant.
struct Routes<'ir> {
    routes: Vec<(Handshake<'ir>, Option<Request>)>,
    /// What travels on each, to the server and to the client.
    messages: Vec<(BTreeSet<&'ir MessageId>, BTreeSet<&'ir MessageId>)>,
    /// Whether a frame of the server is another message on one route than on another.
    are_apart: bool,
    /// Whether headers are required somewhere.
    have_headers: bool,
    /// The routes that the tests use.
    used: BTreeSet<usize>,
}

impl<'ir> Routes<'ir> {
    fn of(plan: &Plan<'ir>) -> Self {
        let routes = requests::all(plan);
        let have_headers =
            routes.iter().any(|(_, request)| request.as_ref().is_some_and(|one| !one.headers.is_empty()));
        let are_apart = decoder::tells_routes_apart(plan.ir, Direction::ToClient);
        let travelling = |direction| {
            let by_route = plan.ir.messages_by_route(direction).into_iter();
            by_route.map(|messages| messages.into_iter().collect::<BTreeSet<_>>())
        };
        let messages = travelling(Direction::ToServer).zip(travelling(Direction::ToClient)).collect();
        Self { routes, messages, are_apart, have_headers, used: BTreeSet::new() }
    }

    /// Any route at which a client can connect.
    fn first(&mut self) -> Option<TokenStream> {
        let index = self.connectable().next()?;
        self.route(index)
    }

    /// The routes that have a request.
    fn connectable(&self) -> impl Iterator<Item = usize> {
        let routes = self.routes.iter().enumerate();
        routes.filter(|(_, (_, request))| request.is_some()).map(|(index, _)| index)
    }

    /// A route on which clients send the message, and which it is told apart from others by its example: documents may
    /// have messages that look alike. The same goes for the answer.
    fn carrying(&mut self, plan: &Plan<'_>, message: &Message, answer: Option<&Message>) -> Option<TokenStream> {
        let is_recognised = |message: &Message, direction, travelling: &BTreeSet<&MessageId>| {
            let frame = plan.frames.get(message.id.as_str());
            let taken = frame.and_then(|frame| plan.examples.taken_for(&frame.value, direction, travelling));
            taken == Some(&message.id)
        };
        let carries = |index: &usize| {
            let (to_server, to_client) = &self.messages[*index];
            is_recognised(message, Direction::ToServer, to_server)
                && answer.is_none_or(|answer| is_recognised(answer, Direction::ToClient, to_client))
        };
        let index = self.connectable().find(carries)?;
        self.route(index)
    }

    fn route(&mut self, index: usize) -> Option<TokenStream> {
        let (handshake, Some(request)) = self.routes.get(index)? else { return None };
        self.used.insert(index);
        if self.are_constants() {
            let name = constant(handshake);
            return Some(quote!(&#name));
        }
        let target = &request.target;
        Some(quote!(#target))
    }

    fn are_constants(&self) -> bool {
        self.are_apart || self.have_headers
    }

    fn parameter_type(&self) -> TokenStream {
        if self.are_constants() { quote!(&Route) } else { quote!(&str) }
    }

    /// The type of the constants, and those that are used.
    fn declarations(&self) -> TokenStream {
        if !self.are_constants() {
            return TokenStream::new();
        }
        let index = self.are_apart.then(|| {
            quote! {
                /// Its place in the contract.
                index: usize,
            }
        });
        let headers = self.have_headers.then(|| {
            quote! {
                /// The headers that it requires.
                headers: &'static [(&'static str, &'static str)],
            }
        });
        let constants = self.used.iter().filter_map(|index| {
            let (handshake, Some(request)) = self.routes.get(*index)? else { return None };
            let (name, target) = (constant(handshake), &request.target);
            let docs = docs::tokens(&format!("`{}`", handshake.path));
            let index = self.are_apart.then(|| Literal::usize_unsuffixed(*index)).map(|index| quote!(index: #index,));
            let headers = self.have_headers.then(|| {
                let headers = request.headers.iter().map(|(name, value)| quote!((#name, #value)));
                quote!(headers: &[#(#headers),*],)
            });
            Some(quote! {
                #docs
                const #name: Route = Route { #index target: #target, #headers };
            })
        });
        quote! {
            /// Where a client connects.
            struct Route {
                #index
                /// Path and query.
                target: &'static str,
                #headers
            }
            #(#constants)*
        }
    }

    /// The function that reads.
    fn next(&self) -> TokenStream {
        let (route, decode) = match self.are_apart {
            true => (quote!(, route: &Route), quote!(ServerFrame::decode_on(route.index, text.as_bytes()))),
            false => (TokenStream::new(), quote!(ServerFrame::decode(text.as_bytes()))),
        };
        quote! {
            /// The next frame, if one comes within a second.
            async fn next(client: &mut WebSocketStream<DuplexStream> #route) -> Option<ServerFrame> {
                let message = tokio::time::timeout(Duration::from_secs(1), client.next()).await.ok()?;
                let message = message.expect("the server stays").expect("the connection works");
                let text = message.as_text().expect("the server sends text");
                match #decode {
                    Ok(inbound) => Some(inbound.frame),
                    Err(rejection) => panic!("{text} violates the contract: {rejection:?}"),
                }
            }
        }
    }

    /// The `builder` of a client's handshake.
    fn connect(&self) -> TokenStream {
        if !self.are_constants() {
            return quote! {
                let builder = ClientBuilder::new().uri(&format!("ws://localhost{route}")).expect("a route is a path");
            };
        }
        let mutable = self.have_headers.then(|| quote!(mut));
        let headers = self.have_headers.then(|| {
            quote! {
                for (name, value) in route.headers {
                    let (name, value) = (name.parse().expect("a name"), value.parse().expect("a value"));
                    builder = builder.add_header(name, value).expect("a header of the application");
                }
            }
        });
        quote! {
            let url = format!("ws://localhost{}", route.target);
            let #mutable builder = ClientBuilder::new().uri(&url).expect("a route is a path");
            #headers
        }
    }
}

fn constant(handshake: &Handshake<'_>) -> syn::Ident {
    names::ident(&handshake.name.to_shouty_snake_case())
}

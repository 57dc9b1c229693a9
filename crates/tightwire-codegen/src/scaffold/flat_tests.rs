//! `tests/contract.rs` of a new project whose protocol has no envelope: frames are told apart by the generated decoder.

use quote::quote;
use tightwire_spec::ir::{Message, Route, Segment};

use super::{Plan, layout};
use crate::error::Error;
use crate::rust::names;
use crate::rust::outline::Owed;

const DOCUMENTATION: &str = "\
Sends an example of everything that a client can send and expects the answer that the contract declares.

Client and server talk over a stream in memory, with the clock paused. Every frame that arrives is checked against the
contract: the generated decoder refuses what is not in it.";

pub(super) fn emit(plan: &Plan<'_>) -> Result<String, Error> {
    let (module, library) = (&plan.outline.module, names::ident(plan.library));
    let mut tests = Vec::new();
    for task in &plan.outline.methods {
        let Some(path) = plan.path(task.message) else { continue };
        let answers: Vec<&str> = match &task.owed {
            Owed::Nothing => Vec::new(),
            Owed::Reply(reply) => vec![reply.message.id.as_str()],
            Owed::OneOf(_, replies) => replies.iter().map(|reply| reply.message.id.as_str()).collect(),
            Owed::Sequence(steps) => steps.iter().take(1).map(|(reply, _)| reply.message.id.as_str()).collect(),
        };
        let name = &task.name;
        let route = route(plan, task.message);
        tests.push(quote! {
            #[tokio::test(start_paused = true)]
            async fn #name() {
                check(#route, include_str!(#path), &[#(#answers),*]).await;
            }
        });
    }
    let check = (!tests.is_empty()).then(|| {
        quote! {
            /// Sends the frame and waits for one of the answers; without any, for a second of silence.
            async fn check(route: &str, frame: &str, answers: &[&str]) {
                let mut client = connect(route).await;
                client.send(Message::text(frame.to_owned())).await.expect("the frame is sent");
                match next(&mut client).await {
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
    let first = plan.ir.routes.values().next().map_or_else(|| "/".to_owned(), path);
    layout::file(
        DOCUMENTATION,
        quote! {
            use std::net::SocketAddr;
            use std::time::Duration;
            #sink
            use #library::#module::ServerFrame;
            use tokio::io::DuplexStream;
            use tokio_websockets::{ClientBuilder, #message WebSocketStream};
            #[tokio::test(start_paused = true)]
            async fn a_client_can_connect() {
                let mut client = connect(#first).await;
                assert_eq!(next(&mut client).await, None);
            }
            #(#tests)*
            #check
            /// The next frame, if one comes within a second.
            async fn next(client: &mut WebSocketStream<DuplexStream>) -> Option<ServerFrame> {
                let message = tokio::time::timeout(Duration::from_secs(1), client.next()).await.ok()?;
                let message = message.expect("the server stays").expect("the connection works");
                let text = message.as_text().expect("the server sends text");
                match ServerFrame::decode(text.as_bytes()) {
                    Ok(inbound) => Some(inbound.frame),
                    Err(rejection) => panic!("{text} violates the contract: {rejection:?}"),
                }
            }
            /// A client of a server of its own.
            async fn connect(route: &str) -> WebSocketStream<DuplexStream> {
                let (near, far) = tokio::io::duplex(1 << 16);
                let server = #library::server();
                tokio::spawn(server.serve_stream(far, SocketAddr::from(([127, 0, 0, 1], 1))));
                let builder = ClientBuilder::new().uri(&format!("ws://localhost{route}")).expect("a route is a path");
                builder.connect_on(near).await.expect("the server answers the handshake").0
            }
        },
    )
}

/// A path at which the message may be sent.
fn route(plan: &Plan<'_>, message: &Message) -> String {
    let mut routes = plan.ir.routes.values();
    let route = routes.find(|route| route.channels.iter().any(|channel| message.channels.contains(channel)));
    route.map_or_else(|| "/".to_owned(), path)
}

/// A route's path with a value for each parameter.
fn path(route: &Route) -> String {
    let segment = |segment: &Segment| match segment {
        Segment::Literal(text) => text.clone(),
        Segment::Parameter(name) => {
            let parameter = route.parameters.get(name);
            let values = parameter
                .into_iter()
                .flat_map(|parameter| parameter.values.iter().chain(&parameter.default).chain(&parameter.examples));
            values.map(String::as_str).next().unwrap_or("a").to_owned()
        }
    };
    route.segments.iter().map(segment).collect()
}

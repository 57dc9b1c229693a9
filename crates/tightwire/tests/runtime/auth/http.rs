//! Routes of the application that ask who sends a request.

use std::sync::Arc;

use serde_json::json;
use tightwire::warp::{self, Filter};
use tightwire::{Auth, Config, Identity, Server};

use super::handshake::response;
use super::tokens::{config, now, signed};
use crate::client::REMOTE;
use crate::protocol::Rooms;

/// A server with a route `/me` that says who asks, and a route `/open` that does not ask.
fn server(config: Config) -> Server<Rooms> {
    let me = warp::path!("me").and(config.auth.filter()).map(|identity: Option<Arc<Identity>>| {
        let subject = identity.map_or_else(|| "nobody".to_owned(), |identity| identity.subject().to_owned());
        warp::reply::with_header(subject.clone(), "x-subject", subject)
    });
    let open = warp::path!("open").map(|| "open");
    Server::new(Rooms::default(), config).with_routes(me.or(open))
}

async fn check(server: &Server<Rooms>, path: &str, headers: &str, parts: &[&str]) {
    let (near, far) = tokio::io::duplex(16 * 1024);
    tokio::spawn(server.serve_stream(far, REMOTE));
    let response = response(near, path, headers).await;
    assert!(parts.iter().all(|part| response.contains(part)), "{path} {headers}: {response}");
}

#[tokio::test]
async fn an_application_asks_as_the_server_does() {
    let server = server(config());
    let token = signed(json!({}));
    let (ada, denied) = (["HTTP/1.1 200 ", "x-subject: ada\r\n"], "HTTP/1.1 401 ");
    check(&server, "/me", &format!("Authorization: Bearer {token}\r\n"), &ada).await;
    check(&server, &format!("/me?token={token}"), "", &ada).await;
    assert_eq!(server.stats().unauthorized_total(), 0);
    check(&server, "/me", "", &[denied, "www-authenticate: Bearer\r\n", "content-type: application/json\r\n"]).await;
    let expired = format!("Authorization: Bearer {}\r\n", signed(json!({"exp": now() - 100})));
    check(&server, "/me", &expired, &[denied, "www-authenticate: Bearer error=\"invalid_token\""]).await;
    assert_eq!(server.stats().unauthorized_total(), 2);
    check(&server, "/open", "", &["HTTP/1.1 200 "]).await;
    check(&server, "/nowhere", "", &["HTTP/1.1 404 "]).await;
    assert_eq!(server.stats().unauthorized_total(), 2);
}

#[tokio::test]
async fn where_nobody_is_asked_there_is_nobody() {
    let open = Config { auth: Auth::Disabled { force: false }, ..Config::default() };
    check(&server(open), "/me", "", &["HTTP/1.1 200 ", "x-subject: nobody\r\n"]).await;
}

//! `POST /api/publish`.

use std::time::Duration;

use serde_json::{Value, json};
use tightwire::Config;
use tightwire::proto::address_rate::AddressRate;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Answer, Site};
use crate::auth::tokens;
use crate::client::{Client, settle};

const JSON: (&str, &str) = ("content-type", "application/json");

fn posted(topic: &str, text: &str) -> Value {
    json!({"topic": topic, "type": "posted", "data": {"text": text}})
}

async fn publish(site: &Site, headers: &[(&str, &str)], body: &Value) -> Answer {
    site.ask("POST", "/api/publish", &[headers, &[JSON]].concat(), &body.to_string()).await
}

/// What a body is answered with: the status, and the violation or the text of the error.
async fn refusal(site: &Site, body: &Value) -> (u16, String) {
    let answer = publish(site, &[], body).await;
    let violations = answer.json()["violations"].as_array().cloned().unwrap_or_default();
    match &violations[..] {
        [] => answer.problem(),
        [first, ..] => {
            let text = |key| first[key].as_str().expect("text");
            (answer.status, format!("{}: {}", text("pointer"), text("keyword")))
        }
    }
}

#[tokio::test]
async fn what_is_published_reaches_subscribers() {
    let site = Site::open(Config::default()).await;
    let stream = TcpStream::connect(site.address).await.expect("connected");
    let mut client = Client::over(stream).await;
    client.send("subscribe", "system", json!({"topics": ["room:a"]})).await;
    assert_eq!(client.event().await, "connection_established");
    assert_eq!(client.event().await, "subscription_updated [room:a]");
    let answer = publish(&site, &[], &posted("room:a", "Grüße")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let frame = client.frame().await.expect("a frame");
    assert_eq!((&frame["type"], &frame["data"]), (&json!("posted"), &json!({"text": "Grüße"})));
    let position = json!({"epoch": frame["epoch"], "seq": frame["seq"]});
    assert_eq!(answer.json(), json!({"id": frame["id"], "position": position}));
    // What is not kept has no position.
    let typing = json!({"topic": "room:a", "type": "typing", "data": {"text": "…"}});
    let answer = publish(&site, &[], &typing).await.json();
    let frame = client.frame().await.expect("a frame");
    assert_eq!(answer, json!({"id": frame["id"], "position": null}));
    drop(client);
    settle(&site.server).await;
}

#[tokio::test]
async fn what_the_contract_does_not_allow_is_refused() {
    let site = Site::open(Config { max_body_bytes: 1000, ..Config::default() }).await;
    let check = async |body: Value, status: u16, part: &str| {
        let (found, text) = refusal(&site, &body).await;
        assert!(found == status && text.contains(part), "{body}: {found} {text}");
    };
    check(json!({"topic": "room:a", "type": "posted", "data": {"text": ""}}), 400, "/data/text: minLength").await;
    check(json!({"topic": "room:a", "type": "posted", "data": {}}), 400, "/data/text: required").await;
    check(json!({"topic": "room:a", "type": "posted", "data": 7}), 400, "/data: type").await;
    check(json!({"topic": "system", "type": "posted", "data": {"text": "x"}}), 400, "/topic: pattern").await;
    check(json!({"topic": "lobby", "type": "posted", "data": {"text": "x"}}), 404, "no such topic").await;
    for wire_type in ["post", "error", "disconnect_notice", "welcome", "nothing"] {
        check(json!({"topic": "room:a", "type": wire_type, "data": {}}), 400, "/type: enum").await;
    }
    check(json!({"topic": "room:a", "type": "posted"}), 400, "the body must be").await;
    check(json!({"topic": "room:a", "type": "posted", "data": {}, "extra": 1}), 400, "the body must be").await;
    check(posted("room:a", &"x".repeat(1000)), 413, "too large").await;
    let body = posted("room:a", "x").to_string();
    let answer = site.ask("POST", "/api/publish", &[("content-type", "text/plain")], &body).await;
    assert_eq!(answer.problem().0, 415);
    assert_eq!(site.ask("GET", "/api/publish", &[], "").await.problem().0, 405);
    assert_eq!(site.server.stats().published_total(), 0);
}

#[tokio::test]
async fn it_takes_a_role_and_the_right_to_write() {
    let site = Site::open(tokens::config()).await;
    let status = async |claims: Option<Value>, topic: &str| {
        let token = claims.map(|claims| format!("Bearer {}", tokens::signed(claims)));
        let headers: Vec<_> = token.iter().map(|token| ("authorization", token.as_str())).collect();
        publish(&site, &headers, &posted(topic, "x")).await.status
    };
    assert_eq!(status(None, "room:a").await, 401);
    assert_eq!(status(Some(json!({})), "room:a").await, 403);
    assert_eq!(status(Some(json!({"roles": ["reader"]})), "room:a").await, 403);
    assert_eq!(status(Some(json!({"roles": ["publisher"]})), "room:a").await, 200);
    let narrow = || Some(json!({"roles": ["x", "publisher"], "topics": {"read": ["*"], "write": ["room:a"]}}));
    assert_eq!(status(narrow(), "room:a").await, 200);
    assert_eq!(status(narrow(), "room:b").await, 403);
}

#[tokio::test]
async fn where_nobody_is_asked_only_programs_nearby_may() {
    let proxy = "10.0.0.1/32".parse().expect("a network");
    let site = Site::open(Config { trusted_proxies: vec![proxy], ..Config::default() }).await;
    let status = async |header: (&str, &str)| publish(&site, &[header], &posted("room:a", "x")).await.status;
    assert_eq!(status(("x-nothing", "x")).await, 200);
    // A proxy on this machine, of which nobody has told the server.
    assert_eq!(status(("x-forwarded-for", "198.51.100.1")).await, 403);
    assert_eq!(status(("forwarded", "for=198.51.100.1")).await, 403);
    // A page that somebody on this machine looks at.
    assert_eq!(status(("origin", "https://elsewhere.example")).await, 403);
    assert_eq!(status(("origin", "http://localhost")).await, 200);
    let loopback = "127.0.0.0/8".parse().expect("a network");
    let site = Site::open(Config { trusted_proxies: vec![loopback], ..Config::default() }).await;
    let forwarded = [("x-forwarded-for", "198.51.100.1")];
    assert_eq!(publish(&site, &forwarded, &posted("room:a", "x")).await.status, 403);
}

#[tokio::test]
async fn an_address_may_publish_so_often() {
    let rate = Some(AddressRate { per_second: 1, burst: 3 });
    let site = Site::open(Config { publish_rate: rate, ..Config::default() }).await;
    for _ in 0..3 {
        assert_eq!(publish(&site, &[], &posted("room:a", "x")).await.status, 200);
    }
    let answer = publish(&site, &[], &posted("room:a", "x")).await;
    assert_eq!(answer.problem().0, 429);
    assert!(answer.head.contains("retry-after: 1\r\n"), "{answer:?}");
}

#[tokio::test]
async fn a_body_must_arrive_in_time() {
    let site = Site::open(Config { request_timeout: Duration::from_millis(100), ..Config::default() }).await;
    let mut stream = TcpStream::connect(site.address).await.expect("connected");
    let head = "POST /api/publish HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{";
    stream.write_all(head.as_bytes()).await.expect("sent");
    let mut response = [0; 12];
    let reading = tokio::time::timeout(Duration::from_secs(5), stream.read_exact(&mut response));
    reading.await.expect("in time").expect("a response");
    assert_eq!(&response, b"HTTP/1.1 408");
}

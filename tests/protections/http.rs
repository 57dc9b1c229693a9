//! Plain HTTP: requests in the wrong place, bodies nobody asked for, and many of either on one connection.

use tightwire_testkit::RawClient;

use crate::arena::{Arena, Seen, check};
use crate::common::bus::{Bus, on_each_bus};

on_each_bus! { on_its_own:
    requests_in_the_wrong_place
    bodies_that_nobody_asked_for
    requests_without_waiting
}

/// Sends each of these on a connection of its own; the status of the answer.
#[track_caller]
fn check_statuses(bus: &Bus, requests: &[(String, u16)]) {
    let attack = async |arena: &Arena| {
        let mut seen = Vec::new();
        for (request, _) in requests {
            let mut client = arena.connect().await;
            // The server may answer before it has read everything.
            let _ = client.send(request.as_bytes()).await;
            seen.push(status(&mut client).await);
        }
        Seen::from(seen)
    };
    let expected: Vec<String> = requests.iter().map(|(_, status)| status.to_string()).collect();
    check(bus, &[], attack, &expected.iter().map(String::as_str).collect::<Vec<_>>());
}

async fn status(client: &mut RawClient) -> String {
    let response = client.response().await;
    response.map_or_else(|error| format!("{:?}", error.kind()), |response| response.status.to_string())
}

fn request(line: &str, headers: &str) -> String {
    format!("{line} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n")
}

fn requests_in_the_wrong_place(bus: &Bus) {
    check_statuses(
        bus,
        &[
            (request("GET /../../etc/passwd", ""), 404),
            (request("GET /%2e%2e/%2e%2e/etc/passwd", ""), 404),
            (request("GET /ws/../health", ""), 404),
            (request("GET //health", ""), 404),
            (request("GET /\u{0}", ""), 400),
            (request("DELETE /health", ""), 405),
            (request("TRACE /", ""), 405),
            (request("CONNECT example.com:80", ""), 400),
            (request("OPTIONS *", ""), 400),
            (request("GET http://evil.example/health", ""), 200),
            (request("GET health", ""), 400),
            // No file can have such a name.
            (request(&format!("GET /{}", "a/".repeat(4000)), ""), 400),
            (request("GET /ws", ""), 426),
        ],
    );
}

/// A body that no route takes is not read, however large it says it is.
fn bodies_that_nobody_asked_for(bus: &Bus) {
    let megabyte = "x".repeat(1 << 20);
    check_statuses(
        bus,
        &[
            (request("POST /health", "Content-Length: 1000000\r\n") + &megabyte, 405),
            (request("POST /health", "Content-Length: 1048577\r\n") + &megabyte, 413),
            (request("POST /nowhere", "Content-Length: 1000000000000\r\n") + &megabyte, 413),
            (request("POST /health", "Transfer-Encoding: chunked\r\n") + "fffffff\r\n" + &megabyte, 405),
            (request("POST /health", "Transfer-Encoding: chunked\r\n") + "fffffffffffffffffffff\r\n", 405),
            (request("GET /health", "Content-Length: 1000000\r\n") + &megabyte, 200),
        ],
    );
}

/// A thousand requests at once on one connection are answered one after the other.
fn requests_without_waiting(bus: &Bus) {
    let attack = async |arena: &Arena| {
        let mut client = arena.connect().await;
        client.send(request("GET /health", "").repeat(1000).as_bytes()).await.expect("the server reads");
        let mut seen = Vec::new();
        for _ in 0..1000 {
            seen.push(status(&mut client).await);
        }
        seen.dedup();
        Seen::from(seen).holding([client])
    };
    check(bus, &[], attack, &["200"]);
}

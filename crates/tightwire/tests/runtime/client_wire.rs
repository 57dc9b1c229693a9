//! What the client puts on the wire, and what it takes from it: the handshake and frames, byte by byte.

use futures_util::StreamExt;
use headers::{HeaderMapExt, SecWebsocketAccept, SecWebsocketKey};
use tightwire::client::{Client, ClientConfig, ClientError, ConnectError};
use tightwire::warp::http::{HeaderMap, HeaderValue};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use crate::exchange::{ToClient, ToServer};
use crate::typed_client::{Trader, against};

/// Connects to a server that reads the request and answers with these lines, in which `{accept}` stands for what it should
/// be, and with bytes behind them. What comes of it, and the request.
async fn connect(
    url: &str,
    config: ClientConfig,
    lines: &str,
    behind: &[u8],
) -> (Result<Client<Trader>, ConnectError>, String) {
    let (near, mut far) = tokio::io::duplex(64 * 1024);
    let (lines, behind) = (lines.to_owned(), behind.to_owned());
    let serving = tokio::spawn(async move {
        let head = head(&mut far).await;
        let answer = format!("{}\r\n\r\n", lines.replace("{accept}", &accept(&head)));
        far.write_all(&[answer.as_bytes(), &behind].concat()).await.expect("the client is there");
        (head, far)
    });
    let connected = Client::connect_on(near, url, config).await;
    let (head, far) = serving.await.expect("the client has sent a request");
    // As long as the client may read.
    tokio::spawn(async move {
        let _far = far;
        std::future::pending::<()>().await;
    });
    (connected, head)
}

async fn head(stream: &mut DuplexStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("a whole request"));
    }
    String::from_utf8(head).expect("text")
}

fn accept(head: &str) -> String {
    let key = head.lines().find_map(|line| line.strip_prefix("sec-websocket-key: ")).expect("a key");
    let mut headers = HeaderMap::new();
    headers.insert("sec-websocket-key", HeaderValue::from_str(key).expect("text"));
    let key: SecWebsocketKey = headers.typed_get().expect("16 bytes in base64");
    headers.typed_insert(SecWebsocketAccept::from(key));
    headers["sec-websocket-accept"].to_str().expect("text").to_owned()
}

const AGREED: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n\
                      Sec-WebSocket-Accept: {accept}";

/// The same request in the words of the URL and the settings.
async fn check_request(url: &str, headers: &[(&str, &str)], lines: &[&str]) {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let config = ClientConfig { headers: headers.iter().map(owned).collect(), ..ClientConfig::default() };
    let (connected, head) = connect(url, config, AGREED, b"").await;
    connected.expect("a connection");
    let mut found: Vec<_> = head.trim_end().lines().filter(|line| !line.starts_with("sec-websocket-key: ")).collect();
    assert_eq!(found.remove(0), lines[0], "{url}");
    found.sort_unstable();
    let mut expected =
        [&["connection: Upgrade", "upgrade: websocket", "sec-websocket-version: 13"], &lines[1..]].concat();
    expected.sort_unstable();
    assert_eq!(found, expected, "{url}");
}

#[tokio::test(start_paused = true)]
async fn the_request_says_what_it_must_and_no_more() {
    check_request("ws://localhost", &[], &["GET / HTTP/1.1", "host: localhost"]).await;
    check_request("ws://localhost:8080/v2?a=%20b", &[], &["GET /v2?a=%20b HTTP/1.1", "host: localhost:8080"]).await;
    check_request("ws://[::1]:8080/v2", &[], &["GET /v2 HTTP/1.1", "host: [::1]:8080"]).await;
    check_request("ws://ada:secret@localhost/v2", &[], &["GET /v2 HTTP/1.1", "host: localhost"]).await;
    let more = [("X-Token", "t"), ("Cookie", "a=b"), ("X-Token", "u")];
    let lines = ["GET /v2 HTTP/1.1", "host: localhost", "x-token: t", "x-token: u", "cookie: a=b"];
    check_request("ws://localhost/v2", &more, &lines).await;
}

async fn check_answer(config: ClientConfig, answer: &str, problem: &str) {
    let error = match connect("ws://localhost/v2", config, answer, b"").await {
        (Ok(_), _) => String::new(),
        (Err(error), _) => error.to_string(),
    };
    assert_eq!(error.is_empty(), problem.is_empty(), "{answer}: {error}");
    assert!(error.contains(problem), "{answer}: {error}");
}

#[tokio::test(start_paused = true)]
async fn the_answer_is_read_closely() {
    let plain = ClientConfig::default;
    let offering = || {
        let headers = vec![("Sec-WebSocket-Protocol".to_owned(), "chat".to_owned())];
        ClientConfig { headers, ..ClientConfig::default() }
    };
    check_answer(plain(), AGREED, "").await;
    check_answer(plain(), &AGREED.replace("101 Switching Protocols", "200 OK"), "status 200").await;
    check_answer(plain(), "HTTP/1.1 401 Unauthorized\r\nContent-Length: 1000", "status 401").await;
    check_answer(plain(), &AGREED.replace("{accept}", "dGhlIHNhbXBsZSBub25jZQ=="), "does not answer our key").await;
    check_answer(plain(), &AGREED.replace("Sec-WebSocket-Accept", "X"), "does not answer our key").await;
    check_answer(plain(), &AGREED.replace("Upgrade: WebSocket", "Upgrade: h2c"), "is no WebSocket").await;
    check_answer(plain(), &AGREED.replace("keep-alive, Upgrade", "keep-alive"), "is no WebSocket").await;
    let protocol = format!("{AGREED}\r\nSec-WebSocket-Protocol: chat");
    check_answer(plain(), &protocol, "none was offered").await;
    check_answer(offering(), &protocol, "").await;
    let extension = format!("{AGREED}\r\nSec-WebSocket-Extensions: permessage-deflate");
    check_answer(plain(), &extension, "an extension that was not offered").await;
    check_answer(plain(), "SSH-2.0-OpenSSH_9.2", "is no HTTP").await;
    for name in ["Upgrade", "Sec-WebSocket-Key", "sec-websocket-extensions", "Content-Length"] {
        let headers = vec![(name.to_owned(), "x".to_owned())];
        let (near, _far) = tokio::io::duplex(1024);
        let config = ClientConfig { headers, ..ClientConfig::default() };
        let error = Client::<Trader>::connect_on(near, "ws://localhost/", config).await.expect_err("a wrong header");
        assert!(matches!(&error, ConnectError::Header(wrong) if wrong == name), "{error}");
    }
}

const DONE: &[u8] = br#"{"event":"done","reqid":7}"#;

/// A frame of a server.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    [&[first, u8::try_from(payload.len()).expect("short")], payload].concat()
}

#[tokio::test(start_paused = true)]
async fn what_comes_right_behind_the_answer_is_not_lost() {
    let large = format!(r#"{{"event":"subscribed","pair":"{}"}}"#, "x".repeat(30_000));
    let header = [0x81, 126, (large.len() >> 8) as u8, large.len() as u8];
    let behind = [&frame(0x81, DONE), &header[..], large.as_bytes(), &frame(0x81, DONE)].concat();
    let (connected, _) = connect("ws://localhost/v2", ClientConfig::default(), AGREED, &behind).await;
    let mut client = connected.expect("a connection");
    assert_eq!(client.next().await, Some(Ok(ToClient::Done { reqid: 7 })));
    assert!(matches!(client.next().await, Some(Ok(ToClient::Subscribed { pair })) if pair.len() == 30_000));
    assert_eq!(client.next().await, Some(Ok(ToClient::Done { reqid: 7 })));
}

/// What the client makes of these bytes, and what it answers.
async fn check_bytes(bytes: Vec<u8>, said: &str, answered: &[&str]) {
    let (tell, told) = tokio::sync::oneshot::channel();
    let mut client = against(ClientConfig::default(), move |mut socket| async move {
        socket.get_mut().write_all(&bytes).await.expect("the pipe is open");
        let mut answers = Vec::new();
        while let Some(Ok(message)) = socket.next().await {
            answers.push(match message.as_close() {
                Some((code, _)) => format!("close {}", u16::from(code)),
                None if message.is_pong() => format!("pong {}", String::from_utf8_lossy(message.as_payload())),
                None => "a message".to_owned(),
            });
        }
        tell.send(answers).expect("the test waits");
    })
    .await;
    let event = match client.next().await.expect("an event") {
        Ok(frame) => format!("{frame:?}"),
        Err(ClientError::Closed(end)) => format!("{} by {}", end.code, end.by),
        Err(error) => error.to_string(),
    };
    assert_eq!(event, said);
    drop(client);
    assert_eq!(told.await.expect("the server is done"), answered, "{said}");
}

#[tokio::test(start_paused = true)]
async fn frames_are_read_as_the_rules_say() {
    let done = "Done { reqid: 7 }";
    let pieces = [frame(0x01, &DONE[..5]), frame(0x89, b"?"), frame(0x00, &DONE[5..9]), frame(0x80, &DONE[9..])];
    check_bytes(pieces.concat(), done, &["pong ?", "close 1000"]).await;
    check_bytes([frame(0x8a, b"unasked"), frame(0x81, DONE)].concat(), done, &["close 1000"]).await;
    let masked = [&[0x81, 0x80 | DONE.len() as u8, 0, 0, 0, 0], DONE].concat();
    check_bytes(masked, "1002 by the client", &["close 1002"]).await;
    check_bytes(frame(0xc1, DONE), "1002 by the client", &["close 1002"]).await;
    check_bytes(frame(0x80, DONE), "1002 by the client", &["close 1002"]).await;
    check_bytes(frame(0x83, DONE), "1002 by the client", &["close 1002"]).await;
    check_bytes(frame(0x09, b"?"), "1002 by the client", &["close 1002"]).await;
    check_bytes(frame(0x88, &[3]), "1002 by the client", &["close 1002"]).await;
    check_bytes(frame(0x88, &[3, 237]), "1002 by the client", &["close 1002"]).await;
    check_bytes(frame(0x81, b"\xc3\x28"), "1007 by the client", &["close 1007"]).await;
    check_bytes([frame(0x88, &[15, 160]), frame(0x89, b"?")].concat(), "4000 by the server", &["close 4000"]).await;
}

/// Every frame has a mask of its own, that nobody could foresee.
#[tokio::test(start_paused = true)]
async fn what_is_sent_is_masked() {
    let (tell, told) = tokio::sync::oneshot::channel();
    let client = against(ClientConfig::default(), |socket| async move {
        let mut stream = socket.into_inner();
        let mut frames = Vec::new();
        for _ in 0..8 {
            let mut frame = vec![0; 6 + br#"{"event":"whoami"}"#.len()];
            stream.read_exact(&mut frame).await.expect("a frame");
            frames.push(frame);
        }
        tell.send(frames).expect("the test waits");
    })
    .await;
    for _ in 0..8 {
        client.send(&ToServer::Whoami).await.expect("sent");
    }
    let frames = told.await.expect("the server is done");
    let mut masks = std::collections::HashSet::new();
    for frame in &frames {
        assert_eq!(frame[..2], [0x81, 0x80 | (frame.len() - 6) as u8]);
        let (mask, payload) = frame[2..].split_at(4);
        let plain: Vec<u8> = payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
        assert_eq!(plain, br#"{"event":"whoami"}"#);
        masks.insert(mask.to_vec());
    }
    // By chance two of them are alike once in 150 million times.
    assert_eq!(masks.len(), 8);
}

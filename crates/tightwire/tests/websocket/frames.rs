//! Frames by hand, right and wrong, and what comes back for them.

use std::time::Duration;

use echo::Echo;
use tightwire::{Config, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::echo;

pub(crate) const FIN: u8 = 0x80;
pub(crate) const CONTINUATION: u8 = 0;
pub(crate) const TEXT: u8 = 1;
pub(crate) const BINARY: u8 = 2;
pub(crate) const CLOSE: u8 = 8;
pub(crate) const PING: u8 = 9;
pub(crate) const PONG: u8 = 10;

const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
const PATIENCE: Duration = Duration::from_secs(10);

/// A frame as a client sends it. `head` is the first byte.
pub(crate) fn frame(head: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![head];
    match payload.len() {
        0..126 => frame.push(0x80 | payload.len() as u8),
        126..65_536 => {
            frame.push(0x80 | 126);
            frame.extend_from_slice(&(payload.len() as u16).to_be_bytes());
        }
        _ => {
            frame.push(0x80 | 127);
            frame.extend_from_slice(&(payload.len() as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(&MASK);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// A close frame of a client.
pub(crate) fn close(code: u16, reason: &str) -> Vec<u8> {
    frame(FIN | CLOSE, &[&code.to_be_bytes(), reason.as_bytes()].concat())
}

/// How the bytes reach the server.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    /// With one write.
    AtOnce,
    /// In pieces of so many bytes.
    Pieces(usize),
}

/// Sends the frames, then a close with 1000; what the server says until it ends the connection.
pub(crate) async fn converse(config: Config, frames: &[Vec<u8>], pace: Pace) -> Vec<String> {
    let mut client = connect(config).await;
    let sent = [frames.concat(), close(1000, "")].concat();
    let pieces = match pace {
        Pace::AtOnce => sent.len(),
        Pace::Pieces(length) => length,
    };
    let (mut reader, mut writer) = client.split();
    let writing = async {
        for piece in sent.chunks(pieces) {
            // The server may have ended the connection already.
            if writer.write_all(piece).await.is_err() {
                break;
            }
        }
    };
    let mut received = Vec::new();
    let reading = reader.read_to_end(&mut received);
    let both = async { tokio::join!(writing, reading) };
    let ((), read) = tokio::time::timeout(PATIENCE, both).await.expect("the server ends the connection");
    read.expect("no reset");
    describe(&received)
}

/// Sends the frames and nothing more; what the server says until it ends the connection.
pub(crate) async fn provoke(frames: &[Vec<u8>]) -> Vec<String> {
    let mut client = connect(echo::config()).await;
    client.write_all(&frames.concat()).await.expect("sent");
    let mut received = Vec::new();
    // The server waits for us to end, or for its close time.
    let reading = tokio::time::timeout(PATIENCE, client.read_to_end(&mut received));
    reading.await.expect("the server does not wait for more").expect("no reset");
    describe(&received)
}

/// A connection to a new echo server, after the handshake.
async fn connect(config: Config) -> TcpStream {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(Server::new(Echo, config).run(listener, std::future::pending()));
    let mut client = TcpStream::connect(address).await.expect("connected");
    client.set_nodelay(true).expect("a socket");
    let request = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                   Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    client.write_all(request.as_bytes()).await.expect("sent");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await.expect("a response"));
    }
    assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
    client
}

/// The frames of a server in words.
fn describe(mut bytes: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    while let [head, length, rest @ ..] = bytes {
        let (extra, length) = match length {
            126 => (2, usize::from(u16::from_be_bytes([rest[0], rest[1]]))),
            127 => (8, u64::from_be_bytes(rest[..8].try_into().expect("eight bytes")) as usize),
            length => (0, usize::from(*length)),
        };
        let (payload, rest) = rest[extra..].split_at(length);
        let payload_text = || match length {
            0..40 => String::from_utf8_lossy(payload).into_owned(),
            _ => format!("of {length} bytes"),
        };
        found.push(match head & !FIN {
            _ if head & FIN == 0 => "a fragment".to_owned(),
            TEXT => format!("text {}", payload_text()),
            BINARY => format!("binary {}", payload_text()),
            PONG => format!("pong {}", payload_text()),
            CLOSE if length == 0 => "close".to_owned(),
            CLOSE => format!("close {}", u16::from_be_bytes([payload[0], payload[1]])),
            other => format!("opcode {other}"),
        });
        bytes = rest;
    }
    found
}

//! Frames that break RFC 6455 or the limits: what the server says to them, and that it ends the connection.

use serde_json::json;
use tightwire_testkit::RawFrame;

use crate::arena::{Arena, Seen, brief, check, frame, next, rest};
use crate::common::bus::{Bus, on_each_bus};

on_each_bus! { on_its_own:
    frames_without_a_mask
    compressed_garbage
    compression_is_not_agreed_to
    invalid_utf8
    control_frames_in_pieces_or_too_long
    messages_in_the_wrong_pieces
    opcodes_that_nobody_knows
    lengths_that_lie
    a_message_of_one_mebibyte
    a_message_of_more_than_one_mebibyte
    a_message_that_never_ends
    many_messages_begun_and_not_ended
    a_message_in_pieces_of_one_byte
    binary_messages
    closes_that_are_wrong
    frames_after_a_close
    text_that_is_not_the_contract
}

/// Sends the bytes after the first frame; what the server says until it ends the connection.
#[track_caller]
fn check_bytes(bus: &Bus, bytes: &[u8], expected: &[&str]) {
    let attack = async |arena: &Arena| {
        let mut client = arena.join().await;
        // The server may have ended the connection before all of it is sent.
        let _ = client.send(bytes).await;
        Seen::from(rest(&mut client).await)
    };
    check(bus, &[], attack, expected);
}

/// Sends each of these on a connection of its own; all are closed with the code and without another word.
#[track_caller]
fn check_closed(bus: &Bus, code: u16, attempts: &[Vec<u8>]) {
    let attack = async |arena: &Arena| {
        let mut seen = Vec::new();
        for bytes in attempts {
            let mut client = arena.join().await;
            let _ = client.send(bytes).await;
            seen.push(rest(&mut client).await.join(", "));
        }
        Seen::from(seen)
    };
    let expected = vec![format!("close {code}, end"); attempts.len()];
    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    check(bus, &[], attack, &expected);
}

fn text(payload: &str) -> RawFrame {
    RawFrame::text(payload)
}

fn frames_without_a_mask(bus: &Bus) {
    let ping = frame("ping", "system", json!({})).unmasked();
    check_closed(
        bus,
        1002,
        &[ping.to_bytes(), RawFrame::ping("").unmasked().to_bytes(), RawFrame::close(1000, "").unmasked().to_bytes()],
    );
}

/// What compression would set, with and without having asked for it: the server never agreed to any.
fn compressed_garbage(bus: &Bus) {
    let garbage: Vec<u8> = (0..4096_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let attempts = [1, 2, 4, 5, 7].map(|bits| RawFrame::text(&garbage).reserved(bits).to_bytes());
    check_closed(bus, 1002, &attempts);
}

fn compression_is_not_agreed_to(bus: &Bus) {
    let attack = async |arena: &Arena| {
        let mut client = arena.connect().await;
        let request = tightwire_testkit::raw::upgrade_request(arena.address(), "/ws");
        let offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n";
        client.send(format!("{request}{offer}").as_bytes()).await.expect("sent");
        let response = client.response().await.expect("an answer");
        assert_eq!((response.status, response.header("sec-websocket-extensions")), (101, None));
        assert_eq!(brief(&next(&mut client).await), "connection_established");
        // A small bomb: 64 KiB of the same byte, deflated, a thousand times over.
        let bomb =
            [0xec, 0xc1, 0x01, 0x0d, 0x00, 0x00, 0x00, 0xc2, 0xa0, 0xf7, 0x4f, 0x6d, 0x0e, 0x37, 0xa0].repeat(1000);
        let _ = client.send(&RawFrame::text(bomb).reserved(0b100).to_bytes()).await;
        Seen::from(rest(&mut client).await)
    };
    check(bus, &[], attack, &["close 1002", "end"]);
}

fn invalid_utf8(bus: &Bus) {
    let broken: [&[u8]; 6] =
        [b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"{\"v\":\"\xe2\x82\"}", b"\xe2\x82"];
    check_closed(bus, 1007, &broken.map(|payload| RawFrame::text(payload).to_bytes()));
    let cut = [RawFrame::text(b"\xe2").unfinished().to_bytes(), RawFrame::continuation(b"(").unfinished().to_bytes()];
    // Refused where it goes wrong, not only at the message's end, which never comes.
    check_closed(bus, 1007, &[cut.concat()]);
}

fn control_frames_in_pieces_or_too_long(bus: &Bus) {
    check_closed(
        bus,
        1002,
        &[
            RawFrame::ping("a").unfinished().to_bytes(),
            RawFrame::pong("a").unfinished().to_bytes(),
            RawFrame::close(1000, "").unfinished().to_bytes(),
            RawFrame::ping([b'x'; 126]).to_bytes(),
            RawFrame::ping([b'x'; 70_000]).to_bytes(),
            RawFrame::close(1000, [b'x'; 124]).to_bytes(),
        ],
    );
}

fn messages_in_the_wrong_pieces(bus: &Bus) {
    check_closed(
        bus,
        1002,
        &[
            RawFrame::continuation("a").to_bytes(),
            RawFrame::continuation("a").unfinished().to_bytes(),
            [text("a").unfinished().to_bytes(), text("b").to_bytes()].concat(),
            [text("a").unfinished().to_bytes(), RawFrame::binary("b").unfinished().to_bytes()].concat(),
        ],
    );
}

fn opcodes_that_nobody_knows(bus: &Bus) {
    check_closed(bus, 1002, &[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map(|opcode| RawFrame::new(opcode, "x").to_bytes()));
}

fn lengths_that_lie(bus: &Bus) {
    check_closed(
        bus,
        1009,
        &[text("").header((1 << 20) + 1), text("").header(1 << 40), text("").header((1 << 63) - 1)],
    );
    let long_form = |length: &[u8]| [&[0x81], length, &[0; 4]].concat();
    check_closed(
        bus,
        1002,
        &[
            long_form(&[0xfe, 0, 5]),
            long_form(&[0xff, 0, 0, 0, 0, 0, 0, 0, 5]),
            long_form(&[0xff, 0x80, 0, 0, 0, 0, 0, 0, 0]),
        ],
    );
}

/// A message of exactly what the transport takes is read to its end, refused as too large, and the connection lives.
fn a_message_of_one_mebibyte(bus: &Bus) {
    let attack = async |arena: &Arena| {
        let mut client = arena.join().await;
        let mut seen = Vec::new();
        for size in [1 << 20, 64 * 1024 + 1] {
            client.send(&text(&"x".repeat(size)).to_bytes()).await.expect("the server reads");
            seen.push(brief(&next(&mut client).await));
        }
        client.send(&frame("ping", "system", json!({})).to_bytes()).await.expect("the server reads");
        seen.push(brief(&next(&mut client).await));
        Seen::from(seen).holding([client])
    };
    check(bus, &[], attack, &["error message_too_large", "error message_too_large", "pong"]);
}

fn a_message_of_more_than_one_mebibyte(bus: &Bus) {
    check_bytes(bus, &text(&"x".repeat((1 << 20) + 1)).to_bytes(), &["close 1009", "end"]);
    check_bytes(bus, &text(&"x".repeat(16 << 20)).to_bytes(), &["close 1009", "end"]);
}

/// However it is cut, a message is bounded as a whole, and by what arrived: a thousand of them begun and never finished
/// hold no more than they sent.
fn a_message_that_never_ends(bus: &Bus) {
    let piece = RawFrame::continuation("x".repeat(1000)).unfinished().to_bytes();
    let endless = [text("x").unfinished().to_bytes(), piece.repeat(1100)].concat();
    check_bytes(bus, &endless, &["close 1009", "end"]);
}

fn many_messages_begun_and_not_ended(bus: &Bus) {
    let attack = async |arena: &Arena| {
        let mut clients = Vec::new();
        for _ in 0..200 {
            let mut client = arena.join().await;
            // The header promises a mebibyte, three bytes come.
            client.send(&text("").header(1 << 20)).await.expect("sent");
            client.send(b"abc").await.expect("sent");
            clients.push(client);
        }
        Seen::default().holding(clients)
    };
    check(bus, &[], attack, &[]);
}

fn a_message_in_pieces_of_one_byte(bus: &Bus) {
    let ping = frame("ping", "system", json!({}));
    let attack = async |arena: &Arena| {
        let mut client = arena.join().await;
        let mut bytes = text("").unfinished().to_bytes();
        for byte in &ping.payload {
            bytes.extend(RawFrame::continuation([*byte]).unfinished().to_bytes());
            bytes.extend(RawFrame::continuation("").unfinished().to_bytes());
        }
        bytes.extend(RawFrame::continuation("").to_bytes());
        client.send(&bytes).await.expect("the server reads");
        Seen::from(vec![brief(&next(&mut client).await)]).holding([client])
    };
    check(bus, &[], attack, &["pong"]);
}

fn binary_messages(bus: &Bus) {
    check_closed(bus, 1003, &[RawFrame::binary("{}").to_bytes(), RawFrame::binary("").to_bytes()]);
}

/// Codes that must not stand in a close frame, reasons that are not text, closes that are too short.
fn closes_that_are_wrong(bus: &Bus) {
    let codes = [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535];
    check_closed(bus, 1002, &codes.map(|code| RawFrame::close(code, "").to_bytes()));
    check_closed(bus, 1002, &[RawFrame::close_with([3]).to_bytes()]);
    check_closed(bus, 1007, &[RawFrame::close(1000, b"\xff").to_bytes()]);
}

/// After a close nothing counts, however much of it comes.
fn frames_after_a_close(bus: &Bus) {
    let more =
        [frame("ping", "system", json!({})).to_bytes(), RawFrame::close(1002, "").to_bytes(), vec![0xff; 1 << 20]];
    check_bytes(bus, &[RawFrame::close(1000, "").to_bytes(), more.concat()].concat(), &["close 1000", "end"]);
    check_bytes(bus, &[RawFrame::close_with("").to_bytes(), more.concat()].concat(), &["close", "end"]);
    check_bytes(bus, &[RawFrame::close(4999, "").to_bytes(), more.concat()].concat(), &["close 4999", "end"]);
}

/// Violations of the contract are named, then the connection ends: 1002 for everything.
fn text_that_is_not_the_contract(bus: &Bus) {
    let deep = "[".repeat(60_000);
    let attempts = [
        "",
        "{",
        "null",
        "[]",
        "\"\\ud800\"",
        "{\"v\":1,\"v\":1}",
        "{\"v\":1e400}",
        "{\"type\":\"connection_established\"}",
        &deep,
        &"{\"a\":".repeat(10_000),
    ];
    let attack = async |arena: &Arena| {
        let mut seen = Vec::new();
        for attempt in attempts {
            let mut client = arena.join().await;
            client.send(&text(attempt).to_bytes()).await.expect("the server reads");
            seen.extend(rest(&mut client).await);
        }
        seen.sort_unstable();
        seen.dedup();
        Seen::from(seen)
    };
    check(bus, &[], attack, &["close 1002", "end", "error contract_violation"]);
}

//! The case families: framing, pings, reserved bits and opcodes, fragments, UTF-8, closing, limits.

use std::panic::Location;

use tightwire::Config;
use tightwire::proto::contract::Limits;

use crate::echo;
use crate::frames::{BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, Pace, TEXT, close, converse, frame, provoke};

/// What comes back for the frames, at once and in pieces, and for the close with 1000 after them.
#[track_caller]
fn check(frames: &[Vec<u8>], expected: &[&str]) {
    check_with(echo::config, frames, expected);
}

#[track_caller]
fn check_with(config: fn() -> Config, frames: &[Vec<u8>], expected: &[&str]) {
    let caller = Location::caller();
    let length: usize = frames.iter().map(Vec::len).sum();
    let mut paces = vec![Pace::AtOnce, Pace::Pieces(997)];
    if length < 4000 {
        paces.extend([Pace::Pieces(1), Pace::Pieces(3)]);
    }
    for pace in paces {
        let found = block_on(converse(config(), frames, pace));
        assert_eq!(found, expected, "{pace:?}, at {caller}");
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(future)
}

fn text(payload: &str) -> Vec<u8> {
    frame(FIN | TEXT, payload.as_bytes())
}

#[test]
fn messages_of_every_length_come_back() {
    for length in [0, 1, 125, 126, 127, 128, 65_535, 65_536] {
        let payload = "*".repeat(length);
        let described = if length < 40 { payload.clone() } else { format!("of {length} bytes") };
        check(&[text(&payload)], &[&format!("text {described}"), "close 1000"]);
        check(&[frame(FIN | BINARY, payload.as_bytes())], &[&format!("binary {described}"), "close 1000"]);
    }
}

#[test]
fn pings_are_answered_and_pongs_are_not() {
    check(&[frame(FIN | PING, b"")], &["pong ", "close 1000"]);
    check(&[frame(FIN | PING, b"\x00\xff")], &["pong \0\u{fffd}", "close 1000"]);
    check(&[frame(FIN | PING, &[b'x'; 125])], &["pong of 125 bytes", "close 1000"]);
    check(&[frame(FIN | PING, &[b'x'; 126])], &["close 1002"]);
    check(&[frame(FIN | PONG, b"unasked"), frame(FIN | PING, b"p")], &["pong p", "close 1000"]);
    let pings: Vec<_> = (0..10).map(|number| frame(FIN | PING, &[b'0' + number])).collect();
    let pongs: Vec<_> = (0..10).map(|number| format!("pong {number}")).collect();
    let expected: Vec<_> = pongs.iter().map(String::as_str).chain(["close 1000"]).collect();
    check(&pings, &expected);
}

#[test]
fn reserved_bits_and_opcodes_end_the_connection() {
    for bits in [0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70] {
        check(&[text("a"), frame(FIN | bits | TEXT, b"b"), text("c")], &["text a", "close 1002"]);
        check(&[frame(FIN | bits | PING, b"")], &["close 1002"]);
    }
    for opcode in (3..8).chain(11..16) {
        check(&[text("a"), frame(FIN | opcode, b""), text("c")], &["text a", "close 1002"]);
    }
}

#[test]
fn clients_must_mask_and_lengths_must_be_as_short_as_they_can() {
    check(&[text("a"), vec![FIN | TEXT, 1, b'b'], text("c")], &["text a", "close 1002"]);
    check(&[vec![FIN | BINARY, 0x80 | 126, 0, 125]], &["close 1002"]);
    check(&[vec![FIN | BINARY, 0x80 | 127, 0, 0, 0, 0, 0, 0, 0xff, 0xff]], &["close 1002"]);
    check(&[vec![FIN | BINARY, 0x80 | 127, 0x80, 0, 0, 0, 0, 1, 0, 0]], &["close 1002"]);
}

#[test]
fn fragments_are_put_together() {
    let fragments = [frame(TEXT, b"one "), frame(CONTINUATION, b""), frame(FIN | CONTINUATION, b"two")];
    check(&fragments, &["text one two", "close 1000"]);
    let between =
        [frame(BINARY, b"one "), frame(FIN | PING, b"p"), frame(FIN | CONTINUATION, b"two"), frame(FIN | TEXT, b"3")];
    check(&between, &["pong p", "binary one two", "text 3", "close 1000"]);
    check(&[frame(TEXT, b""), frame(CONTINUATION, b""), frame(FIN | CONTINUATION, b"")], &["text ", "close 1000"]);
    let many: Vec<_> = std::iter::once(frame(TEXT, b"*"))
        .chain((0..10_000).map(|_| frame(CONTINUATION, b"*")))
        .chain([frame(FIN | CONTINUATION, b"")])
        .collect();
    check(&many, &["text of 10001 bytes", "close 1000"]);
}

#[test]
fn fragments_out_of_order_end_the_connection() {
    check(&[frame(PING, b"a"), frame(FIN | CONTINUATION, b"b")], &["close 1002"]);
    check(&[frame(PONG, b"")], &["close 1002"]);
    check(&[frame(CLOSE, b"")], &["close 1002"]);
    check(&[frame(FIN | CONTINUATION, b"a"), text("b")], &["close 1002"]);
    check(&[frame(CONTINUATION, b"a"), text("b")], &["close 1002"]);
    check(&[frame(TEXT, b"a"), text("b")], &["close 1002"]);
    check(&[frame(TEXT, b"a"), frame(BINARY, b"b")], &["close 1002"]);
    check(&[text("a"), frame(FIN | CONTINUATION, b"b")], &["text a", "close 1002"]);
}

#[test]
fn text_is_utf8() {
    let sample = "κόσμε \u{10ffff} \u{feff}\0";
    check(&[text(sample)], &[&format!("text {sample}"), "close 1000"]);
    let bytes = sample.as_bytes();
    for cut in 0..bytes.len() {
        let fragments = [frame(TEXT, &bytes[..cut]), frame(FIN | CONTINUATION, &bytes[cut..])];
        check(&fragments, &[&format!("text {sample}"), "close 1000"]);
    }
    let invalid: [&[u8]; 12] = [
        b"\x80",
        b"\xbf",
        b"\xc0\xaf",
        b"\xe0\x80\xaf",
        b"\xf0\x80\x80\xaf",
        b"\xed\xa0\x80",
        b"\xed\xbf\xbf",
        b"\xf4\x90\x80\x80",
        b"\xf8\x88\x80\x80\x80",
        b"\xfe",
        b"\xce\xba\xe1\xbd",
        b"a\xc3",
    ];
    for bytes in invalid {
        check(&[frame(FIN | TEXT, bytes)], &["close 1007"]);
        let (first, second) = bytes.split_at(bytes.len() / 2);
        check(&[frame(TEXT, first), frame(FIN | CONTINUATION, second)], &["close 1007"]);
        check(
            &[frame(FIN | BINARY, bytes), frame(FIN | PING, b"")],
            &[&format!("binary {}", String::from_utf8_lossy(bytes)), "pong ", "close 1000"],
        );
    }
}

/// The server does not wait for the end of a message that cannot become good any more.
#[test]
fn invalid_utf8_is_noticed_at_once() {
    let long = frame(FIN | TEXT, "x".repeat(1000).as_bytes());
    let invalid = frame(FIN | TEXT, &[b"\xce\xba\xe1\xbd\xb9\xf4\x90".as_slice(), &[b'x'; 1000]].concat());
    assert_eq!(block_on(provoke(&[long, invalid[..8 + 7].to_vec()])), ["text of 1000 bytes", "close 1007"]);
    assert_eq!(block_on(provoke(&[frame(TEXT, b"\xf4"), frame(CONTINUATION, b"\x90")])), ["close 1007"]);
}

#[test]
fn a_close_is_answered_with_its_code() {
    for code in [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999] {
        let expected = format!("close {code}");
        check(&[close(code, "because"), text("too late"), frame(FIN | PING, b"")], &[&expected]);
    }
    check(&[close(1000, &"x".repeat(123))], &["close 1000"]);
    check(&[frame(FIN | CLOSE, b"")], &["close"]);
    check(&[frame(TEXT, b"begun"), close(1001, "")], &["close 1001"]);
    check(&[close(3000, ""), close(3001, "")], &["close 3000"]);
}

#[test]
fn a_close_that_makes_no_sense_is_a_protocol_error() {
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535] {
        check(&[close(code, "")], &["close 1002"]);
    }
    check(&[frame(FIN | CLOSE, b"\x03")], &["close 1002"]);
    check(&[close(1000, &"x".repeat(124))], &["close 1002"]);
    check(&[frame(FIN | CLOSE, b"\x03\xe8\xce\xba\xe1")], &["close 1007"]);
}

#[test]
fn a_message_has_a_largest_size_however_it_is_cut() {
    let config = || Config { limits: Some(Limits { max_frame_bytes: 1000, ..Limits::DEFAULT }), ..echo::config() };
    check_with(config, &[text(&"x".repeat(1000))], &["text of 1000 bytes", "close 1000"]);
    check_with(config, &[text(&"x".repeat(1001))], &["close 1009"]);
    let half = "x".repeat(500);
    let fragments = |last: &[u8]| [frame(BINARY, half.as_bytes()), frame(FIN | CONTINUATION, last)];
    check_with(config, &fragments(half.as_bytes()), &["binary of 1000 bytes", "close 1000"]);
    check_with(config, &fragments("x".repeat(501).as_bytes()), &["close 1009"]);
    // The length alone is enough: nothing of the payload has to come.
    check_with(config, &[vec![FIN | BINARY, 0x80 | 127, 0, 0, 0, 0xff, 0, 0, 0, 0]], &["close 1009"]);
}

/// Far more pings than the queue has room for may come at once: they are answered as they are looked at.
#[test]
fn a_burst_that_is_read_at_once_is_answered_within_the_bounds_of_the_queue() {
    let config = || Config { limits: Some(Limits { outbound_queue_frames: 4, ..Limits::DEFAULT }), ..echo::config() };
    let pings = vec![frame(FIN | PING, b"p"); 2000];
    for pace in [Pace::AtOnce, Pace::Pieces(4000)] {
        let found = block_on(converse(config(), &pings, pace));
        assert_eq!(found.iter().filter(|frame| *frame == "pong p").count(), 2000, "then {:?}", found.last());
        assert_eq!(found.last().map(String::as_str), Some("close 1000"));
    }
}

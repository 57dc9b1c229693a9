//! What goes over the wire here: frames of the chat server's size, and a ping.

use tightwire_bench_kit::wire::from_client;

/// The whole length of a broadcast frame, its WebSocket header included. The contract's envelope decides how small a
/// frame of the chat server can be; the others send as many bytes.
pub(crate) const FRAME_BYTES: usize = 288;

/// The whole length of an answer to a ping.
pub(crate) const PONG_BYTES: usize = 256;

/// The topic that everyone is subscribed to.
pub(crate) const THREAD: &str = "bench";

/// Text that, as a frame of a server, is `total` bytes long.
pub(crate) fn text(total: usize) -> String {
    "x".repeat(total - 4)
}

/// A text frame of a server, of 126 bytes or more.
pub(crate) fn from_server(total: usize) -> Vec<u8> {
    let payload = text(total);
    let mut frame = vec![0x81, 126];
    frame.extend_from_slice(&(payload.len() as u16).to_be_bytes());
    frame.extend_from_slice(payload.as_bytes());
    frame
}

/// What a client of the chat server sends to get the frames.
pub(crate) fn subscribe() -> Vec<u8> {
    tightwire_bench_kit::wire::subscribe(&[format!("thread:{THREAD}")])
}

/// A ping as the contract has it. The servers without a contract answer any message.
pub(crate) fn ping() -> Vec<u8> {
    from_client(
        r#"{"v":1,"id":"7b0f2c8e-3b64-4a52-8a0e-6b1f9f0d2c33","type":"ping","topic":"system","ts":1767225600000,"data":{}}"#,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_as_long_as_it_says() {
        assert_eq!(from_server(FRAME_BYTES).len(), FRAME_BYTES);
        assert_eq!(from_server(PONG_BYTES).len(), PONG_BYTES);
    }
}

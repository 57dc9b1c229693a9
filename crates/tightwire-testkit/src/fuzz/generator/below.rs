//! What is wrong, or only unusual, below the contract: fragments, sizes, rates, and breaches of WebSocket.

use tightwire_spec::ir::SessionRole;

use super::Making;
use crate::RawFrame;
use crate::contract::Direction;
use crate::fuzz::plan::{Intent, Payload, Sent, Step};

/// The longest payload of a control frame.
const CONTROL_BYTES: usize = 125;
/// The longest message in fragments.
const FRAGMENTED_BYTES: usize = 4096;

impl Making<'_> {
    /// One or several frames of a client.
    pub(super) fn below(&mut self, client: usize) {
        let protocol = &self.generator.protocol;
        let limit = |name: &str| protocol.limit(name).and_then(|limit| usize::try_from(limit).ok());
        let (largest, transport) = (limit("max_message_bytes"), limit("max_frame_bytes"));
        match self.rng.u8(..) {
            0..70 => self.fragments(client),
            70..110 => {
                let length = [0, 1, CONTROL_BYTES, self.rng.usize(..=CONTROL_BYTES)][self.rng.usize(..4)];
                let payload = (0..length).map(|_| self.rng.u8(..)).collect();
                self.push(client, Sent { message: None, payload: Payload::Ping(payload), intent: Intent::Valid });
            }
            110..125 => {
                let length = self.rng.usize(..100);
                let payload = Payload::Binary((0..length).map(|_| self.rng.u8(..)).collect());
                self.push(client, Sent::breach(payload, 1003));
                self.settle(false);
            }
            125..200 => {
                let (bytes, code) = self.breach();
                self.push(client, Sent::breach(Payload::Raw(bytes), code));
                self.settle(false);
            }
            200..215 => {
                let invalid: [&[u8]; 5] =
                    [b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"{\"v\":\"\xe2\x82\"}"];
                let payload = Payload::Bytes(invalid[self.rng.usize(..invalid.len())].to_vec());
                self.push(client, Sent::breach(payload, 1007));
                self.settle(false);
            }
            215..225 => {
                if let Some(bytes) = largest.map(|largest| largest + 1 + self.rng.usize(..64)) {
                    self.large(client, bytes);
                }
            }
            225..228 => {
                if let Some(bytes) = transport.map(|transport| transport + 1 + self.rng.usize(..64)) {
                    self.large(client, bytes);
                }
            }
            228..240 => self.flood(client),
            _ => {
                // What may stand in a close frame is said back.
                let codes = [1000, 1001, 1003, 1007, 1011, 3000, 3999, 4000, 4999];
                let code = codes[self.rng.usize(..codes.len())];
                let bytes = RawFrame::close(code, "").to_bytes();
                self.push(client, Sent::breach(Payload::Raw(bytes), code));
                self.settle(false);
            }
        }
    }

    /// A valid frame in pieces.
    fn fragments(&mut self, client: usize) {
        let Some((message, json)) = self.frame() else { return };
        if json.to_string().len() > FRAGMENTED_BYTES {
            return;
        }
        let payload = Payload::Fragments { json, pieces: 2 + self.rng.usize(..20) };
        self.push(client, Sent { message: Some(message.key.clone()), payload, intent: Intent::Valid });
    }

    fn large(&mut self, client: usize, bytes: usize) {
        self.push(client, Sent { message: None, payload: Payload::Large { bytes }, intent: Intent::Valid });
        self.settle(false);
    }

    /// More pings at once than the rate allows.
    fn flood(&mut self, client: usize) {
        let protocol = &self.generator.protocol;
        let Some(burst) = protocol.limit("message_burst").and_then(|burst| usize::try_from(burst).ok()) else { return };
        let Some(ping) = protocol.role(Direction::ToServer, SessionRole::Ping) else { return };
        if burst > 1000 {
            return;
        }
        // A connection of its own: what was sent before counts too.
        self.settle(true);
        self.steps.push(Step::Close { client });
        for _ in 0..burst + 1 + self.rng.usize(..10) {
            let mut frame = ping.examples.first().cloned().unwrap_or_default();
            self.own_id(&mut frame);
            self.push(client, Sent::valid(&ping.key, frame));
        }
        self.settle(false);
        // What would come now might be dropped.
        self.steps.push(Step::Close { client });
    }

    /// Bytes that no client may send, and the code with which a server closes after them.
    fn breach(&mut self) -> (Vec<u8>, u16) {
        let text = RawFrame::text("x");
        let frames = match self.rng.u8(..9) {
            0 => vec![text.unmasked()],
            1 => vec![text.reserved(1 + self.rng.u8(..7))],
            2 => vec![RawFrame::new([3, 4, 5, 6, 7, 11, 12, 13, 14, 15][self.rng.usize(..10)], "x")],
            3 => vec![RawFrame::continuation("x")],
            4 => vec![text.clone().unfinished(), text],
            5 => vec![RawFrame::ping("x").unfinished()],
            6 => vec![RawFrame::ping(vec![b'x'; CONTROL_BYTES + 1 + self.rng.usize(..10)])],
            7 => vec![RawFrame::close([0, 999, 1004, 1005, 1006, 1015, 2999, 5000][self.rng.usize(..8)], "")],
            _ => vec![RawFrame::close_with("x")],
        };
        (frames.iter().flat_map(RawFrame::to_bytes).collect(), 1002)
    }
}

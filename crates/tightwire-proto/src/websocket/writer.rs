//! WebSocket as a client sends it: frames with a mask. What a server sends is made by [`crate::frame`], once for all who
//! receive it.

use super::mask;
use crate::frame::{MAX_CONTROL, header};

/// What a client sends, each in one frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientFrame<'a> {
    /// A text message, UTF-8.
    Text(&'a [u8]),
    /// A ping.
    Ping,
    /// The answer to a ping, with its payload of at most 125 bytes; more would be cut.
    Pong(&'a [u8]),
    /// The end, and why.
    Close(Option<u16>),
}

impl ClientFrame<'_> {
    /// Appends the frame as it goes over the wire. The mask has to be drawn anew for each frame, from a source that nobody
    /// can foresee (RFC 6455, section 5.3).
    pub fn write(self, mask: [u8; 4], wire: &mut Vec<u8>) {
        let code;
        let (first, payload) = match self {
            Self::Text(text) => (0x81, text),
            Self::Ping => (0x89, &[][..]),
            Self::Pong(payload) => (0x8a, &payload[..payload.len().min(MAX_CONTROL)]),
            Self::Close(None) => (0x88, &[][..]),
            Self::Close(Some(why)) => {
                code = why.to_be_bytes();
                (0x88, &code[..])
            }
        };
        let (mut header, length) = header(first, payload.len());
        header[1] |= 0x80;
        wire.reserve(length + mask.len() + payload.len());
        wire.extend_from_slice(&header[..length]);
        wire.extend_from_slice(&mask);
        let start = wire.len();
        wire.extend_from_slice(payload);
        mask::apply(mask, 0, &mut wire[start..]);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Event, Reader, Role};
    use super::*;

    const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

    /// Writes a frame behind something else; its header, and what a server reads of it.
    #[track_caller]
    fn check(frame: ClientFrame<'_>, expected_header: &[u8], expected: &Event<'_>) {
        let mut wire = vec![7];
        frame.write(MASK, &mut wire);
        assert_eq!(&wire[1..=expected_header.len()], expected_header);
        assert_eq!(wire[1 + expected_header.len()..][..4], MASK);
        let mut reader = Reader::new(Role::Server, 1 << 20);
        let length = wire.len() - 1;
        let step = reader.read(&mut wire[1..]).expect("a sound frame");
        assert_eq!((step.consumed, step.event.as_ref()), (length, Some(expected)));
        assert_eq!(reader.kept_bytes(), 0);
    }

    #[test]
    fn a_server_reads_what_a_client_writes() {
        for (length, header) in [
            (0, vec![0x81, 0x80]),
            (5, vec![0x81, 0x85]),
            (125, vec![0x81, 0xfd]),
            (126, vec![0x81, 0xfe, 0, 126]),
            (65_535, vec![0x81, 0xfe, 0xff, 0xff]),
            (65_536, vec![0x81, 0xff, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            let text: Vec<u8> = (b'a'..=b'z').cycle().take(length).collect();
            check(ClientFrame::Text(&text), &header, &Event::Text(text.as_slice().into()));
        }
        check(ClientFrame::Ping, &[0x89, 0x80], &Event::Ping([].as_slice().into()));
        check(ClientFrame::Pong(b"here"), &[0x8a, 0x84], &Event::Pong(b"here".as_slice().into()));
        check(ClientFrame::Pong(&[b'x'; 200]), &[0x8a, 0xfd], &Event::Pong([b'x'; 125].as_slice().into()));
        let close = |code| Event::Close { code, reason: [].as_slice().into() };
        check(ClientFrame::Close(None), &[0x88, 0x80], &close(None));
        check(ClientFrame::Close(Some(4000)), &[0x88, 0x82], &close(Some(4000)));
    }

    /// As in RFC 6455, section 5.7.
    #[test]
    fn the_mask_hides_the_payload() {
        let mut wire = Vec::new();
        ClientFrame::Text(b"Hello").write(MASK, &mut wire);
        assert_eq!(wire, [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]);
    }
}

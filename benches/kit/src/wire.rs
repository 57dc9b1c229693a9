//! What goes over the wire: requests of clients, and a counter of the frames that arrive.

use uuid::Uuid;

/// A handshake. Nobody checks the key's answer here, so a server need not compute it.
#[must_use]
pub fn handshake(host: &str) -> String {
    format!(
        "GET /ws HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
}

/// A text frame of a client, masked with zeros: valid, and the same bytes for every server.
#[must_use]
pub fn from_client(payload: &str) -> Vec<u8> {
    let mut frame = vec![0x81];
    match u8::try_from(payload.len()) {
        Ok(short) if short < 126 => frame.push(0x80 | short),
        _ => {
            frame.push(0x80 | 126);
            frame.extend_from_slice(&(payload.len() as u16).to_be_bytes());
        }
    }
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(payload.as_bytes());
    frame
}

/// What a client of the chat server sends to get the frames of topics, each by its whole name.
#[must_use]
pub fn subscribe(topics: &[String]) -> Vec<u8> {
    let (id, topics) = (Uuid::new_v4(), topics.join(r#"",""#));
    from_client(&format!(
        r#"{{"v":1,"id":"{id}","type":"subscribe","topic":"system","ts":1767225600000,"data":{{"topics":["{topics}"]}}}}"#
    ))
}

/// Counts complete data frames in a stream of bytes, without looking at what they say.
#[derive(Debug, Default)]
pub struct FrameCounter {
    head: [u8; 10],
    head_len: usize,
    /// Bytes of the frame at hand that are still to come.
    rest: usize,
}

impl FrameCounter {
    /// How many frames end in `bytes`. Control frames do not count.
    #[must_use]
    pub fn count(&mut self, mut bytes: &[u8]) -> usize {
        let mut frames = 0;
        while let Some(first) = bytes.first() {
            if self.rest > 0 {
                let taken = self.rest.min(bytes.len());
                self.rest -= taken;
                bytes = &bytes[taken..];
            } else {
                self.head[self.head_len] = *first;
                self.head_len += 1;
                bytes = &bytes[1..];
                let Some(length) = self.payload() else { continue };
                self.rest = length;
                self.head_len = 0;
            }
            if self.rest == 0 && self.head_len == 0 {
                frames += usize::from(self.head[0] & 0x0f <= 2);
            }
        }
        frames
    }

    /// The payload's length, once the header is complete.
    fn payload(&self) -> Option<usize> {
        let head = &self.head[..self.head_len];
        match *head {
            [_, 126, high, low] => Some(u16::from_be_bytes([high, low]).into()),
            [_, 127, a, b, c, d, e, f, g, h] => usize::try_from(u64::from_be_bytes([a, b, c, d, e, f, g, h])).ok(),
            [_, short] if short < 126 => Some(short.into()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_counted_however_they_are_cut() {
        let mut stream = vec![0x89, 0, 0x81, 0, 0x81, 3, b'a', b'b', b'c', 0x81, 126, 1, 0];
        stream.extend([b'x'; 256]);
        stream.extend([0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
        stream.extend(vec![0; 65_536]);
        for size in [1, 2, 3, 7, 100, stream.len()] {
            let mut counter = FrameCounter::default();
            let frames: usize = stream.chunks(size).map(|part| counter.count(part)).sum();
            assert_eq!(frames, 4, "in parts of {size}");
        }
    }

    #[test]
    fn what_a_client_sends_has_a_mask_and_its_length() {
        let short = from_client("ab");
        assert_eq!(short, [0x81, 0x82, 0, 0, 0, 0, b'a', b'b']);
        let long = from_client(&"x".repeat(200));
        assert_eq!(long[..8], [0x81, 0xfe, 0, 200, 0, 0, 0, 0]);
        assert_eq!(long.len(), 208);
    }
}

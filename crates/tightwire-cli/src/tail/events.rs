//! Server-Sent Events, as far as a server of frames sends them.

use std::io::{self, BufRead, Read};

/// The longest line that is read.
const MAX_LINE: u64 = 16 << 20;

/// What an event says, and where to go on after it.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Event {
    pub(super) id: Option<String>,
    pub(super) data: String,
}

/// The next event with data. None at the end.
pub(super) fn next(body: &mut impl BufRead) -> io::Result<Option<Event>> {
    let mut event = Event::default();
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        if body.by_ref().take(MAX_LINE).read_until(b'\n', &mut bytes)? == 0 {
            // What is not complete does not count.
            return Ok(None);
        }
        let line = String::from_utf8_lossy(&bytes);
        let line = line.trim_end_matches(['\n', '\r']);
        if line.is_empty() {
            // An event without data only says where to go on, or nothing at all.
            if !event.data.is_empty() {
                return Ok(Some(event));
            }
            event = Event { id: event.id, ..Event::default() };
            continue;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => {
                if !event.data.is_empty() {
                    event.data.push('\n');
                }
                event.data.push_str(value);
            }
            "id" => event.id = Some(value.to_owned()),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(mut text: &[u8], expected: &[(Option<&str>, &str)]) {
        let mut found = Vec::new();
        while let Some(event) = next(&mut text).expect("it is there") {
            found.push((event.id, event.data));
        }
        let found: Vec<_> = found.iter().map(|(id, data)| (id.as_deref(), data.as_str())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn events_end_with_an_empty_line() {
        check(
            b"id: 1\nretry: 3\nevent: a\ndata: {}\n\n: still here\n\ndata: x\r\n\r\n",
            &[(Some("1"), "{}"), (None, "x")],
        );
        check(b"id: 1\n\ndata:a\ndata: b\n\n", &[(Some("1"), "a\nb")]);
        check(b"data: a\n\ndata: not complete\n", &[(None, "a")]);
        check(b"", &[]);
    }
}

//! WebSocket as a peer sends it (RFC 6455): bytes in, messages out.
//!
//! A [`Reader`] is told what came, in pieces of any length, and works in place: it unmasks the caller's buffer and hands
//! out messages as slices of it. Only what is not complete yet is kept, and given back as soon as it is, so that a
//! connection with nothing in flight has no buffer at all. What a server writes goes through [`crate::frame`], what a client
//! writes is a [`ClientFrame`].
//!
//! ```
//! use tightwire_proto::websocket::{Event, Reader, Role};
//!
//! let mut reader = Reader::new(Role::Server, 1024);
//! // A masked text frame, in two pieces.
//! let (mut first, mut second) = ([0x81, 0x82, 1, 2], [3, 4, b'h' ^ 1, b'i' ^ 2]);
//! let step = reader.read(&mut first)?;
//! assert_eq!((step.consumed, step.event), (4, None));
//! let step = reader.read(&mut second)?;
//! assert_eq!(step.event, Some(Event::Text(b"hi".as_slice().into())));
//! # Ok::<(), tightwire_proto::websocket::Violation>(())
//! ```

mod header;
mod mask;
mod reader;
mod utf8;
mod violation;
mod writer;

pub use mask::apply as mask;
pub use reader::{Event, Reader, Role, Step};
pub use violation::Violation;
pub use writer::ClientFrame;

//! Where a connection really comes from, if a proxy passes it on as it is: the header of the PROXY protocol (HAProxy's
//! `proxy-protocol.txt`) before the first byte of HTTP or TLS.
//!
//! Whoever may say where others come from may say anything. So a header is taken from trusted addresses only, and where
//! it is expected nobody else may connect and nobody without one: a server that guesses can be lied to.
//!
//! The header is read to its last byte and no further, so that what follows is left in the socket. The crate `ppp` knows
//! what it means.

use std::io;
use std::net::{IpAddr, SocketAddr};

use ppp::{v1, v2};
use tokio::io::{AsyncRead, AsyncReadExt};

/// Which versions of the PROXY protocol trusted proxies speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProxyProtocol {
    /// None: connections come straight from clients, or from proxies that speak HTTP.
    #[default]
    Off,
    /// The text of version 1.
    V1,
    /// The binary version 2.
    V2,
    /// Either, whichever a connection begins with.
    Any,
}

impl ProxyProtocol {
    fn has_v1(self) -> bool {
        matches!(self, Self::V1 | Self::Any)
    }

    fn has_v2(self) -> bool {
        matches!(self, Self::V2 | Self::Any)
    }
}

/// Why a connection is not served.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HeaderError {
    #[error("it does not begin with a header of the PROXY protocol, in a version that is expected")]
    Other,
    #[error("its header of the PROXY protocol makes no sense")]
    Malformed,
    #[error("its header of the PROXY protocol has more than {MAX_BYTES} bytes")]
    TooLong,
    #[error("it ends within the header of the PROXY protocol")]
    Ended,
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// What version 1 begins with.
const PREFIX_V1: &[u8] = b"PROXY ";
/// The shortest header of version 1, `PROXY UNKNOWN` and the end of the line.
const MIN_V1: usize = 15;
/// The longest header of version 1.
const MAX_V1: usize = 107;
/// What version 2 always has; the last two bytes of it say how much follows.
const FIXED_V2: usize = 16;
/// The longest header that is read: addresses, and what proxies say beside them.
const MAX_BYTES: usize = 4096;

/// Reads the header. The client's address; `None` if the proxy speaks for itself, for instance to see whether the server
/// is there.
pub(crate) async fn read(
    stream: &mut (impl AsyncRead + Unpin),
    expected: ProxyProtocol,
) -> Result<Option<SocketAddr>, HeaderError> {
    let mut bytes = Vec::with_capacity(MAX_V1);
    loop {
        let missing = missing(&bytes, expected)?;
        if missing == 0 {
            return source(&bytes);
        }
        let before = bytes.len();
        if before + missing > MAX_BYTES {
            return Err(HeaderError::TooLong);
        }
        bytes.resize(before + missing, 0);
        let count = stream.read(&mut bytes[before..]).await?;
        if count == 0 {
            return Err(HeaderError::Ended);
        }
        bytes.truncate(before + count);
    }
}

/// How many bytes belong to the header after these, at the least; 0 if it is complete.
fn missing(bytes: &[u8], expected: ProxyProtocol) -> Result<usize, HeaderError> {
    let may_be = |prefix: &[u8]| prefix.iter().zip(bytes).all(|(one, other)| one == other);
    let v1 = expected.has_v1() && may_be(PREFIX_V1);
    let v2 = expected.has_v2() && may_be(v2::PROTOCOL_PREFIX);
    let length = bytes.len();
    match (v1, v2) {
        (false, false) => Err(HeaderError::Other),
        // Version 2 says how long it is.
        (false, true) => match bytes.get(FIXED_V2 - 2..FIXED_V2) {
            Some(&[high, low]) => Ok((FIXED_V2 + usize::from(u16::from_be_bytes([high, low]))).saturating_sub(length)),
            _ => Ok(FIXED_V2 - length),
        },
        // Version 1 ends with its line: a few bytes at a time, and never more than the end of the line.
        (true, _) if length < MIN_V1 => Ok(MIN_V1 - length),
        (true, _) => match bytes.last() {
            Some(b'\n') => Ok(0),
            _ if bytes.contains(&b'\n') => Err(HeaderError::Malformed),
            _ if length >= MAX_V1 => Err(HeaderError::TooLong),
            Some(b'\r') => Ok(1),
            _ => Ok(2),
        },
    }
}

fn source(bytes: &[u8]) -> Result<Option<SocketAddr>, HeaderError> {
    let address = |address: IpAddr, port| Some(SocketAddr::new(address, port));
    if bytes.starts_with(PREFIX_V1) {
        let header = v1::Header::try_from(bytes).map_err(|_| HeaderError::Malformed)?;
        // What it means ends where the line does, and so do we.
        if header.header.len() != bytes.len() {
            return Err(HeaderError::Malformed);
        }
        return Ok(match header.addresses {
            v1::Addresses::Tcp4(both) => address(both.source_address.into(), both.source_port),
            v1::Addresses::Tcp6(both) => address(both.source_address.into(), both.source_port),
            v1::Addresses::Unknown => None,
        });
    }
    let header = v2::Header::try_from(bytes).map_err(|_| HeaderError::Malformed)?;
    match (header.command, header.protocol, header.addresses) {
        (v2::Command::Local, ..) => Ok(None),
        (v2::Command::Proxy, v2::Protocol::Datagram, _) => Err(HeaderError::Malformed),
        (v2::Command::Proxy, _, addresses) => Ok(match addresses {
            v2::Addresses::IPv4(both) => address(both.source_address.into(), both.source_port),
            v2::Addresses::IPv6(both) => address(both.source_address.into(), both.source_port),
            v2::Addresses::Unspecified | v2::Addresses::Unix(_) => None,
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use proptest::prelude::*;
    use tokio::io::{AsyncWriteExt, ReadBuf};

    use super::*;

    /// A stream that gives at most so many bytes at once.
    struct Pieces<'a>(&'a [u8], usize);

    impl AsyncRead for Pieces<'_> {
        fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            let (piece, rest) = self.0.split_at(self.0.len().min(self.1).min(into.remaining()));
            into.put_slice(piece);
            self.0 = rest;
            Poll::Ready(Ok(()))
        }
    }

    /// A header of version 2: command, family with protocol, and what follows.
    fn v2(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let length = u16::try_from(rest.len()).expect("short").to_be_bytes();
        [v2::PROTOCOL_PREFIX, &[0x20 | command, family], &length, rest].concat()
    }

    /// Reads a header that comes in pieces of every size, with more behind it, which must not be touched. The address,
    /// `-` for none, or what is wrong.
    #[track_caller]
    fn check(expected: ProxyProtocol, header: &[u8], outcome: &str) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        for size in 1..=header.len() + 4 {
            let found = runtime.block_on(async {
                let (mut near, mut far) = tokio::io::duplex(header.len() + 4);
                let sent = [header, b"GET "].concat();
                let writing = async {
                    for piece in sent.chunks(size) {
                        near.write_all(piece).await.expect("there is room");
                        tokio::task::yield_now().await;
                    }
                    drop(near);
                };
                let reading = async {
                    let address = read(&mut far, expected).await.map_err(|error| error.to_string())?;
                    let mut rest = Vec::new();
                    far.read_to_end(&mut rest).await.expect("a pipe");
                    assert_eq!(rest, b"GET ", "pieces of {size}");
                    Ok(address.map_or("-".to_owned(), |address| address.to_string()))
                };
                tokio::join!(reading, writing).0
            });
            match found {
                Ok(address) => assert_eq!(address, outcome, "pieces of {size}"),
                Err::<_, String>(error) => assert!(error.contains(outcome), "{error}, pieces of {size}"),
            }
        }
    }

    use ProxyProtocol::{Any, V1, V2};

    #[test]
    fn version_one_is_a_line() {
        let tcp4 = b"PROXY TCP4 192.0.2.7 203.0.113.1 56324 443\r\n";
        check(V1, tcp4, "192.0.2.7:56324");
        check(Any, tcp4, "192.0.2.7:56324");
        check(V2, tcp4, "in a version that is expected");
        check(V1, b"PROXY TCP6 2001:db8::7 2001:db8::1 1 2\r\n", "[2001:db8::7]:1");
        check(V1, b"PROXY UNKNOWN\r\n", "-");
        check(V1, b"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", "-");
        for wrong in [
            "PROXY TCP4 192.0.2.7 203.0.113.1 56324\r\n",
            "PROXY TCP4 192.0.2.7 203.0.113.1 70000 443\r\n",
            "PROXY TCP4 2001:db8::7 2001:db8::1 1 2\r\n",
            "PROXY TCP4 192.0.2.7 203.0.113.1 56324 443\n",
            "PROXY UDP4 192.0.2.7 203.0.113.1 56324 443\r\n",
            "PROXY TCP4 192.0.2.7 203.0.113.1 56324 443 1\r\n",
            "PROXY TCP4\r192.0.2.7 203.0.113.1 56324 443\r\n",
        ] {
            check(V1, wrong.as_bytes(), "makes no sense");
        }
        check(V1, format!("PROXY UNKNOWN {}\r\n", "x".repeat(100)).as_bytes(), "more than");
    }

    #[test]
    fn version_two_says_how_long_it_is() {
        let ip4 = [192, 0, 2, 7, 203, 0, 113, 1, 1, 0, 0, 80];
        check(V2, &v2(1, 0x11, &ip4), "192.0.2.7:256");
        check(Any, &v2(1, 0x11, &[&ip4[..], &[4, 0, 1, 0]].concat()), "192.0.2.7:256");
        check(V1, &v2(1, 0x11, &ip4), "in a version that is expected");
        let ip6 = [[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9]; 2].concat();
        check(V2, &v2(1, 0x21, &[&ip6[..], &[0, 5, 0, 6]].concat()), "[2001:db8::9]:5");
        check(V2, &v2(0, 0x00, &[]), "-");
        check(V2, &v2(0, 0x11, &ip4), "-");
        check(V2, &v2(1, 0x00, &[1, 2, 3]), "-");
        check(V2, &v2(1, 0x31, &[b'x'; 216]), "-");
        check(V2, &v2(1, 0x12, &ip4), "makes no sense");
        check(V2, &v2(1, 0x11, &ip4[..8]), "makes no sense");
        check(V2, &v2(2, 0x11, &ip4), "makes no sense");
        check(V2, &v2(1, 0x41, &ip4), "makes no sense");
        // Read no further than its fixed part.
        let huge = [v2::PROTOCOL_PREFIX, &[0x21, 0x11, 0xff, 0xff]].concat();
        check(V2, &huge, "more than 4096");
    }

    #[test]
    fn anything_else_is_refused_at_its_first_wrong_byte() {
        assert!(matches!(missing(b"G", Any), Err(HeaderError::Other)));
        assert!(matches!(missing(b"PROXZ", Any), Err(HeaderError::Other)));
        assert!(matches!(missing(b"\r\n\r\nG", Any), Err(HeaderError::Other)));
        check(Any, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "in a version that is expected");
        check(Any, b"", "in a version that is expected");
    }

    proptest! {
        /// Whatever comes, the outcome does not depend on the pieces in which it comes, and nothing is read behind it.
        #[test]
        fn pieces_make_no_difference(
            version in 0..3_usize,
            rest in prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..64),
                "(TCP4|TCP6|UNKNOWN) [0-9.]{0,12} [0-9:.]{0,12} [0-9]{0,6} [0-9]{0,6}\r?\n?".prop_map(String::into_bytes),
                (0..4_u8, 0..5_u8, 0..40_u8).prop_map(|(command, family, length)| {
                    let head = [0x20 | command, family << 4 | 1, 0, length];
                    [&head[..], &[7; 40]].concat()
                }),
            ],
            size in 1..40_usize,
        ) {
            let prefix: &[u8] = [&b""[..], PREFIX_V1, v2::PROTOCOL_PREFIX][version];
            let sent = [prefix, &rest].concat();
            let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
            let outcome = |size: usize| runtime.block_on(async {
                let mut pieces = Pieces(&sent, size);
                let outcome = read(&mut pieces, Any).await.map_err(|error| error.to_string());
                let mut behind = Vec::new();
                pieces.read_to_end(&mut behind).await.expect("a slice");
                // What is refused is read no further, and where that is depends on the pieces.
                outcome.map(|address| (address, behind))
            });
            prop_assert_eq!(outcome(size), outcome(usize::MAX));
        }
    }

    #[tokio::test]
    async fn half_a_header_is_none() {
        for half in [&b""[..], b"PROXY TCP4 192.0.2.7", &v2(1, 0x11, &[0; 12])[..20]] {
            let result = read(&mut &half[..], Any).await;
            assert!(matches!(result, Err(HeaderError::Ended)), "{half:?}: {result:?}");
        }
    }
}

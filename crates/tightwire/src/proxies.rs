//! Where a request really comes from, if a proxy passes it on: `X-Forwarded-For` or `Forwarded`, from those only whose word
//! is taken.
//!
//! Each proxy appends the address of whoever it got the request from. So the header is read from its end, for as long as
//! the address before was one of the trusted: what stands further left was written by somebody else and may be a lie.
//! Only one of the two headers is ever read: a proxy that writes the one passes the other on as the client wrote it.

mod forwarded;

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use warp::http::{HeaderMap, HeaderName, HeaderValue, header};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The header in which trusted proxies say for whom they ask. The other one is not read, not even where this one is missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`, which nearly every proxy writes.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

impl ForwardedHeader {
    fn name(self) -> HeaderName {
        match self {
            Self::XForwardedFor => X_FORWARDED_FOR,
            Self::Forwarded => header::FORWARDED,
        }
    }

    /// What the proxies of a line say, the last one first; `None` where one says no address.
    fn hops(self, line: &HeaderValue) -> Box<dyn Iterator<Item = Option<SocketAddr>> + '_> {
        match self {
            Self::XForwardedFor => {
                let hops = line.as_bytes().rsplit(|byte| *byte == b',');
                Box::new(hops.map(|hop| address(std::str::from_utf8(hop).ok()?.trim())))
            }
            Self::Forwarded => Box::new(forwarded::hops(line.as_bytes())),
        }
    }
}

/// The address of the client: the peer's own, or what trusted proxies say of it, with port 0 where they say none.
pub(crate) fn client(trusted: &[IpNet], header: ForwardedHeader, peer: SocketAddr, headers: &HeaderMap) -> SocketAddr {
    let mut client = peer;
    let lines = headers.get_all(header.name()).iter().rev();
    let mut hops = lines.flat_map(|line| header.hops(line));
    while is_trusted(trusted, client.ip())
        && let Some(hop) = hops.next().flatten()
    {
        client = hop;
    }
    client
}

/// Whether the word of whoever is there is taken.
pub(crate) fn is_trusted(trusted: &[IpNet], address: IpAddr) -> bool {
    // A socket for both families shows an IPv4 peer in the form of IPv6.
    let address = address.to_canonical();
    trusted.iter().any(|network| network.contains(&address))
}

/// `192.0.2.1`, `2001:db8::1`, and both with a port; some proxies put the second in brackets without one too.
fn address(hop: &str) -> Option<SocketAddr> {
    let bare = hop.strip_prefix('[').and_then(|hop| hop.strip_suffix(']')).unwrap_or(hop);
    let without_port = || bare.parse().ok().map(|address| SocketAddr::new(address, 0));
    without_port().or_else(|| hop.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORWARDED: HeaderName = header::FORWARDED;

    fn found(read: ForwardedHeader, peer: &str, lines: &[(HeaderName, &str)]) -> String {
        let trusted: Vec<IpNet> = ["10.0.0.0/8", "2001:db8:1::/48"].map(|net| net.parse().expect("a network")).into();
        let mut headers = HeaderMap::new();
        for (name, line) in lines {
            headers.append(name, line.parse().expect("a header value"));
        }
        client(&trusted, read, peer.parse().expect("an address"), &headers).to_string()
    }

    #[track_caller]
    fn check(peer: &str, lines: &[&str], expected: &str) {
        let lines: Vec<_> = lines.iter().map(|line| (X_FORWARDED_FOR, *line)).collect();
        assert_eq!(found(ForwardedHeader::XForwardedFor, peer, &lines), expected, "{peer} {lines:?}");
    }

    #[track_caller]
    fn check_forwarded(peer: &str, lines: &[(HeaderName, &str)], expected: &str) {
        assert_eq!(found(ForwardedHeader::Forwarded, peer, lines), expected, "{peer} {lines:?}");
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        check("192.0.2.9:5", &["198.51.100.1"], "192.0.2.9:5");
        check("10.0.0.1:5", &["198.51.100.1"], "198.51.100.1:0");
        check("[::ffff:10.0.0.1]:5", &["198.51.100.1"], "198.51.100.1:0");
        check("[2001:db8:1::7]:5", &["2001:db8::1"], "[2001:db8::1]:0");
        check("10.0.0.1:5", &[], "10.0.0.1:5");
    }

    #[test]
    fn what_the_client_writes_itself_is_not_believed() {
        check("10.0.0.1:5", &["127.0.0.1, 198.51.100.1"], "198.51.100.1:0");
        check("10.0.0.1:5", &["127.0.0.1", "198.51.100.1"], "198.51.100.1:0");
        check("10.0.0.1:5", &["127.0.0.1, 198.51.100.1, 10.9.9.9"], "198.51.100.1:0");
        // Not even that it is a proxy: the address before it is none.
        check("10.0.0.1:5", &["10.0.0.3, 198.51.100.1, 10.0.0.2"], "198.51.100.1:0");
        // What cannot be read ends the chain at the last one that is known.
        check("10.0.0.1:5", &["198.51.100.1, unknown, 10.0.0.2"], "10.0.0.2:0");
        check("10.0.0.1:5", &["198.51.100.1,"], "10.0.0.1:5");
    }

    #[test]
    fn ports_may_be_there() {
        check("10.0.0.1:5", &["198.51.100.1:4711"], "198.51.100.1:4711");
        check("10.0.0.1:5", &["[2001:db8::1]:4711"], "[2001:db8::1]:4711");
        check("10.0.0.1:5", &["[2001:db8::1]"], "[2001:db8::1]:0");
    }

    #[test]
    fn forwarded_is_believed_no_further_than_its_namesake() {
        check_forwarded("192.0.2.9:5", &[(FORWARDED, "for=198.51.100.1")], "192.0.2.9:5");
        check_forwarded("10.0.0.1:5", &[(FORWARDED, "for=198.51.100.1")], "198.51.100.1:0");
        check_forwarded("10.0.0.1:5", &[(FORWARDED, "for=127.0.0.1, for=198.51.100.1")], "198.51.100.1:0");
        check_forwarded(
            "10.0.0.1:5",
            &[(FORWARDED, "for=127.0.0.1"), (FORWARDED, "for=198.51.100.1")],
            "198.51.100.1:0",
        );
        let chain = r#"for=127.0.0.1, for="[2001:db8::1]:4711";proto=https, for=10.9.9.9"#;
        check_forwarded("10.0.0.1:5", &[(FORWARDED, chain)], "[2001:db8::1]:4711");
        // Whom a proxy hides is not known, and whoever stands before is not believed.
        check_forwarded("10.0.0.1:5", &[(FORWARDED, "for=198.51.100.1, for=_hidden, for=10.0.0.2")], "10.0.0.2:0");
        check_forwarded("10.0.0.1:5", &[(FORWARDED, "for=198.51.100.1, for=unknown")], "10.0.0.1:5");
    }

    #[test]
    fn of_the_two_headers_only_the_one_that_the_proxies_write_is_read() {
        let both = [(X_FORWARDED_FOR, "198.51.100.1"), (FORWARDED, "for=198.51.100.2")];
        assert_eq!(found(ForwardedHeader::XForwardedFor, "10.0.0.1:5", &both), "198.51.100.1:0");
        assert_eq!(found(ForwardedHeader::Forwarded, "10.0.0.1:5", &both), "198.51.100.2:0");
        // The other one is not taken in its place: then it is the client's.
        assert_eq!(found(ForwardedHeader::XForwardedFor, "10.0.0.1:5", &both[1..]), "10.0.0.1:5");
        assert_eq!(found(ForwardedHeader::Forwarded, "10.0.0.1:5", &both[..1]), "10.0.0.1:5");
    }
}

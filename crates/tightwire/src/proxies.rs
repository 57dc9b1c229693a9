//! Where a request really comes from, if a proxy passes it on: `X-Forwarded-For`, from those only whose word is taken.
//!
//! Each proxy appends the address of whoever it got the request from. So the header is read from its end, for as long as
//! the address before was one of the trusted: what stands further left was written by somebody else and may be a lie.
//! `Forwarded` (RFC 7239) is not read: a proxy that writes the one passes the other on as the client wrote it.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use warp::http::{HeaderMap, HeaderName};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address of the client: the peer's own, or what trusted proxies say of it, with port 0 where they say none.
pub(crate) fn client(trusted: &[IpNet], peer: SocketAddr, headers: &HeaderMap) -> SocketAddr {
    let mut client = peer;
    let lines = headers.get_all(FORWARDED_FOR).iter().rev();
    let mut hops = lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
    while is_trusted(trusted, client.ip())
        && let Some(hop) = hops.next().and_then(address)
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
fn address(hop: &[u8]) -> Option<SocketAddr> {
    let hop = std::str::from_utf8(hop).ok()?.trim();
    let bare = hop.strip_prefix('[').and_then(|hop| hop.strip_suffix(']')).unwrap_or(hop);
    let without_port = || bare.parse().ok().map(|address| SocketAddr::new(address, 0));
    without_port().or_else(|| hop.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(peer: &str, lines: &[&str], expected: &str) {
        let trusted: Vec<IpNet> = ["10.0.0.0/8", "2001:db8:1::/48"].map(|net| net.parse().expect("a network")).into();
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, line.parse().expect("a header value"));
        }
        let found = client(&trusted, peer.parse().expect("an address"), &headers);
        assert_eq!(found.to_string(), expected, "{peer} {lines:?}");
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
}

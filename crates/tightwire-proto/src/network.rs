//! What counts as one address where clients are bounded by theirs.

use std::net::IpAddr;

/// An IPv4 address, or the 64 bits that a provider gives to one IPv6 customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Network {
    /// An address.
    V4([u8; 4]),
    /// The first half of an address.
    V6([u8; 8]),
}

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address.octets()),
            IpAddr::V6(address) => {
                let [prefix @ .., _, _, _, _, _, _, _, _] = address.octets();
                Self::V6(prefix)
            }
        }
    }
}

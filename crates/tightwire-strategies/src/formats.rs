//! The formats of JSON Schema: whether a text has one, and texts that do.

use fastrand::Rng;

use crate::pick::Pick;

/// A format that is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Uuid,
    DateTime,
    Date,
    Time,
    Email,
    Uri,
    Ipv4,
    Ipv6,
    Hostname,
}

impl Format {
    /// The format of that name; `None` for one that nothing is checked of.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "uuid" => Self::Uuid,
            "date-time" => Self::DateTime,
            "date" => Self::Date,
            "time" => Self::Time,
            "email" => Self::Email,
            "uri" => Self::Uri,
            "ipv4" => Self::Ipv4,
            "ipv6" => Self::Ipv6,
            "hostname" => Self::Hostname,
            _ => return None,
        })
    }

    /// A text of the format.
    pub(crate) fn sample(self, rng: &mut Rng, pick: Pick) -> String {
        match (self, pick) {
            (Self::Uuid, Pick::Smallest) => "00000000-0000-0000-0000-000000000000".to_owned(),
            (Self::Uuid, Pick::Largest) => "ffffffff-ffff-ffff-ffff-ffffffffffff".to_owned(),
            (Self::Uuid, Pick::Any) => {
                let digits = format!("{:032x}", rng.u128(..));
                let parts = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
                parts.join("-")
            }
            (Self::DateTime, Pick::Smallest) => "2000-01-01T00:00:00Z".to_owned(),
            (Self::DateTime, _) => format!("20{:02}-02-28T23:59:{:02}.5+01:30", rng.u8(..100), rng.u8(..60)),
            (Self::Date, _) => format!("20{:02}-02-28", rng.u8(..100)),
            (Self::Time, _) => format!("23:59:{:02}Z", rng.u8(..60)),
            (Self::Email, _) => format!("a{}@example.org", rng.u8(..)),
            (Self::Uri, _) => format!("https://example.org/{}", rng.u8(..)),
            (Self::Ipv4, _) => format!("192.0.2.{}", rng.u8(..)),
            (Self::Ipv6, _) => format!("2001:db8::{:x}", rng.u16(..)),
            (Self::Hostname, _) => format!("a{}.example.org", rng.u8(..)),
        }
    }
}

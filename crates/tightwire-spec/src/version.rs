//! The version of AsyncAPI that a document is written in.

use crate::tree::Node;

/// The major version: what decides how a document is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// 2.0 to 2.6: operations stand inside of channels, `publish` and `subscribe` are said from outside.
    V2,
    /// 3.0 and 3.1.
    V3,
}

impl Version {
    /// The version that a text names, if it is one that is read.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let major_minor = (parts.next(), parts.next());
        let patch = parts.next()?;
        if patch.is_empty() || parts.next().is_some() {
            return None;
        }
        match major_minor {
            (Some("2"), Some("0" | "1" | "2" | "3" | "4" | "5" | "6")) => Some(Self::V2),
            (Some("3"), Some("0" | "1")) => Some(Self::V3),
            _ => None,
        }
    }

    /// The version of a document; the newest where it does not say.
    pub(crate) fn of(root: Node<'_>) -> Self {
        root.text("asyncapi").and_then(Self::parse).unwrap_or(Self::V3)
    }
}

//! How several servers share their topics through Redis.

use std::time::Duration;

use super::{RedisChannel, RedisLogin, RedisUrl};
#[cfg(feature = "tls")]
use crate::client::Tls;

/// How servers that use the same Redis share their topics. A client may be on any of them.
///
/// Servers of one system have the same [`prefix`](Self::prefix), [`shards`](Self::shards) and
/// [`stream_frames`](Self::stream_frames).
///
/// ```
/// use tightwire::config::RedisConfig;
///
/// # fn main() -> Result<(), tightwire::config::RedisUrlError> {
/// let redis = RedisConfig::new("redis://127.0.0.1:6379/0".parse()?);
/// let config = tightwire::Config { redis: Some(redis), ..Default::default() };
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RedisConfig {
    /// Where Redis is.
    pub url: RedisUrl,
    /// Which servers to believe, where the URL asks for TLS; with a configuration also which certificate to show. Default:
    /// those with a certificate of an authority that Mozilla trusts.
    #[cfg(feature = "tls")]
    pub tls: Tls,
    /// As whom Sentinels are asked, where the URL names Sentinels; `user` and `password` of the URL are those of the servers of
    /// Redis. Default: as nobody.
    pub sentinel: Option<RedisLogin>,
    /// What the name of every key begins with: systems that share a Redis have different prefixes. See
    /// [`Self::is_prefix`]. Default: `tightwire`.
    pub prefix: String,
    /// Over how many streams the topics are spread. It cannot be changed while any server of the system runs. Default: 16.
    pub shards: u16,
    /// About how many frames each of these streams keeps: what a server may miss and still read in one go when it comes
    /// back. Beyond that it reads the history of every topic that its clients are subscribed to. Default: 10 000.
    pub stream_frames: u64,
    /// How many publications may wait for Redis; beyond it publishing fails at once. Default: 10 000.
    pub publish_queue_frames: usize,
    /// How many bytes of publications may wait for Redis; beyond it publishing fails at once. Default: 16 MiB.
    pub publish_queue_bytes: usize,
    /// How long a publication may wait for Redis before publishing fails. Default: 5 s.
    pub publish_timeout: Duration,
    /// How long connecting may take, with everything before the first command: looking up names, TLS, authentication.
    /// Default: 5 s.
    pub connect_timeout: Duration,
    /// Channels on which other programs `PUBLISH`, and what their messages become. The same on all servers of a system: one
    /// of them listens for all. Default: none.
    pub channels: Vec<RedisChannel>,
}

impl RedisConfig {
    /// The defaults, with Redis at `url`.
    #[must_use]
    pub fn new(url: RedisUrl) -> Self {
        Self {
            url,
            #[cfg(feature = "tls")]
            tls: Tls::default(),
            sentinel: None,
            prefix: "tightwire".to_owned(),
            shards: 16,
            stream_frames: 10_000,
            publish_queue_frames: 10_000,
            publish_queue_bytes: 16 << 20,
            publish_timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(5),
            channels: Vec::new(),
        }
    }

    /// Whether `text` can be a prefix: 1 to 64 visible ASCII characters without braces, which mean something in the keys of
    /// a Redis Cluster.
    #[must_use]
    pub fn is_prefix(text: &str) -> bool {
        (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"{}".contains(&byte))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_leaves_the_hash_tag_alone() {
        let (long, too_long) = ("a".repeat(64), "a".repeat(65));
        for (text, expected) in [("tightwire", true), ("a:b.c-d", true), (&long, true), (&too_long, false)] {
            assert_eq!(RedisConfig::is_prefix(text), expected, "{text}");
        }
        for text in ["", "a b", "a\n", "a{b}", "}", "ä"] {
            assert!(!RedisConfig::is_prefix(text), "{text:?}");
        }
    }
}

//! Through which Redis several servers are one system, as the settings say.

#[cfg(feature = "redis")]
use std::time::Duration;

use clap::builder::{StringValueParser, TypedValueParser};

#[cfg(all(feature = "redis", feature = "tls"))]
use tokio_rustls::rustls::pki_types::CertificateDer;
#[cfg(all(feature = "redis", feature = "tls"))]
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};

use super::ServerSettings;
#[cfg(all(feature = "redis", feature = "tls"))]
use crate::client::Tls;
#[cfg(feature = "redis")]
use crate::config::{RedisChannelError, RedisConfig, RedisLogin, RedisServers, RedisUrlError};

/// Why the Redis cannot be used that the settings ask for. Each says what to change.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RedisError {
    /// The server was built without Redis: build it with the feature, or let it be alone.
    #[error(
        "--redis-url asks for Redis, which this server was built without: build it with `cargo build --features redis`, or \
         leave the setting out if it is the only server"
    )]
    NotBuiltIn,
    /// The URL is none of Redis.
    #[cfg(feature = "redis")]
    #[error("--redis-url: {0}")]
    Url(#[from] RedisUrlError),
    /// The file of the authorities cannot be read, or has no certificates.
    #[cfg(all(feature = "redis", feature = "tls"))]
    #[error("--redis-ca-file: cannot read certificates from {path}: {cause}; it should be a PEM file")]
    Authorities {
        /// The file.
        path: String,
        /// Why.
        #[source]
        cause: pem::Error,
    },
    /// Authorities are named, and nothing is secure.
    #[error("--redis-ca-file is for URLs that ask for TLS (rediss://), and --redis-url does not")]
    NothingSecure,
    /// A password for Sentinels, and no Sentinels.
    #[error(
        "--redis-sentinel-password is for URLs that name Sentinels (redis+sentinel://), and --redis-url does not: the password \
         of a server of Redis stands in its URL"
    )]
    NoSentinels,
    /// A user for Sentinels, and no password.
    #[error("--redis-sentinel-user needs --redis-sentinel-password")]
    NoSentinelPassword,
    /// It is not said what the messages of a channel become.
    #[cfg(feature = "redis")]
    #[error("--redis-channels: {0}")]
    Channel(#[from] RedisChannelError),
}

/// Reads a prefix of keys. Without Redis there are no keys, and nothing to judge.
pub(super) fn prefix() -> impl TypedValueParser<Value = String> {
    StringValueParser::new().try_map(|text| {
        #[cfg(feature = "redis")]
        if !RedisConfig::is_prefix(&text) {
            return Err("a prefix has 1 to 64 visible ASCII characters, and no braces");
        }
        Ok::<_, &'static str>(text)
    })
}

/// Redis, if the settings name one.
#[cfg(feature = "redis")]
pub(super) fn redis(settings: &ServerSettings) -> Result<Option<RedisConfig>, RedisError> {
    let url = settings.redis_url.reveal();
    if url.is_empty() {
        return Ok(None);
    }
    let size = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
    let mut redis = RedisConfig::new(url.parse()?);
    let authorities = &settings.redis_ca_file;
    if !authorities.is_empty() && !redis.url.is_tls() {
        return Err(RedisError::NothingSecure);
    }
    #[cfg(feature = "tls")]
    if !authorities.is_empty() {
        redis.tls = Tls::Roots(read_authorities(authorities)?);
    }
    redis.sentinel = sentinel_login(settings, &redis)?;
    redis.prefix.clone_from(&settings.redis_prefix);
    redis.shards = settings.redis_shards;
    redis.stream_frames = settings.redis_stream_frames;
    redis.publish_queue_frames = size(settings.redis_publish_queue_frames);
    redis.publish_queue_bytes = size(settings.redis_publish_queue_bytes);
    redis.publish_timeout = Duration::from_millis(settings.redis_publish_timeout_ms);
    redis.connect_timeout = Duration::from_millis(settings.redis_connect_timeout_ms);
    redis.channels = settings.redis_channels.iter().map(|channel| channel.parse()).collect::<Result<_, _>>()?;
    Ok(Some(redis))
}

/// As whom Sentinels are asked.
#[cfg(feature = "redis")]
fn sentinel_login(settings: &ServerSettings, redis: &RedisConfig) -> Result<Option<RedisLogin>, RedisError> {
    let (user, password) = (&*settings.redis_sentinel_user, settings.redis_sentinel_password.reveal());
    let login = match (user, password) {
        ("", "") => return Ok(None),
        (_, "") => return Err(RedisError::NoSentinelPassword),
        ("", password) => RedisLogin::password(password),
        (user, password) => RedisLogin::user(user, password),
    };
    match redis.url.servers() {
        RedisServers::Sentinel { .. } => Ok(Some(login)),
        RedisServers::One(_) | RedisServers::Cluster(_) => Err(RedisError::NoSentinels),
    }
}

#[cfg(all(feature = "redis", feature = "tls"))]
fn read_authorities(path: &str) -> Result<Vec<CertificateDer<'static>>, RedisError> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let read = read.and_then(|read| if read.is_empty() { Err(pem::Error::NoItemsFound) } else { Ok(read) });
    read.map_err(|cause| RedisError::Authorities { path: path.to_owned(), cause })
}

/// Without Redis the settings must not ask for it.
#[cfg(not(feature = "redis"))]
pub(super) fn refuse(settings: &ServerSettings) -> Result<(), RedisError> {
    if settings.redis_url.reveal().is_empty() { Ok(()) } else { Err(RedisError::NotBuiltIn) }
}

#[cfg(test)]
mod tests {
    #[cfg(feature = "redis")]
    use super::*;
    use crate::settings::tests::read;

    /// What the settings make of Redis; `Err` is a part of the error.
    #[track_caller]
    fn check(flags: &[&str], expected: Result<&str, &str>) {
        let settings = read(&[&["--auth-disabled"], flags].concat()).expect("the flags are right");
        let found = settings.config().map(|config| format!("{config:?}")).map_err(|error| error.to_string());
        match (&found, expected) {
            (Ok(found), Ok(expected)) => assert!(found.contains(expected), "{flags:?}: {found}"),
            (Err(found), Err(expected)) => assert!(found.contains(expected), "{flags:?}: {found}"),
            _ => panic!("{flags:?}: {found:?}"),
        }
        assert!(!format!("{found:?}{settings:?}").contains("hunter2"), "the password is shown");
    }

    #[cfg(not(feature = "redis"))]
    #[test]
    fn without_redis_a_url_is_refused() {
        check(&["--redis-url", "redis://u:hunter2@127.0.0.1"], Err("built without: build it with"));
        check(&["--redis-url", ""], Ok("Config {"));
    }

    #[cfg(feature = "redis")]
    #[test]
    fn a_url_is_redis_and_none_is_none() {
        check(&[], Ok("redis: None"));
        check(&["--redis-url", "redis://u:hunter2@127.0.0.1/1"], Ok("RedisUrl(redis://u:(hidden)@127.0.0.1:6379/1)"));
        check(
            &["--redis-url", "http://u:hunter2@127.0.0.1"],
            Err("--redis-url: `http://` is not a URL of Redis; the forms"),
        );
    }

    #[cfg(feature = "redis")]
    #[test]
    fn every_setting_reaches_redis() {
        let url = "redis://127.0.0.1";
        let shown = |redis: RedisConfig| format!("{redis:?}");
        let of =
            |flags: &[&str]| read(flags).map(|settings| shown(redis(&settings).expect("it is right").expect("a URL")));
        let defaults = RedisConfig::new(url.parse().expect("it is right"));
        assert_eq!(of(&["--redis-url", url]), Ok(shown(defaults.clone())));
        let mut expected = defaults;
        expected.prefix = "mine".to_owned();
        expected.shards = 1;
        (expected.stream_frames, expected.publish_queue_frames, expected.publish_queue_bytes) = (200, 3, 4);
        (expected.publish_timeout, expected.connect_timeout) = (Duration::from_millis(5), Duration::from_millis(6));
        expected.channels = ["a", "b.*=t@x:{1}"].map(|channel| channel.parse().expect("it is right")).to_vec();
        let flags = [
            "--redis-url=redis://127.0.0.1",
            "--redis-prefix=mine",
            "--redis-shards=1",
            "--redis-stream-frames=200",
            "--redis-publish-queue-frames=3",
            "--redis-publish-queue-bytes=4",
            "--redis-publish-timeout-ms=5",
            "--redis-connect-timeout-ms=6",
            "--redis-channels=a, b.*=t@x:{1}",
        ];
        assert_eq!(of(&flags), Ok(shown(expected)));
        let said = of(&["--redis-url", url, "--redis-prefix", "a{b}"]).expect_err("braces");
        assert!(said.contains("no braces"), "{said}");
        check(&["--redis-url", url, "--redis-channels", "a=b"], Err("--redis-channels: `a=b` names no topic"));
    }

    #[cfg(feature = "redis")]
    #[test]
    fn sentinels_have_a_password_of_their_own() {
        let sentinels = ["--redis-url", "redis+sentinel://a/m"];
        let with = |flags: &[&'static str]| [&sentinels, flags].concat();
        let password = ["--redis-sentinel-password", "hunter2"];
        check(&with(&[]), Ok("sentinel: None"));
        check(&with(&password), Ok("sentinel: Some(RedisLogin { user: None, .. })"));
        let user = ["--redis-sentinel-user", "watch"];
        check(&with(&[password, user].concat()), Ok(r#"sentinel: Some(RedisLogin { user: Some("watch"), .. })"#));
        check(&with(&user), Err("needs --redis-sentinel-password"));
        check(&[["--redis-url", "redis://a"], password].concat(), Err("for URLs that name Sentinels"));
    }

    #[cfg(feature = "redis")]
    #[test]
    fn authorities_are_for_what_is_secure() {
        let named = |url| ["--redis-url", url, "--redis-ca-file", "/nowhere"];
        check(&named("redis://127.0.0.1"), Err("for URLs that ask for TLS (rediss://), and --redis-url does not"));
        let secure = named("rediss://127.0.0.1");
        if cfg!(feature = "tls") {
            check(&secure, Err("cannot read certificates from /nowhere"));
        } else {
            check(&secure, Err("built without"));
        }
    }
}

//! The URL that says where Redis is. Its password is shown to nobody: not by `Debug`, and not by an error, which therefore
//! repeats nothing of a URL but its scheme.

use std::fmt;
use std::str::FromStr;

use crate::percent;

/// The port of Redis, and that of its Sentinels.
const REDIS_PORT: u16 = 6379;
const SENTINEL_PORT: u16 = 26379;

/// Where Redis is: one server, the server that Sentinels name, or a Redis Cluster.
///
/// ```text
/// redis://[user[:password]@]host[:port][/database]
/// redis+sentinel://[user[:password]@]host[:port][,host[:port]…]/master[/database]
/// redis+cluster://[user[:password]@]host[:port][,host[:port]…]
/// ```
///
/// With `rediss` for `redis` every connection is one over TLS (feature `tls`). Characters that mean something in a URL are
/// percent-encoded in user, password and the master's name. Ports are 6379, and 26379 for Sentinels, if none is given.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisUrl {
    servers: RedisServers,
    tls: bool,
    user: Option<String>,
    password: Option<String>,
    database: u32,
}

/// Which servers a [`RedisUrl`] names. None of the lists is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RedisServers {
    /// One server.
    One(RedisAddress),
    /// Sentinels, which know where the master is.
    Sentinel {
        /// The Sentinels; one that answers is enough.
        sentinels: Vec<RedisAddress>,
        /// What they call the master.
        master: String,
    },
    /// Servers of a Redis Cluster; one that answers is enough to find the others.
    Cluster(Vec<RedisAddress>),
}

/// A host, by name or address, and its port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedisAddress {
    /// The host; an IPv6 address without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// Why a text is no [`RedisUrl`]. The text says what to write, and repeats nothing that could be secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RedisUrlError {
    /// There is no scheme, or one that means something else.
    #[error("{0}; {FORMS}")]
    Scheme(String),
    /// There is no host, or something that is none.
    #[error(
        "a host is missing, or has characters that no host has (those of a password are percent-encoded, `@` is %40); {FORMS}"
    )]
    Host,
    /// There is more than one host, where there is one server.
    #[error(
        "`redis://` has one host: several are Sentinels (`redis+sentinel://`) or servers of a cluster (`redis+cluster://`)"
    )]
    Hosts,
    /// What stands after a host's colon is no port.
    #[error(
        "a port is a number from 1 to 65535 (and in a password `:`, `/` and `@` are percent-encoded: %3A, %2F, %40); {FORMS}"
    )]
    Port,
    /// User or password are not percent-encoded UTF-8.
    #[error("user and password are percent-encoded UTF-8, in which `%` is %25; {FORMS}")]
    Credentials,
    /// The name of the master is missing.
    #[error("the name of the master is missing, which the Sentinels call it by: redis+sentinel://host,host/master")]
    Master,
    /// What stands for a database is none.
    #[error("a database is a number, as in redis://host/0; a cluster has only the database 0")]
    Database,
    /// There is something behind the path.
    #[error("a URL of Redis has no query and no fragment: what other programs take there has settings of its own here")]
    Query,
    /// It asks for TLS, which the program was built without.
    #[error("the URL asks for TLS, which this server was built without: build it with the feature `tls`")]
    TlsNotBuiltIn,
}

/// Which URLs there are, for errors.
const FORMS: &str = "the forms are redis://host:6379/0, redis+sentinel://host:26379,host:26379/master and \
                     redis+cluster://host:6379,host:6379, each with rediss for TLS, and with user:password@ before the hosts";

impl RedisUrl {
    /// Which servers it names.
    #[must_use]
    pub fn servers(&self) -> &RedisServers {
        &self.servers
    }

    /// Whether every connection is one over TLS, also those to Sentinels.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.tls
    }

    /// The user of the servers of Redis (ACL), not that of Sentinels.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// The password of the servers of Redis, not that of Sentinels.
    #[must_use]
    pub fn password(&self) -> Option<&str> {
        self.password.as_deref()
    }

    /// The number of the database.
    #[must_use]
    pub fn database(&self) -> u32 {
        self.database
    }
}

impl FromStr for RedisUrl {
    type Err = RedisUrlError;

    fn from_str(text: &str) -> Result<Self, RedisUrlError> {
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err(RedisUrlError::Scheme("a URL of Redis begins with a scheme".to_owned()));
        };
        let (kind, tls) = kind(scheme)?;
        if tls && !cfg!(feature = "tls") {
            return Err(RedisUrlError::TlsNotBuiltIn);
        }
        if rest.contains(['?', '#']) {
            return Err(RedisUrlError::Query);
        }
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, password, hosts) = match authority.rsplit_once('@') {
            None => (None, None, authority),
            Some((credentials, hosts)) => {
                let (user, password) = self::credentials(credentials)?;
                (user, password, hosts)
            }
        };
        let port = if kind == Kind::Sentinel { SENTINEL_PORT } else { REDIS_PORT };
        let mut hosts = hosts.split(',').map(|host| address(host, port)).collect::<Result<Vec<_>, _>>()?;
        let (servers, number) = match kind {
            Kind::One => {
                let (Some(one), true) = (hosts.pop(), hosts.is_empty()) else { return Err(RedisUrlError::Hosts) };
                (RedisServers::One(one), path)
            }
            Kind::Cluster => (RedisServers::Cluster(hosts), path),
            Kind::Sentinel => {
                let (master, number) = path.split_once('/').unwrap_or((path, ""));
                let master =
                    percent::decode(master).filter(|master| !master.is_empty()).ok_or(RedisUrlError::Master)?;
                (RedisServers::Sentinel { sentinels: hosts, master }, number)
            }
        };
        let database = database(number)?;
        if kind == Kind::Cluster && database != 0 {
            return Err(RedisUrlError::Database);
        }
        Ok(Self { servers, tls, user, password, database })
    }
}

/// What a scheme stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    One,
    Sentinel,
    Cluster,
}

/// What the scheme stands for, and whether it means TLS.
fn kind(scheme: &str) -> Result<(Kind, bool), RedisUrlError> {
    let (protocol, kind) = scheme.split_once('+').unwrap_or((scheme, ""));
    let kind = match kind {
        "" if !scheme.contains('+') => Some(Kind::One),
        "sentinel" => Some(Kind::Sentinel),
        "cluster" => Some(Kind::Cluster),
        _ => None,
    };
    match (protocol, kind) {
        ("redis", Some(kind)) => Ok((kind, false)),
        ("rediss", Some(kind)) => Ok((kind, true)),
        // Whatever stands there may be a password, unless it looks like a scheme.
        _ if !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'+') => {
            Err(RedisUrlError::Scheme(format!("`{scheme}://` is not a URL of Redis")))
        }
        _ => Err(RedisUrlError::Scheme("this is not a URL of Redis".to_owned())),
    }
}

/// User and password; an empty one is none.
fn credentials(text: &str) -> Result<(Option<String>, Option<String>), RedisUrlError> {
    let (user, password) = text.split_once(':').unwrap_or((text, ""));
    let part = |part: &str| match percent::decode(part) {
        None => Err(RedisUrlError::Credentials),
        Some(part) => Ok(Some(part).filter(|part| !part.is_empty())),
    };
    Ok((part(user)?, part(password)?))
}

fn address(text: &str, port: u16) -> Result<RedisAddress, RedisUrlError> {
    let (host, number) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']').ok_or(RedisUrlError::Host)?;
            host.parse::<std::net::Ipv6Addr>().map_err(|_| RedisUrlError::Host)?;
            let number = if rest.is_empty() { None } else { Some(rest.strip_prefix(':').ok_or(RedisUrlError::Port)?) };
            (host, number)
        }
        None => text.split_once(':').map_or((text, None), |(host, number)| (host, Some(number))),
    };
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte);
    if host.is_empty() || !host.bytes().all(is_host) {
        return Err(RedisUrlError::Host);
    }
    let port = match number {
        None => port,
        Some(number) => self::number(number).filter(|port| *port != 0).ok_or(RedisUrlError::Port)?,
    };
    Ok(RedisAddress { host: host.to_owned(), port })
}

fn database(text: &str) -> Result<u32, RedisUrlError> {
    if text.is_empty() { Ok(0) } else { number(text).ok_or(RedisUrlError::Database) }
}

/// A number of digits alone; `parse` would take a sign too.
fn number<T: FromStr>(text: &str) -> Option<T> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

impl fmt::Display for RedisAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

/// The URL without its password, for logs.
impl fmt::Display for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, hosts, master) = match &self.servers {
            RedisServers::One(one) => ("", std::slice::from_ref(one), None),
            RedisServers::Sentinel { sentinels, master } => ("+sentinel", &**sentinels, Some(master)),
            RedisServers::Cluster(servers) => ("+cluster", &**servers, None),
        };
        write!(f, "redis{}{kind}://", if self.tls { "s" } else { "" })?;
        if self.user.is_some() || self.password.is_some() {
            f.write_str(&percent::encode(self.user.as_deref().unwrap_or_default()))?;
            f.write_str(if self.password.is_some() { ":(hidden)@" } else { "@" })?;
        }
        for (index, host) in hosts.iter().enumerate() {
            write!(f, "{}{host}", if index == 0 { "" } else { "," })?;
        }
        if let Some(master) = master {
            write!(f, "/{}", percent::encode(master))?;
        }
        if self.database == 0 { Ok(()) } else { write!(f, "/{}", self.database) }
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedisUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a URL; `Ok` is how it is shown, `Err` a part of the error.
    #[track_caller]
    fn check(url: &str, expected: Result<&str, &str>) -> Option<RedisUrl> {
        let found = url.parse::<RedisUrl>();
        let shown = found.as_ref().map(ToString::to_string).map_err(ToString::to_string);
        match (&shown, expected) {
            (Ok(shown), Ok(expected)) => assert_eq!(shown, expected, "{url}"),
            (Err(said), Err(expected)) => assert!(said.contains(expected), "{url}: {said}"),
            _ => panic!("{url}: {shown:?}"),
        }
        assert!(!format!("{found:?}{shown:?}").contains("hunter2"), "the password is shown: {found:?} {shown:?}");
        found.ok()
    }

    #[test]
    fn one_server() {
        check("redis://127.0.0.1", Ok("redis://127.0.0.1:6379"));
        check("redis://127.0.0.1:6380/", Ok("redis://127.0.0.1:6380"));
        check("redis://redis_1.internal:6380/3", Ok("redis://redis_1.internal:6380/3"));
        check("redis://[::1]:7/0", Ok("redis://[::1]:7"));
        check("redis://[::1]", Ok("redis://[::1]:6379"));
        let url = check("redis://:hunter2%2F%40%3A@h", Ok("redis://:(hidden)@h:6379")).expect("it is right");
        assert_eq!((url.user(), url.password()), (None, Some("hunter2/@:")));
        let url = check("redis://t%20w:hunter2@h/2", Ok("redis://t%20w:(hidden)@h:6379/2")).expect("it is right");
        assert_eq!((url.user(), url.password(), url.database()), (Some("t w"), Some("hunter2"), 2));
        assert_eq!(url.servers(), &RedisServers::One(RedisAddress { host: "h".to_owned(), port: 6379 }));
        check("redis://user@h", Ok("redis://user@h:6379"));
    }

    #[test]
    fn several_servers() {
        let url = check("redis+sentinel://a,b:7/my%2Fmaster", Ok("redis+sentinel://a:26379,b:7/my%2Fmaster"));
        let RedisServers::Sentinel { sentinels, master } = url.expect("it is right").servers else {
            panic!("no Sentinels")
        };
        assert_eq!((sentinels.len(), &*master), (2, "my/master"));
        check("redis+sentinel://u:hunter2@a/m/4", Ok("redis+sentinel://u:(hidden)@a:26379/m/4"));
        check("redis+cluster://:hunter2@a,[::1]:7", Ok("redis+cluster://:(hidden)@a:6379,[::1]:7"));
        check("redis+cluster://a/0", Ok("redis+cluster://a:6379"));
    }

    #[test]
    fn tls_is_there_where_it_was_built_in() {
        for (url, shown) in [
            ("rediss://h", "rediss://h:6379"),
            ("rediss+cluster://h", "rediss+cluster://h:6379"),
            ("rediss+sentinel://h/m", "rediss+sentinel://h:26379/m"),
        ] {
            let expected = if cfg!(feature = "tls") { Ok(shown) } else { Err("the feature `tls`") };
            assert!(check(url, expected).is_none_or(|url| url.is_tls()), "{url}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_the_forms_that_there_are() {
        check("", Err("begins with a scheme; the forms are redis://host:6379/0, redis+sentinel://"));
        check("hunter2", Err("begins with a scheme"));
        check("hunter2@h://", Err("this is not a URL of Redis; the forms are"));
        check("http://h", Err("`http://` is not a URL of Redis; the forms are"));
        check("redis+cloud://h", Err("`redis+cloud://` is not"));
        check("redis+://h", Err("`redis+://` is not"));
        check("redis://", Err("a host is missing"));
        check("redis://a b", Err("a host is missing, or has characters"));
        check("redis://[1]:1", Err("a host is missing, or has characters"));
        check("redis://[::1", Err("a host is missing, or has characters"));
        check("redis://u:hunter2@/1", Err("a host is missing"));
        check("redis://h:", Err("a port is a number"));
        check("redis://h:0", Err("a port is a number"));
        check("redis://h:+1", Err("a port is a number"));
        check("redis://[::1]7", Err("a port is a number"));
        check("redis://u:hunter2/x@h", Err("percent-encoded: %3A, %2F, %40"));
        check("redis://u:hunter2%@h", Err("in which `%` is %25"));
        check("redis://a,b", Err("redis+cluster://"));
        check("redis+sentinel://a,b", Err("the name of the master is missing"));
        check("redis+sentinel://a,,b/m", Err("a host is missing"));
        check("redis://h/x", Err("a database is a number"));
        check("redis://h/1/2", Err("a database is a number"));
        check("redis+cluster://h/1", Err("a cluster has only the database 0"));
        check("redis://h?password=hunter2", Err("no query and no fragment"));
        check("redis://u:hunter2#@h", Err("no query and no fragment"));
    }
}

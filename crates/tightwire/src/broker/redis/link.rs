//! A connection to a server of Redis, which is set up, and which is closed when it is dropped.

use std::future::Future;
use std::io;
use std::time::Duration;

use redis::aio::{MultiplexedConnection, PubSub};
use redis::{AsyncConnectionConfig, ErrorKind, Pipeline, RedisConnectionInfo, RedisError, Value};
use tokio::net::TcpStream;
use tokio::task::AbortHandle;
use tokio::time::timeout;

use super::answer::{self, Refusal, Unexpected, hint};
use super::scripts::Scripts;
#[cfg(feature = "tls")]
use crate::client::secure_stream;
use crate::config::{RedisAddress, RedisConfig, RedisLogin, RedisServers};
use crate::transport::Stream;

/// How long an answer may take beyond what the command itself waits for. A server that says nothing for so long is lost,
/// whatever its connection looks like.
const ANSWER: Duration = Duration::from_secs(3);

/// A connection.
pub(super) struct Link {
    connection: MultiplexedConnection,
    /// What reads and writes it.
    driver: AbortHandle,
}

impl Drop for Link {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// Why there is no connection, or none any more.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum Trouble {
    /// It is to be tried again.
    #[error("{0}")]
    Lost(String),
    /// The same, but somebody has to mend something first.
    #[error("{0}")]
    Refused(String),
}

impl From<RedisError> for Trouble {
    fn from(error: RedisError) -> Self {
        match error.kind() {
            ErrorKind::AuthenticationFailed => {
                Self::Refused(format!("{error}; {}", hint("WRONGPASS").unwrap_or_default()))
            }
            ErrorKind::InvalidClientConfig => Self::Refused(error.to_string()),
            ErrorKind::Extension | ErrorKind::Server(_)
                if !matches!(
                    error.kind(),
                    ErrorKind::Server(
                        redis::ServerErrorKind::BusyLoading
                            | redis::ServerErrorKind::MasterDown
                            | redis::ServerErrorKind::ClusterDown
                            | redis::ServerErrorKind::TryAgain
                    )
                ) =>
            {
                Self::Refused(error.to_string())
            }
            _ => Self::Lost(error.to_string()),
        }
    }
}

impl From<Unexpected> for Trouble {
    fn from(unexpected: Unexpected) -> Self {
        Self::Refused(unexpected.to_string())
    }
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Elsewhere(text) => Self::Lost(text),
            Refusal::Denied(text) => Self::Refused(text),
            Refusal::Hole => Self::Refused("a publication is missing".to_owned()),
            Refusal::Fenced => Self::Refused("somebody else has taken over".to_owned()),
        }
    }
}

impl Link {
    /// Connects to the master that has `key`, and tells it the scripts.
    pub(super) async fn open(config: &RedisConfig, scripts: &Scripts, key: &str) -> Result<Self, Trouble> {
        let opening = async {
            let link = Self::to(config, &address_of(config, key).await?, true).await?;
            link.must_be_master().await?;
            for answer in link.ask(&scripts.load(), Duration::ZERO).await? {
                if let Some(refusal) = Refusal::of(&answer) {
                    return Err(refusal.into());
                }
            }
            Ok(link)
        };
        within(config.connect_timeout, opening).await
    }

    /// Connects to a server, of Redis or a Sentinel.
    async fn to(config: &RedisConfig, address: &RedisAddress, is_redis: bool) -> Result<Self, Trouble> {
        let (info, stream) = connect(config, address, is_redis).await?;
        // Each question has a limit of its own.
        let config = AsyncConnectionConfig::new().set_response_timeout(None);
        let (connection, driver) = MultiplexedConnection::new_with_config(&info, stream, config).await?;
        Ok(Self { connection, driver: tokio::spawn(driver).abort_handle() })
    }

    /// Asks; one answer for each command, errors included. `waits` is how long the commands themselves may wait.
    pub(super) async fn ask(&self, commands: &Pipeline, waits: Duration) -> Result<Vec<Value>, Trouble> {
        let mut connection = self.connection.clone();
        let asking = async {
            let answers = connection.send_packed_commands(commands, 0, commands.len()).await?;
            if answers.len() == commands.len() { Ok(answers) } else { Err(Unexpected.into()) }
        };
        within(waits + ANSWER, asking).await
    }

    /// Whether the server answers.
    pub(super) async fn is_there(&self) -> Result<(), Trouble> {
        self.ask_one(&["PING"]).await.map(drop)
    }

    /// Asks one thing.
    async fn ask_one(&self, words: &[&str]) -> Result<Value, Trouble> {
        let mut pipeline = Pipeline::new();
        pipeline.cmd(words[0]).arg(&words[1..]);
        let answer = self.ask(&pipeline, Duration::ZERO).await?.pop().ok_or(Unexpected)?;
        match Refusal::of(&answer) {
            Some(refusal) => Err(refusal.into()),
            None => Ok(answer),
        }
    }

    /// A replica would show what was published only later, and refuse to publish.
    async fn must_be_master(&self) -> Result<(), Trouble> {
        let role = match self.ask_one(&["ROLE"]).await {
            Ok(role) => role,
            // Its user may not ask. Publishing will show.
            Err(Trouble::Refused(_)) => return Ok(()),
            Err(lost) => return Err(lost),
        };
        let role = answer::list(&role)?.first().ok_or(Unexpected)?;
        match answer::text(role)? {
            "master" => Ok(()),
            role => Err(Trouble::Lost(format!("the server is no master but a {role}"))),
        }
    }
}

/// Connects to the master that has `key`, to hear what is published on channels.
pub(super) async fn open_channels(config: &RedisConfig, key: &str) -> Result<PubSub, Trouble> {
    let opening = async {
        let (info, stream) = connect(config, &address_of(config, key).await?, true).await?;
        Ok(PubSub::new(&info, stream).await?)
    };
    within(config.connect_timeout, opening).await
}

/// Where the master is that has `key`.
async fn address_of(config: &RedisConfig, key: &str) -> Result<RedisAddress, Trouble> {
    match config.url.servers() {
        RedisServers::One(address) => Ok(address.clone()),
        RedisServers::Sentinel { sentinels, master } => ask_each(config, sentinels, Search::Master(master)).await,
        RedisServers::Cluster(servers) => ask_each(config, servers, Search::Owner(key)).await,
    }
}

/// Connects to a server; as whom, and over what.
async fn connect(
    config: &RedisConfig,
    address: &RedisAddress,
    is_redis: bool,
) -> Result<(RedisConnectionInfo, Box<dyn Stream>), Trouble> {
    let lost = |error: io::Error| Trouble::Lost(format!("{address} cannot be reached: {error}"));
    let stream = TcpStream::connect((&*address.host, address.port)).await.map_err(lost)?;
    // Commands are written whole: waiting for more would only delay them.
    stream.set_nodelay(true).map_err(lost)?;
    let mut info = RedisConnectionInfo::default().set_lib_name("tightwire", env!("CARGO_PKG_VERSION"));
    let (user, password) = if is_redis {
        info = info.set_db(i64::from(config.url.database()));
        (config.url.user(), config.url.password())
    } else {
        config.sentinel.as_ref().map(RedisLogin::parts).map_or((None, None), |(user, password)| (user, Some(password)))
    };
    if let Some(user) = user {
        info = info.set_username(user);
    }
    if let Some(password) = password {
        info = info.set_password(password);
    }
    #[cfg(feature = "tls")]
    if config.url.is_tls() {
        let stream = secure_stream(stream, &address.host, &config.tls).await.map_err(|error| match error.kind() {
            // That is how certificates are judged, and what is no TLS.
            io::ErrorKind::InvalidData => Trouble::Refused(format!("TLS with {address} failed: {error}")),
            _ => lost(error),
        })?;
        return Ok((info, Box::new(stream)));
    }
    Ok((info, Box::new(stream)))
}

/// Which server is looked for.
#[derive(Clone, Copy)]
enum Search<'a> {
    /// The master that Sentinels call so.
    Master(&'a str),
    /// The server of a cluster that has this key.
    Owner(&'a str),
}

/// Asks the servers one after the other, until one has an answer.
async fn ask_each(config: &RedisConfig, servers: &[RedisAddress], search: Search<'_>) -> Result<RedisAddress, Trouble> {
    let is_redis = matches!(search, Search::Owner(_));
    // One that does not answer must not take all the time there is.
    let each = config.connect_timeout / u32::try_from(servers.len() + 1).unwrap_or(u32::MAX);
    let mut trouble = Trouble::Lost("no server is named".to_owned());
    for address in servers {
        let asking = async {
            let link = Link::to(config, address, is_redis).await?;
            match search {
                Search::Master(master) => master_of(&link, master).await,
                Search::Owner(key) => owner_of(&link, key).await,
            }
        };
        match within(each, asking).await {
            Ok(found) => return Ok(found),
            Err(Trouble::Refused(why)) if !is_redis => {
                let login = "`redis_sentinel_user` and `redis_sentinel_password` say as whom it is asked";
                trouble = Trouble::Refused(format!("the Sentinel at {address} refuses: {why} ({login})"));
            }
            Err(error) => trouble = error,
        }
    }
    Err(trouble)
}

/// The address of the master that a Sentinel knows.
async fn master_of(sentinel: &Link, master: &str) -> Result<RedisAddress, Trouble> {
    let answer = sentinel.ask_one(&["SENTINEL", "get-master-addr-by-name", master]).await?;
    if answer == Value::Nil {
        return Err(Trouble::Refused(format!("the Sentinel knows no master `{master}`")));
    }
    let [host, port] = answer::array(&answer)?;
    address(host, port)
}

/// The server of a cluster that has a key.
async fn owner_of(server: &Link, key: &str) -> Result<RedisAddress, Trouble> {
    let slot = answer::number(&server.ask_one(&["CLUSTER", "KEYSLOT", key]).await?)?;
    let ranges = server.ask_one(&["CLUSTER", "SLOTS"]).await?;
    for range in answer::list(&ranges)? {
        let [first, last, owner, ..] = answer::list(range)? else { return Err(Unexpected.into()) };
        if (answer::number(first)?..=answer::number(last)?).contains(&slot) {
            let [host, port, ..] = answer::list(owner)? else { return Err(Unexpected.into()) };
            return address(host, port);
        }
    }
    Err(Trouble::Lost(format!("the cluster has no server for the slot {slot}")))
}

fn address(host: &Value, port: &Value) -> Result<RedisAddress, Trouble> {
    let port = u16::try_from(answer::number(port)?).map_err(|_| Unexpected)?;
    Ok(RedisAddress { host: answer::text(host)?.to_owned(), port })
}

async fn within<T>(time: Duration, doing: impl Future<Output = Result<T, Trouble>>) -> Result<T, Trouble> {
    match timeout(time, doing).await {
        Ok(result) => result,
        Err(_) => Err(Trouble::Lost(format!("there was no answer for {time:?}"))),
    }
}

//! Hears what other programs publish on channels of Redis.
//!
//! Redis tells every subscriber, and a message has nothing by which two nodes could know that they have the same one. So
//! one node of all listens for all: whoever has the key of [`Keys::listener`], which lapses when its node does not renew it.
//! Between two listeners messages can be lost, as they can whenever the connection is: Redis keeps nothing of them.

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::future::{BoxFuture, poll_immediate};
use futures_util::stream::FuturesUnordered;
use redis::aio::PubSub;
use redis::{Msg, Pipeline, cmd};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use super::answer::{self, Refusal, Unexpected};
use super::backoff::Backoff;
use super::core::{new_name, seed};
use super::keys::Keys;
use super::link::{Link, Trouble, open_channels};
use super::scripts::Scripts;
use crate::clock;
use crate::config::{RedisChannel, RedisConfig};

/// How long a node is the listener without saying so again.
const LEASE: Duration = Duration::from_secs(3);

/// How often it says so, and how often others ask.
const RENEWAL: Duration = Duration::from_millis(500);

/// A connection that has held for so long was a good one.
const STABLE: Duration = Duration::from_secs(10);

/// Makes this node the listener, or keeps it so, if no other is: 1 if it is now, else 0.
/// KEYS: 1 listener. ARGV: 1 node, 2 milliseconds.
const LISTEN: &str = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end \
    if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end return 0";

/// Lets another node be the listener at once.
const LEAVE: &str = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0";

/// A message of another program.
pub(crate) struct Heard<'a> {
    /// The setting that it follows from.
    pub(crate) by: &'a RedisChannel,
    /// The channel it came on.
    pub(crate) channel: &'a str,
    pub(crate) payload: &'a [u8],
}

/// Listens until the server ends; `take` publishes a message, in the order in which it is called.
pub(crate) async fn listen(
    config: RedisConfig,
    mut ending: watch::Receiver<bool>,
    take: impl Fn(Heard<'_>) -> BoxFuture<'static, ()> + Send + Sync,
) {
    let mut listening = Listening {
        key: Keys::new(&config.prefix).listener(),
        node: new_name(),
        scripts: Scripts::new(),
        underway: FuturesUnordered::new(),
        config,
        take,
    };
    let ended = async {
        // The sender lives as long as the server.
        let _ = ending.wait_for(|ending| *ending).await;
    };
    tokio::select! {
        () = ended => {}
        () = listening.keep_on() => {}
    }
    listening.leave().await;
}

struct Listening<F> {
    config: RedisConfig,
    scripts: Scripts,
    key: String,
    /// The name of this node among listeners.
    node: String,
    /// What is just being published.
    underway: FuturesUnordered<BoxFuture<'static, ()>>,
    take: F,
}

impl<F: Fn(Heard<'_>) -> BoxFuture<'static, ()>> Listening<F> {
    /// Listens for ever, over one connection after the other.
    async fn keep_on(&mut self) {
        let mut backoff = Backoff::new(seed());
        loop {
            let since = clock::now();
            let trouble = match self.open().await {
                Ok((link, channels)) => self.hear(&link, channels).await,
                Err(trouble) => trouble,
            };
            if clock::now().saturating_duration_since(since) >= STABLE {
                backoff.reset();
            }
            let wait = backoff.next();
            tracing::warn!(server = %self.config.url, error = %trouble, ?wait, "the channels of Redis are not heard");
            tokio::time::sleep(wait).await;
        }
    }

    async fn open(&mut self) -> Result<(Link, PubSub), Trouble> {
        let link = Link::open(&self.config, &self.scripts, &self.key).await?;
        let mut channels = open_channels(&self.config, &self.key).await?;
        for channel in &self.config.channels {
            if channel.is_pattern() {
                channels.psubscribe(channel.name()).await?;
            } else {
                channels.subscribe(channel.name()).await?;
            }
        }
        Ok((link, channels))
    }

    /// Hears messages until the connection is lost.
    async fn hear(&mut self, link: &Link, channels: PubSub) -> Trouble {
        let (_sink, mut messages) = channels.split();
        let mut renewal = interval(RENEWAL);
        renewal.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // Until when this node is the listener, if it is.
        let mut until = None::<Instant>;
        loop {
            tokio::select! {
                _ = renewal.tick() => {
                    let asked = clock::now();
                    match self.ask(link, LISTEN).await {
                        Ok(is_listener) => {
                            if is_listener && until.is_none() {
                                tracing::info!("this server listens to the channels of Redis");
                            }
                            until = is_listener.then(|| asked + LEASE);
                        }
                        Err(trouble) => return trouble,
                    }
                }
                message = messages.next() => match message {
                    Some(message) if until.is_some_and(|until| clock::now() < until) => self.take(&message).await,
                    Some(_) => {}
                    None => return Trouble::Lost("the connection for channels was closed".to_owned()),
                },
                Some(()) = self.underway.next() => {}
            }
        }
    }

    /// Begins to publish a message: what it waits for must not hold up the next one.
    async fn take(&mut self, message: &Msg) {
        let channel = message.get_channel_name();
        let pattern = message.get_pattern::<Option<String>>().ok().flatten();
        let name = pattern.as_deref().unwrap_or(channel);
        let is_it = |by: &&RedisChannel| by.name() == name && by.is_pattern() == pattern.is_some();
        for by in self.config.channels.iter().filter(is_it) {
            let mut publishing = (self.take)(Heard { by, channel, payload: message.get_payload_bytes() });
            if poll_immediate(&mut publishing).await.is_none() {
                self.underway.push(publishing);
            }
        }
    }

    async fn ask(&mut self, link: &Link, script: &str) -> Result<bool, Trouble> {
        let mut call = cmd("EVAL");
        call.arg(script).arg(1).arg(&self.key).arg(&self.node).arg(LEASE.as_millis() as u64);
        let mut commands = Pipeline::new();
        commands.add_command(call);
        let answer = link.ask(&commands, Duration::ZERO).await?.pop().ok_or(Unexpected)?;
        match Refusal::of(&answer) {
            Some(refusal) => Err(refusal.into()),
            None => Ok(answer::number(&answer)? == 1),
        }
    }

    /// Lets another node listen, as far as Redis can be reached. What is underway is published.
    async fn leave(&mut self) {
        if let Ok(link) = Link::open(&self.config, &self.scripts, &self.key).await {
            // If it fails the key lapses.
            let _ = self.ask(&link, LEAVE).await;
        }
        while self.underway.next().await.is_some() {}
    }
}

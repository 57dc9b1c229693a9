//! Clients that read their topics, come back to any node where a connection ends, and note what they are told.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tightwire::client::{Client, ClientConfig, ClientError};
use tightwire::proto::inbound::StreamPosition;
use tightwire_chat::chat::{ChatClient, ServerFrame, SubscribeThread, SystemTopic, ThreadTopic, Topic as AnyTopic};
use tokio::net::TcpSocket;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::dice::Dice;
use crate::record::{Event, History, Place, Topic, number};
use crate::stage::Stage;

/// What the socket of a client that stalls takes. Much less, and it would take a while to recover even when it reads again.
const STALLING_BUFFER: u32 = 16 * 1024;

/// What a client does beside reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Nothing.
    Steady,
    /// It leaves after a while, and comes back to another node.
    Roaming,
    /// It does not read for a while, over and over, from a socket that takes little.
    Stalling,
}

/// A client.
pub(crate) struct Reader {
    pub(crate) stage: Arc<Stage>,
    pub(crate) manner: Manner,
    pub(crate) dice: Dice,
    /// The node that it is on, or was on last.
    pub(crate) node: usize,
    pub(crate) seen: Arc<Seen>,
}

/// What a client has seen so far. Written by the client; looked at by whoever waits for it.
pub(crate) struct Seen(Mutex<State>);

struct State {
    history: History,
    lasts: BTreeMap<Topic, Place>,
}

impl Seen {
    pub(crate) fn new(client: String, topics: Vec<Topic>) -> Arc<Self> {
        let history = History { client, topics, seen: Vec::new() };
        Arc::new(Self(Mutex::new(State { history, lasts: BTreeMap::new() })))
    }

    /// Whether the client knows of each of its topics where it is, and is where it should be.
    pub(crate) fn is_at(&self, should: impl Fn(Topic, &Place) -> bool) -> bool {
        let state = self.lock();
        let is_there = |topic: &Topic| state.lasts.get(topic).is_some_and(|last| should(*topic, last));
        state.history.topics.iter().all(is_there)
    }

    /// The history, when the client has ended.
    pub(crate) fn take(&self) -> History {
        let mut state = self.lock();
        let History { client, topics, seen } = &mut state.history;
        History { client: client.clone(), topics: topics.clone(), seen: std::mem::take(seen) }
    }

    pub(crate) fn note(&self, topic: Topic, event: Event) {
        let mut state = self.lock();
        let (Event::Began(place) | Event::Frame { place, .. } | Event::Gap { latest: place, .. }) = &event;
        state.lasts.insert(topic, place.clone());
        state.history.seen.push((topic, event));
    }

    /// The epoch of that name, as it is known already: there are few of them and many frames.
    fn epoch(&self, topic: Topic, epoch: String) -> Arc<str> {
        let state = self.lock();
        let known = state.lasts.get(&topic).filter(|last| *last.epoch == *epoch);
        known.map_or_else(|| epoch.into(), |last| Arc::clone(&last.epoch))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a connection is given up.
enum Parting {
    /// The run is over.
    Over,
    /// The client leaves of its own will.
    Leaves,
    /// The server ended it, or cannot serve the client now.
    Trouble,
}

impl Reader {
    /// Reads until the run is over.
    pub(crate) async fn read(mut self, mut over: watch::Receiver<bool>) {
        loop {
            let parting = tokio::select! {
                parting = self.visit() => parting,
                // The sender lives as long as the run.
                _ = over.wait_for(|over| *over) => Parting::Over,
            };
            match parting {
                Parting::Over => return,
                Parting::Leaves => {}
                Parting::Trouble => sleep(Duration::from_millis(50 + self.dice.roll(200))).await,
            }
            let others = self.stage.nodes() as u64 - 1;
            if others > 0 {
                self.node = (self.node + 1 + self.dice.roll(others) as usize) % self.stage.nodes();
            }
            self.stage.doings.reconnects.up();
        }
    }

    /// One connection.
    async fn visit(&mut self) -> Parting {
        let Ok(mut client) = self.connect().await else { return Parting::Trouble };
        if self.begin(&mut client).await.is_err() {
            return Parting::Trouble;
        }
        let outage = self.stage.scale.outage;
        let mut until = self.pause();
        loop {
            let next = tokio::select! {
                next = client.next_inbound() => next,
                () = sleep(until.saturating_duration_since(Instant::now())), if self.manner != Manner::Steady => {
                    if self.manner == Manner::Roaming {
                        return Parting::Leaves;
                    }
                    if !self.stage.is_enough() {
                        self.stage.doings.stalls.up();
                        sleep(outage).await;
                    }
                    until = self.pause();
                    continue;
                }
            };
            let inbound = match next {
                Some(Ok(inbound)) => inbound,
                Some(Err(error @ ClientError::Violation(_))) => panic!("{}: {error}", self.seen.lock().history.client),
                Some(Err(_)) | None => return Parting::Trouble,
            };
            match inbound.frame {
                ServerFrame::ThreadMessageCreated { topic, data } => {
                    let (topic, number) = (known(&topic), number(&data.message.content));
                    let place = self.place(topic, inbound.position.expect("it is kept"));
                    self.seen.note(topic, Event::Frame { place, id: inbound.id, number });
                }
                ServerFrame::ReplayGap { topic: AnyTopic::Thread(topic), data } => {
                    let topic = known(&topic);
                    let latest = self.place(topic, StreamPosition { epoch: data.epoch, seq: data.latest_seq });
                    self.seen.note(topic, Event::Gap { oldest: data.oldest_seq, latest });
                    self.stage.doings.gaps.up();
                }
                // What it missed cannot be had now. What comes next would have a hole before it, so it comes back later.
                ServerFrame::Error { .. } => {
                    self.stage.doings.told_later.up();
                    return Parting::Trouble;
                }
                ServerFrame::DisconnectNotice { .. } => {}
                other => panic!("{} got {other:?}", self.seen.lock().history.client),
            }
        }
    }

    async fn connect(&self) -> Result<ChatClient, ()> {
        let (address, config) = (self.stage.address(self.node), ClientConfig::default());
        let url = format!("ws://{address}/ws");
        let connected = if self.manner == Manner::Stalling {
            let socket = TcpSocket::new_v4().expect("a socket");
            socket.set_recv_buffer_size(STALLING_BUFFER).expect("a smaller buffer");
            let stream = socket.connect(address).await.map_err(drop)?;
            Client::connect_on(stream, &url, ClientConfig { buffered_frames: 4, ..config }).await
        } else {
            Client::connect(&url, config).await
        };
        let mut client = ChatClient::from(connected.map_err(drop)?);
        match client.next().await {
            Some(Ok(ServerFrame::ConnectionEstablished { topic: SystemTopic, .. })) => Ok(client),
            Some(Ok(other)) => panic!("{} is greeted with {other:?}", self.seen.lock().history.client),
            _ => Err(()),
        }
    }

    /// Subscribes, from where the client is.
    async fn begin(&mut self, client: &mut ChatClient) -> Result<(), ()> {
        let (topics, lasts) = {
            let state = self.seen.lock();
            (state.history.topics.clone(), state.lasts.clone())
        };
        let positions = lasts.iter().map(|(topic, Place { epoch, seq })| {
            (thread(*topic), StreamPosition { epoch: epoch.to_string(), seq: *seq })
        });
        let positions: Vec<_> = positions.collect();
        if !positions.is_empty() {
            client.subscribe_after(positions).await.map_err(drop)?;
        }
        // The first time, before anything is published.
        for topic in topics.into_iter().filter(|topic| !lasts.contains_key(topic)) {
            let place = where_is(client, topic).await?;
            self.seen.note(topic, Event::Began(place));
        }
        Ok(())
    }

    fn pause(&mut self) -> Instant {
        let outage = self.stage.scale.outage.as_millis() as u64;
        Instant::now() + Duration::from_millis(outage / 2 + self.dice.roll(2 * outage + 1))
    }

    fn place(&self, topic: Topic, StreamPosition { epoch, seq }: StreamPosition) -> Place {
        Place { epoch: self.seen.epoch(topic, epoch), seq }
    }
}

/// Subscribes to a topic, and says after which position its frames follow.
pub(crate) async fn where_is(client: &ChatClient, topic: Topic) -> Result<Place, ()> {
    let ask = SubscribeThread { limit: Some(1) };
    let history = client.subscribe_thread(thread(topic), ask).await.map_err(drop)?;
    Ok(Place { epoch: history.epoch.into(), seq: history.seq })
}

fn thread(topic: Topic) -> ThreadTopic {
    ThreadTopic::new(topic.0.to_string()).expect("a thread's id")
}

/// The topic that a server's frame is about.
fn known(topic: &ThreadTopic) -> Topic {
    Topic(topic.thread_id().parse().expect("one of our topics"))
}

//! Subscribing and unsubscribing, by the session's own requests and by operations that subscribe.
//!
//! A topic is granted, then the connection is attached to the hub while the topic's live frames are held back, then what
//! must come first is sent (a reply, a replay, a greeting), then the held frames follow. So nothing is lost, doubled or
//! out of order, whatever the broker.

mod unread;

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::join_all;
use tightwire_proto::close::CloseReason;
use tightwire_proto::contract::SessionRole;
use tightwire_proto::frame::Position;
use tightwire_proto::inbound::{ReplayStart, StreamPosition};
use tightwire_proto::session::messages::SubscriptionUpdated;
use tightwire_proto::session::{ErrorReport, Refused, RefusedTopics, Subscriptions, code};

pub(crate) use self::unread::Unread;
use crate::broker::History;
use crate::context::Context;
use crate::dispatch::{Dispatch, Trouble, guarded};
use crate::hub::Hub;
use crate::peer::Peer;
use crate::service::{ErrorCode, Service};

/// How many frames of a connection may ask for topics that its token does not allow, the one that ends it included. A
/// page may ask once and be told; who goes on asking looks for something.
const FORBIDDEN_FRAMES: u32 = 5;

/// Holds a topic's live frames back, and lets them go when it is dropped, whatever happened in between.
pub(crate) struct Hold<'a> {
    peer: &'a Peer,
    hub: &'a Hub,
    topic: Arc<str>,
    /// What the client has already when the frames are let go.
    after: Option<Position>,
}

/// Why a client may not have a topic.
pub(crate) enum Denial<C> {
    /// The topic itself is the trouble: such topics are named together in one error.
    Refused(Refused),
    /// Something else is, which is an error of its own.
    Trouble(Trouble<C>),
}

impl<'a> Hold<'a> {
    fn new(peer: &'a Peer, hub: &'a Hub, topic: &Arc<str>) -> Self {
        // What was published until now comes before what the client is about to be told.
        hub.catch_up(topic, peer);
        peer.outbound().hold(topic);
        Self { peer, hub, topic: Arc::clone(topic), after: None }
    }
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        // Whatever a log or a position has told the client must be among the held frames, to be recognised there.
        self.hub.catch_up(&self.topic, self.peer);
        self.peer.outbound().release(&self.topic, self.after.as_ref());
    }
}

impl<S: Service> Dispatch<'_, S> {
    pub(crate) async fn subscribe(&self, topics: &[String], after: &[(String, ReplayStart)], positions: bool) {
        let exists = |topic: &str| self.shared.service.channel_of(topic).is_some();
        let (valid, mut refused) = Subscriptions::normalise(topics, exists);
        let mut granted = Vec::with_capacity(valid.len());
        for topic in valid {
            if let Some(new) = self.grant(&topic, &mut refused).await {
                granted.push((topic, new));
            }
        }
        let start_of = |topic: &str| after.iter().find(|(name, _)| name == topic).map(|(_, start)| start);
        let (resumed, fresh): (Vec<_>, Vec<_>) = granted.iter().partition(|(topic, _)| start_of(topic).is_some());
        // Whoever is told that it is subscribed gets what is published from then on, to the last of its topics. What comes
        // after a position is in the log.
        let fresh = fresh.into_iter().filter(|(_, new)| *new).map(|(topic, _)| self.hold_new(topic));
        let fresh = join_all(fresh).await;
        self.report_refused(&refused);
        // Held frames go on behind these, so that a client can say `after` before it has had a single one.
        let told = fresh.iter().filter_map(|(position, hold)| Some((&*hold.topic, position.as_ref()?.into())));
        self.say_subscriptions_at(positions.then(|| told.collect()));
        for (position, hold) in fresh {
            self.greet(&hold.topic, position.as_ref()).await;
        }
        for (topic, new) in resumed {
            if let Some(start) = start_of(topic) {
                self.resume(topic, *new, start).await;
            }
        }
    }

    /// Adds a topic if it is allowed and there is room. `Some(true)` if it is new, `None` if it is refused.
    pub(crate) async fn grant(&self, topic: &Arc<str>, refused: &mut RefusedTopics) -> Option<bool> {
        if self.peer.subscriptions().contains(topic) {
            return Some(false);
        }
        let cx = self.context();
        let allowed = match self.token_allows(topic) {
            Ok(()) if !self.peer.subscriptions().has_room() => Err(Denial::Refused(Refused::TooMany)),
            Ok(()) => self.application_allows(&cx, topic).await,
            Err(why) => Err(Denial::Refused(why)),
        };
        match allowed {
            Ok(()) => {}
            Err(Denial::Refused(why)) => {
                refused.push(why, topic);
                return None;
            }
            Err(Denial::Trouble(trouble)) => {
                self.report(&cx, trouble, topic);
                return None;
            }
        }
        let added = self.peer.subscribe(&self.shared.hub.shared_name(topic));
        match added {
            Ok(new) => Some(new),
            Err(why) => {
                refused.push(why, topic);
                None
            }
        }
    }

    /// Whether the client may have the (existing) topic, without subscribing to it.
    pub(crate) async fn may_read(&self, cx: &Context<'_>, topic: &Arc<str>) -> Result<(), Denial<S::Code>> {
        self.token_allows(topic).map_err(Denial::Refused)?;
        self.application_allows(cx, topic).await
    }

    fn token_allows(&self, topic: &str) -> Result<(), Refused> {
        let denied = self.peer.identity().is_some_and(|identity| !identity.may_read(topic));
        if denied { Err(Refused::NotInToken) } else { Ok(()) }
    }

    async fn application_allows(&self, cx: &Context<'_>, topic: &Arc<str>) -> Result<(), Denial<S::Code>> {
        guarded(|| self.shared.service.authorize(cx, topic)).await.map_err(|trouble| match trouble.refusal() {
            Some(why) => Denial::Refused(why),
            None => Denial::Trouble(trouble),
        })
    }

    /// Lets a topic's frames reach the client: first what it missed, then what the application has to say to a new
    /// subscriber, then live frames. None is lost and none comes twice, because live frames are held back from before
    /// the log is read until after what was read is sent.
    pub(crate) async fn resume(&self, topic: &Arc<str>, new: bool, start: &ReplayStart) {
        let mut hold = Hold::new(self.peer, &self.shared.hub, topic);
        if new {
            self.attach(topic);
        }
        hold.after = self.replay(topic, start).await;
        if new {
            let position = self.position(topic).await;
            self.greet(topic, position.as_ref()).await;
        }
    }

    /// Gives a client a topic that it has not had, and holds its frames back: those after the position. What a node hears
    /// late of those before was published before the client subscribed.
    async fn hold_new(&self, topic: &Arc<str>) -> (Option<Position>, Hold<'_>) {
        let mut hold = Hold::new(self.peer, &self.shared.hub, topic);
        self.attach(topic);
        let position = self.position(topic).await;
        hold.after.clone_from(&position);
        (position, hold)
    }

    /// Lets the application say something to a new subscriber.
    async fn greet(&self, topic: &Arc<str>, position: Option<&Position>) {
        let cx = self.context().at(position.map(Into::into));
        if let Err(trouble) = guarded(|| self.shared.service.subscribed(&cx, topic)).await {
            self.report(&cx, trouble, topic);
        }
    }

    /// Sends what the client missed, or that it cannot be had. Returns the position up to which the client has been told:
    /// a node may hear of frames, and hold them back, when others have long sent them to the client.
    async fn replay(&self, topic: &Arc<str>, start: &ReplayStart) -> Option<Position> {
        match self.shared.broker.history(topic, start).await {
            Ok(History::Complete(frames)) => {
                let last = frames.newest().and_then(|frame| frame.position().cloned());
                let last = last.or_else(|| self.seen(topic, start));
                for frame in frames {
                    if !self.peer.outbound().has_room().await {
                        break;
                    }
                    self.peer.outbound().send(frame);
                }
                last
            }
            Ok(History::Gap(gap)) => {
                self.shared.counters.replay_gaps_total.increment();
                self.peer.say_gap(topic, self.frame_id, &gap);
                Some(Position { epoch: gap.epoch, seq: gap.latest })
            }
            Err(error) => {
                self.unread.log(topic, &error);
                let report = ErrorReport::new(code::UNAVAILABLE, "the topic cannot be replayed now; try again later");
                self.peer.report(&report.about(Arc::clone(topic)).answering(self.frame_id));
                None
            }
        }
    }

    /// Where a client is that has missed nothing. Where that is known by the frame only, what is held up to it is forgotten.
    fn seen(&self, topic: &Arc<str>, start: &ReplayStart) -> Option<Position> {
        match start {
            ReplayStart::Position(position) => {
                Some(Position { epoch: position.epoch.as_str().into(), seq: position.seq })
            }
            ReplayStart::FrameId(id) => {
                self.shared.hub.catch_up(topic, self.peer);
                self.peer.outbound().forget_held_until(*id);
                None
            }
        }
    }

    pub(crate) fn unsubscribe(&self, topics: &[String]) {
        let exists = |topic: &str| self.shared.service.channel_of(topic).is_some();
        let (valid, refused) = Subscriptions::normalise(topics, exists);
        for topic in valid {
            self.leave(&topic);
        }
        self.report_refused(&refused);
        self.say_subscriptions();
    }

    fn attach(&self, topic: &Arc<str>) {
        self.shared.hub.attach(topic, self.peer);
        // The connection may have ended, and left its topics, while this handler was still at work.
        if !self.peer.subscriptions().contains(topic) {
            self.shared.hub.detach(topic, self.peer);
        }
    }

    pub(crate) fn leave(&self, topic: &Arc<str>) {
        let removed = self.peer.unsubscribe(topic);
        if removed {
            self.shared.hub.detach(topic, self.peer);
        }
    }

    /// Holds the topic's live frames back for a reply that says from which position they continue.
    pub(crate) async fn hold_for_reply(&self, topic: &Arc<str>, new: bool) -> (Option<Position>, Hold<'_>) {
        if new {
            // What the position covers is the reply's business.
            self.hold_new(topic).await
        } else {
            // The topic's frames reach the client already, and none may be taken away. What comes between these two
            // steps comes before the reply.
            let position = self.position(topic).await;
            (position, Hold::new(self.peer, &self.shared.hub, topic))
        }
    }

    async fn position(&self, topic: &Arc<str>) -> Option<Position> {
        match self.shared.broker.position(topic).await {
            Ok(position) => Some(position),
            Err(error) => {
                self.unread.log(topic, &error);
                None
            }
        }
    }

    pub(crate) fn say_subscriptions(&self) {
        self.say_subscriptions_at(None);
    }

    fn say_subscriptions_at(&self, positions: Option<BTreeMap<&str, StreamPosition>>) {
        let subscriptions = self.peer.subscriptions();
        let data = SubscriptionUpdated { topics: subscriptions.iter().map(|topic| &**topic).collect(), positions };
        self.peer.say(SessionRole::SubscriptionUpdated, Some(self.frame_id), &data);
    }

    pub(crate) fn report_refused(&self, refused: &RefusedTopics) {
        if refused.is_empty() {
            return;
        }
        let topics = refused.named();
        if let Some(nth) = self.peer.another_line() {
            tracing::warn!(?topics, code = refused.code(), nth, "topics were refused");
        }
        let mut report = ErrorReport::new(refused.code(), refused.message()).answering(self.frame_id);
        report.topics = topics;
        self.peer.report(&report);
        if refused.is_for_good() && self.peer.count_forbidden() >= FORBIDDEN_FRAMES {
            self.peer.outbound().begin_close(CloseReason::TopicForbidden);
        }
    }
}

impl<C: ErrorCode> Trouble<C> {
    /// What it means for the topic, where the application says that the topic itself is the trouble.
    fn refusal(&self) -> Option<Refused> {
        let Self::Failure(failure) = self else { return None };
        match failure.code.as_str() {
            code::INVALID_TOPIC => Some(Refused::Invalid),
            code::TOPIC_FORBIDDEN => Some(Refused::Forbidden),
            _ => None,
        }
    }
}

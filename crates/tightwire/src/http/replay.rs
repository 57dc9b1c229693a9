//! `GET /api/ws/replay`: what a topic's log has after a position, for who has no connection or wants to look first.
//!
//! `topic` is the topic, `after` the `id` of the last frame seen or its position as `epoch:seq`; without it everything is
//! given that is kept. The answer has the frames as they went to subscribers, and in `next` what to ask `after` for more.
//! Where frames are missing in between there is a `gap`, no frames, and in `next` what would give all that is kept.

use std::sync::Arc;

use tightwire_proto::frame::{OutboundFrame, Position};
use tightwire_proto::inbound::{ReplayStart, StreamPosition};
use uuid::Uuid;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::StatusCode;
use warp::reply::Response;

use super::answer::{self, problem, unauthorized};
use super::asking::{caller, query};
use super::rate::Rate;
use super::routed;
use super::visitor::Visitor;
use crate::auth::Caller;
use crate::broker::{Frames, History};
use crate::percent;
use crate::server::RemoteAddr;
use crate::service::Service;
use crate::shared::Shared;

/// How many frames are given where the request does not say, and at most.
const FRAMES: usize = 100;
const MOST_FRAMES: usize = 1000;

/// No further frame is given once they take so much: who wants more asks again.
const BYTES: usize = 1 << 20;

pub(super) fn route<S: Service>(shared: Arc<Shared<S>>) -> BoxedFilter<(Response,)> {
    let rate = Arc::new(Rate::new(shared.config.replay_rate));
    warp::path!("api" / "ws" / "replay")
        .and(warp::get())
        .and(caller(&shared))
        .and(query())
        .and(warp::ext::optional::<RemoteAddr>())
        .then(move |caller: Caller, query: String, remote: Option<RemoteAddr>| {
            let (rate, shared) = (Arc::clone(&rate), Arc::clone(&shared));
            routed(async move {
                rate.pass(remote)?;
                let identity = caller.map_err(unauthorized)?;
                let visitor = Visitor::new(&shared, identity, remote.map(|RemoteAddr(address)| address));
                let asked = Asked::read(&query).map_err(|text| problem(StatusCode::BAD_REQUEST, text))?;
                replay(&shared, &visitor, asked).await
            })
        })
        .boxed()
}

/// What the query says.
#[derive(Debug, PartialEq)]
struct Asked {
    topic: String,
    after: Option<ReplayStart>,
    limit: usize,
}

impl Asked {
    fn read(query: &str) -> Result<Self, &'static str> {
        let pairs = percent::decode_query(query).ok_or("the query is not percent-encoded UTF-8")?;
        let find = |name: &str| pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let topic = find("topic").filter(|topic| !topic.is_empty());
        let topic = topic.ok_or("the query must say which `topic`, for instance `topic=dashboard`")?.to_owned();
        let wrong = "`after` must be the `id` of a frame, or its position as `epoch:seq`";
        let after = find("after").map(|after| start(after).ok_or(wrong)).transpose()?;
        let wrong = "`limit` must be a number from 1 to 1000";
        let limit = find("limit").map_or(Ok(FRAMES), |limit| limit.parse().map_err(|_| wrong))?;
        if !(1..=MOST_FRAMES).contains(&limit) {
            return Err(wrong);
        }
        Ok(Self { topic, after, limit })
    }
}

/// A frame's `id`, or `epoch:seq`.
fn start(text: &str) -> Option<ReplayStart> {
    if let Some((epoch, seq)) = text.rsplit_once(':') {
        return Some(StreamPosition { epoch: epoch.to_owned(), seq: seq.parse().ok()? }.into());
    }
    Uuid::try_parse(text).ok().map(ReplayStart::from)
}

async fn replay<S: Service>(shared: &Shared<S>, visitor: &Visitor<S>, asked: Asked) -> Result<Response, Response> {
    let topic = visitor.may_read(&asked.topic).await?;
    let start = match asked.after {
        Some(start) => start,
        None => oldest(shared, &topic).await?,
    };
    // Where a client is that has missed nothing. Found out before the log is read: what is published from now on comes after it.
    let here = match &start {
        ReplayStart::Position(StreamPosition { epoch, seq }) => Position { epoch: epoch.as_str().into(), seq: *seq },
        ReplayStart::FrameId(_) => position(shared, &topic).await?,
    };
    let body = match history(shared, &topic, &start).await? {
        History::Complete(frames) => {
            let at = match frames.iter().next().and_then(OutboundFrame::position) {
                Some(first) => Position { seq: first.seq - 1, ..first.clone() },
                None => here,
            };
            page(&topic, at, &frames, asked.limit)
        }
        History::Gap(gap) => {
            shared.counters.replay_gaps_total.increment();
            // Before the oldest that is kept; where nothing is, from now on.
            let seq = if gap.oldest == 0 { gap.latest } else { gap.oldest - 1 };
            let head = Head { topic: &topic, at: &Position { epoch: gap.epoch, seq }, latest: gap.latest };
            let gap = format!(r#","gap":{{"oldest_seq":{},"latest_seq":{}}}"#, gap.oldest, gap.latest);
            head.write(&gap, &[])
        }
    };
    Ok(answer::json_text(StatusCode::OK, body))
}

/// As many of the frames as fit, and where the next begin.
fn page(topic: &str, mut at: Position, frames: &Frames, limit: usize) -> Vec<u8> {
    let latest = frames.newest().and_then(OutboundFrame::position).map_or(at.seq, |position| position.seq);
    let mut bytes = 0;
    let fits = |frame: &&OutboundFrame| {
        let room = bytes == 0 || bytes + frame.payload().len() <= BYTES;
        bytes += frame.payload().len();
        room
    };
    let given: Vec<&OutboundFrame> = frames.iter().take(limit).take_while(fits).collect();
    if let Some(last) = given.last().and_then(|frame| frame.position()) {
        at = last.clone();
    }
    Head { topic, at: &at, latest }.write("", &given)
}

/// What the answer says beside the frames.
struct Head<'a> {
    topic: &'a str,
    /// The last frame that is given, or the one before the first.
    at: &'a Position,
    /// The topic's newest position.
    latest: u64,
}

impl Head<'_> {
    /// The frames are JSON already.
    fn write(&self, gap: &str, frames: &[&OutboundFrame]) -> Vec<u8> {
        let Position { epoch, seq } = self.at;
        let next = format!("{epoch}:{seq}");
        let text = |text: &str| serde_json::Value::from(text).to_string();
        let mut body = format!(
            r#"{{"topic":{},"epoch":{},"latest_seq":{},"next":{},"more":{}{gap},"frames":["#,
            text(self.topic),
            text(epoch),
            self.latest,
            text(&next),
            *seq < self.latest,
        )
        .into_bytes();
        for (index, frame) in frames.iter().enumerate() {
            if index > 0 {
                body.push(b',');
            }
            body.extend_from_slice(frame.payload());
        }
        body.extend_from_slice(b"]}");
        body
    }
}

/// Before the oldest frame that is kept.
async fn oldest<S: Service>(shared: &Shared<S>, topic: &str) -> Result<ReplayStart, Response> {
    // No frame has this id, so the answer says what there is.
    let nothing = ReplayStart::FrameId(Uuid::nil());
    let History::Gap(gap) = history(shared, topic, &nothing).await? else { return Ok(nothing) };
    let seq = if gap.oldest == 0 { gap.latest } else { gap.oldest - 1 };
    Ok(StreamPosition { epoch: gap.epoch.to_string(), seq }.into())
}

async fn history<S: Service>(shared: &Shared<S>, topic: &str, start: &ReplayStart) -> Result<History, Response> {
    shared.broker.history(topic, start).await.map_err(|error| unavailable(topic, &error))
}

async fn position<S: Service>(shared: &Shared<S>, topic: &str) -> Result<Position, Response> {
    shared.broker.position(topic).await.map_err(|error| unavailable(topic, &error))
}

fn unavailable(topic: &str, error: &dyn std::error::Error) -> Response {
    tracing::error!(topic, %error, "a replay failed");
    problem(StatusCode::SERVICE_UNAVAILABLE, "the topic cannot be replayed now; try again later")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(query: &str, expected: Result<(Option<&str>, usize), &str>) {
        let found = Asked::read(query).map(|asked| {
            assert_eq!(asked.topic, "room:a");
            let after = asked.after.map(|after| match after {
                ReplayStart::Position(position) => format!("{} {}", position.epoch, position.seq),
                ReplayStart::FrameId(id) => id.to_string(),
            });
            (after, asked.limit)
        });
        let expected = expected.map(|(after, limit)| (after.map(str::to_owned), limit));
        match (found, expected) {
            (Err(found), Err(expected)) => assert!(found.contains(expected), "{query}: {found}"),
            (found, expected) => assert_eq!(found, expected, "{query}"),
        }
    }

    #[test]
    fn the_query_says_what_is_asked() {
        let id = "0190b6a2-7c1e-7b6a-9a64-0d5a3c0f7e99";
        check("topic=room%3Aa", Ok((None, 100)));
        check("limit=7&topic=room:a", Ok((None, 7)));
        check(&format!("topic=room:a&after={id}"), Ok((Some(id), 100)));
        check("topic=room:a&after=e.1:41", Ok((Some("e.1 41"), 100)));
        check("topic=room:a&after=e.1%3A0&limit=1000", Ok((Some("e.1 0"), 1000)));
        check("", Err("topic"));
        check("topic=", Err("topic"));
        check("topic=%ff", Err("percent"));
        check("topic=room:a&after=", Err("after"));
        check("topic=room:a&after=e:-1", Err("after"));
        check("topic=room:a&after=41", Err("after"));
        for limit in ["0", "1001", "-1", "x", ""] {
            check(&format!("topic=room:a&limit={limit}"), Err("limit"));
        }
    }
}

//! `GET /api/ws/replay`.

use serde_json::json;
use tightwire::Config;
use tightwire::proto::address_rate::AddressRate;

use super::Site;
use crate::auth::tokens;
use crate::client::with_limits;
#[cfg(feature = "redis")]
use crate::protocol::{Posted, Room};

/// A page of the replay in short: `2..3 of 5, more` for frames, `gap 3..5` for a gap, and the place for the next.
async fn page(site: &Site, query: &str) -> (String, String) {
    let answer = site.get(&format!("/api/ws/replay?topic=room:a&{query}")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let body = answer.json();
    assert_eq!(body["topic"], "room:a");
    let seqs: Vec<u64> = body["frames"]
        .as_array()
        .expect("frames")
        .iter()
        .map(|frame| {
            assert_eq!((&frame["epoch"], &frame["type"]), (&body["epoch"], &json!("posted")));
            frame["seq"].as_u64().expect("a position")
        })
        .collect();
    let next = body["next"].as_str().expect("a place").to_owned();
    assert_eq!(next.rsplit_once(':').map(|(epoch, _)| epoch), body["epoch"].as_str());
    let seqs = match &seqs[..] {
        [] => "nothing".to_owned(),
        [first, .., last] => format!("{first}..{last}"),
        [one] => one.to_string(),
    };
    let more = if body["more"] == true { ", more" } else { "" };
    let gap = match &body["gap"] {
        gap if gap.is_null() => String::new(),
        gap => format!("gap {}..{}: ", gap["oldest_seq"], gap["latest_seq"]),
    };
    (format!("{gap}{seqs} of {}{more}", body["latest_seq"]), next)
}

#[tokio::test]
async fn what_is_no_longer_kept_is_a_gap_from_which_one_can_go_on() {
    let site = Site::open(with_limits(|limits| limits.replay_frames = 2)).await;
    assert_eq!(page(&site, "").await.0, "nothing of 0");
    let first = site.post("a", "1").await;
    for text in ["2", "3", "4"] {
        site.post("a", text).await;
    }
    let (found, next) = page(&site, &format!("after={}:1", first.epoch)).await;
    assert_eq!(found, "gap 3..4: nothing of 4, more");
    assert_eq!(page(&site, &format!("after={next}")).await.0, "3..4 of 4");
    assert_eq!(page(&site, "after=another:4").await.0, "gap 3..4: nothing of 4, more");
    assert_eq!(page(&site, "after=0190b6a2-7c1e-7b6a-9a64-0d5a3c0f7e99").await.0, "gap 3..4: nothing of 4, more");
    assert_eq!(site.server.stats().replay_gaps_total(), 3);
    assert_eq!(page(&site, "").await.0, "3..4 of 4");
    // Who asks for all that is kept has missed nothing.
    assert_eq!(site.server.stats().replay_gaps_total(), 3);
}

/// An answer without frames says where to go on from, and something may be published while it is made.
#[cfg(feature = "redis")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_page_after_page_misses_nothing_that_is_published_meanwhile() {
    const FRAMES: u64 = 1000;
    let Some(redis) = tightwire_testbed::RedisServer::start() else { return };
    let url = redis.url().parse().expect("a URL");
    let config = with_limits(|limits| limits.replay_frames = FRAMES);
    let site =
        Site::running(Config { replay_rate: None, redis: Some(tightwire::config::RedisConfig::new(url)), ..config })
            .await;
    let begin = site.post("a", "0").await;
    let publisher = site.server.publisher();
    let publishing = tokio::spawn(async move {
        for number in 1..FRAMES {
            let message = Posted { text: number.to_string() };
            publisher.publish(&Room::named("a"), &message).await.expect("published");
            // So that there is nothing to be had now and then.
            tokio::time::sleep(std::time::Duration::from_micros(100)).await;
        }
    });
    let (mut next, mut seen) = (format!("{}:{}", begin.epoch, begin.seq), begin.seq);
    while seen < FRAMES {
        let answer = site.get(&format!("/api/ws/replay?topic=room:a&limit=1000&after={next}")).await.json();
        for frame in answer["frames"].as_array().expect("frames") {
            assert_eq!(frame["seq"], seen + 1);
            seen += 1;
        }
        next = answer["next"].as_str().expect("a place").to_owned();
        assert_eq!(next, format!("{}:{seen}", begin.epoch));
    }
    publishing.await.expect("no panic");
}

/// A log may hold more than one answer should.
#[tokio::test]
async fn an_answer_is_not_much_larger_than_a_megabyte() {
    let site = Site::open(Config::default()).await;
    for _ in 0..5 {
        site.post("a", &"x".repeat(400_000)).await;
    }
    assert_eq!(page(&site, "").await.0, "1..2 of 5, more");
}

#[tokio::test]
async fn requests_that_make_no_sense_are_told_why() {
    let site = Site::open(Config::default()).await;
    let problem = async |query: &str| site.get(&format!("/api/ws/replay?{query}")).await.problem();
    assert_eq!(problem("topic=lobby").await, (404, "there is no such topic".to_owned()));
    assert_eq!(problem("topic=room:secret").await, (403, "the topic is not allowed".to_owned()));
    for query in ["", "topic=room:a&after=x", "topic=room:a&limit=0", "topic=%zz"] {
        assert_eq!(problem(query).await.0, 400, "{query}");
    }
    assert_eq!(site.ask("POST", "/api/ws/replay?topic=room:a", &[], "").await.problem().0, 405);
}

#[tokio::test]
async fn a_token_opens_what_it_opens_to_subscribers() {
    let site = Site::open(tokens::config()).await;
    let status = async |token: Option<String>, topic: &str| {
        let headers = token.map(|token| format!("Bearer {token}"));
        let headers: Vec<_> = headers.iter().map(|value| ("authorization", value.as_str())).collect();
        site.ask("GET", &format!("/api/ws/replay?topic={topic}"), &headers, "").await.status
    };
    let token = || Some(tokens::signed(json!({"topics": {"read": ["room:a*"]}})));
    assert_eq!(status(None, "room:a").await, 401);
    assert_eq!(status(Some("x".to_owned()), "room:a").await, 401);
    assert_eq!(status(token(), "room:a").await, 200);
    assert_eq!(status(token(), "room:b").await, 403);
    assert_eq!(status(Some(tokens::signed(json!({}))), "room:b").await, 200);
}

#[tokio::test]
async fn an_address_may_ask_so_often() {
    let rate = Some(AddressRate { per_second: 1, burst: 2 });
    let site = Site::open(Config { replay_rate: rate, ..Config::default() }).await;
    // Whatever is asked counts: also what is refused costs something.
    assert_eq!(site.get("/api/ws/replay?topic=lobby").await.status, 404);
    assert_eq!(site.get("/api/ws/replay?topic=room:a").await.status, 200);
    let refused = site.get("/api/ws/replay?topic=room:a").await;
    assert_eq!(refused.problem().0, 429);
    assert!(refused.head.contains("\r\nretry-after: 1\r\n"), "{refused:?}");
    // Nothing else is asked for less often because of it.
    assert_eq!(site.get("/health").await.status, 200);
}

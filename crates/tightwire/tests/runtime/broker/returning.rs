//! A server is replaced, and all its clients come back to another at the same moment.

use futures_util::future::join_all;
use serde_json::json;
use tightwire::Config;
use tightwire_testbed::RedisServer;

use super::reader::Reader;
use super::system::with_redis;
use crate::http::Site;

const CLIENTS: usize = 500;
const FRAMES: u64 = 300;

/// How often a command was called since that was last reset.
fn calls(redis: &RedisServer, command: &str) -> u64 {
    let all = redis.info(&format!("cmdstat_{command}"));
    let calls = all.strip_prefix("calls=").and_then(|rest| rest.split(',').next()?.parse().ok());
    calls.unwrap_or_else(|| panic!("{all}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_of_a_server_that_was_replaced_ask_redis_together() {
    let Some(redis) = RedisServer::start() else { return };
    let config = with_redis(Config { handshake_rate: None, ..Config::default() }, &redis.url());
    let former = Site::running(config.clone()).await;
    let mut seen = former.post("a", "1").await;
    for number in 2..=FRAMES {
        former.post("a", &number.to_string()).await;
    }
    seen.seq = 20;
    former.server.shutdown().await;
    let site = Site::running(config).await;
    let mut readers = join_all((0..CLIENTS).map(|_| Reader::on(&site))).await;
    redis.ask(&["CONFIG", "RESETSTAT"]);
    let start = json!({"topics": ["room:a"], "after": {"room:a": {"epoch": seen.epoch, "seq": seen.seq}}});
    join_all(readers.iter_mut().map(|reader| reader.send("subscribe", "system", start.clone()))).await;
    let expected: Vec<_> = (seen.seq + 1..=FRAMES).map(|number| number.to_string()).collect();
    let reading = readers.iter_mut().map(async |reader| {
        reader.expect(&["subscription_updated [room:a]"]).await;
        assert_eq!(reader.posted(seen.seq, FRAMES).await, expected);
    });
    join_all(reading).await;
    let (xrange, evalsha) = (calls(&redis, "xrange"), calls(&redis, "evalsha"));
    assert!(xrange < 100 && evalsha < 400, "{xrange} times XRANGE and {evalsha} scripts for {CLIENTS} clients");
    let last = site.post("a", "last").await;
    join_all(readers.iter_mut().map(|reader| reader.posted(FRAMES, last.seq))).await;
}

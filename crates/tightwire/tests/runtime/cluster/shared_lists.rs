//! Lists that all nodes share.

use std::time::Duration;

use tightwire::{Config, FencedPublisher, PublishError, SharedList, SharedLists};
use tightwire_testbed::{RedisCluster, RedisServer};

use crate::broker::system::{PATIENCE, with_redis};
use crate::http::Site;
use crate::protocol::Room;

const LIST: SharedList<'static> = SharedList { name: "thread:1", longest: 3, expires: Duration::from_secs(60) };

async fn nodes(redis: &RedisServer) -> [(Site, SharedLists); 2] {
    let open = || async {
        let site = Site::running(with_redis(Config::default(), &redis.url())).await;
        let lists = site.server.shared_lists().expect("there is a Redis");
        (site, lists)
    };
    [open().await, open().await]
}

async fn newest(lists: &SharedLists, most: usize) -> Vec<String> {
    let values = lists.newest(LIST.name, most).await.expect("Redis runs");
    values.into_iter().map(|value| String::from_utf8(value).expect("as appended")).collect()
}

#[tokio::test]
async fn what_one_node_appends_all_nodes_read() {
    let Some(redis) = RedisServer::start() else { return };
    let [(_first, first), (_second, second)] = nodes(&redis).await;
    assert!(newest(&second, 10).await.is_empty());
    for value in ["a", "b"] {
        first.append(LIST, value.as_bytes()).await.expect("Redis runs");
    }
    assert_eq!(newest(&second, 10).await, ["a", "b"]);
    second.append(LIST, b"b").await.expect("Redis runs");
    assert_eq!(newest(&first, 10).await, ["a", "b"], "an attempt that is made again appends nothing");
    for value in ["c", "d"] {
        second.append(LIST, value.as_bytes()).await.expect("Redis runs");
    }
    assert_eq!(newest(&first, 10).await, ["b", "c", "d"], "the newest are kept");
    assert_eq!(newest(&first, 2).await, ["c", "d"]);
    let keys = redis.ask(&["KEYS", "tightwire:*:list:thread:1"]);
    let key = keys.list()[0].text().expect("a key");
    let left = redis.ask(&["PTTL", key]).number().expect("a number");
    assert!((50_000..=60_000).contains(&left), "it expires: {left}");
}

#[tokio::test]
async fn who_was_taken_over_from_appends_nothing() {
    let Some(redis) = RedisServer::start() else { return };
    let [(one, lists), (other, of_other)] = nodes(&redis).await;
    let room = || Room(LIST.name.to_owned());
    let append = async |fenced: &FencedPublisher<Room>, lists, value: &str| {
        fenced.append(lists, LIST.longest, LIST.expires, value.as_bytes()).await
    };
    let first = one.server.publisher().fenced(room(), "answer");
    append(&first, &lists, "a").await.expect("nobody has taken over");
    let second = other.server.publisher().take_over(room(), "answer").await.expect("Redis runs");
    let error = append(&first, &lists, "late").await.expect_err("somebody has");
    assert!(matches!(error, PublishError::Fenced(_)), "{error}");
    append(&second, &of_other, "b").await.expect("it has taken over");
    lists.append(LIST, b"c").await.expect("this is behind no fence");
    assert_eq!(newest(&lists, 10).await, ["a", "b", "c"]);
}

#[tokio::test]
async fn lists_that_cannot_be_reached_are_an_error() {
    let Some(mut redis) = RedisServer::start() else { return };
    let [(_first, first), _] = nodes(&redis).await;
    first.append(LIST, b"a").await.expect("Redis runs");
    redis.kill();
    assert!(first.append(LIST, b"b").await.is_err());
    assert!(first.newest(LIST.name, 1).await.is_err());
}

#[tokio::test]
async fn nodes_on_a_redis_cluster_know_each_other_and_share_lists() {
    let Some(redis) = RedisCluster::start() else { return };
    let url = format!("redis+cluster://{}", redis.addresses()[0]);
    let config = || Config { node_interval: Duration::from_millis(200), ..with_redis(Config::default(), &url) };
    let sites = [Site::running(config()).await, Site::running(config()).await];
    for site in &sites {
        let known = async {
            while site.server.cluster().refresh().await.nodes.len() < 2 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, known).await.expect("the other is heard of");
    }
    let [first, second] = sites.each_ref().map(|site| site.server.shared_lists().expect("there is a Redis"));
    // Enough to be on all masters.
    for number in 0..20 {
        let name = format!("list {number}");
        let list = SharedList { name: &name, ..LIST };
        first.append(list, name.as_bytes()).await.expect("Redis runs");
        assert_eq!(second.newest(&name, 1).await.expect("Redis runs"), [name.as_bytes()]);
    }
}

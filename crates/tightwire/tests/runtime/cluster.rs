//! The nodes of a system, as each of them knows the others.

#[cfg(feature = "redis")]
mod nodes;
#[cfg(feature = "redis")]
mod shared_lists;

use std::time::Duration;

use serde_json::{Value, json};
use tightwire::{Config, Presence, Server};

use crate::client::Client;
use crate::http::Site;
use crate::protocol::Rooms;

/// An application that says something.
struct Says(Value);

impl Presence for Says {
    fn tell(&self) -> Value {
        self.0.clone()
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_in_memory_is_the_whole_system() {
    let config = Config { node_name: Some("lone".to_owned()), ..Config::default() };
    let server = Server::new(Rooms::default(), config).with_presence(Says(json!({"mood": "fine"})));
    let mut client = Client::connect(&server, 4096).await;
    client.send("subscribe", "system", json!({"topics": ["room:a", "room:b"]})).await;
    client.event().await;
    while server.stats().subscriptions() < 2 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let view = server.cluster().view();
    let [node] = &view.nodes[..] else { panic!("{view:?}") };
    assert!(view.is_complete && node.is_this, "{view:?}");
    assert_eq!((&*node.name, &*node.contract_version), ("lone", "1.2.3"));
    assert_eq!((node.connections, view.connections()), (1, 1));
    assert_eq!(json!(view.subscriptions()), json!({"system": 0, "room:{name}": 2}));
    assert_eq!(node.application, json!({"mood": "fine"}));
    assert_eq!(node.age, Duration::ZERO);
    assert!(server.shared_lists().is_none());
    assert_eq!(server.cluster().refresh().await.nodes[0].id, node.id);
}

#[tokio::test]
async fn health_and_metrics_count_nodes() {
    let site = Site::open(Config::default()).await;
    let health = site.get("/health").await.json();
    assert_eq!((&health["nodes"], &health["nodes_complete"]), (&json!(1), &json!(true)));
    assert!(site.get("/metrics").await.body.contains("\nws_nodes 1\n"));
}

#[tokio::test(start_paused = true)]
async fn an_application_that_panics_or_says_too_much_says_nothing() {
    struct Panics;
    impl Presence for Panics {
        fn tell(&self) -> Value {
            panic!("the application's mistake")
        }
    }
    let server = Server::new(Rooms::default(), Config::default()).with_presence(Panics);
    assert_eq!(server.cluster().view().nodes[0].application, Value::Null);
    let most = "a".repeat(256 * 1024 - 2);
    let server = Server::new(Rooms::default(), Config::default()).with_presence(Says(json!(most)));
    assert_eq!(server.cluster().view().nodes[0].application, json!(most));
    let server = Server::new(Rooms::default(), Config::default()).with_presence(Says(json!(format!("{most}a"))));
    assert_eq!(server.cluster().view().nodes[0].application, Value::Null);
}

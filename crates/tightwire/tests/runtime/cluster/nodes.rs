//! Nodes on a real Redis.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use serde_json::{Value, json};
use tightwire::{ClusterView, Config, Node, Presence, Server};
use tightwire_testbed::{RedisServer, until};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use crate::broker::system::with_redis;
use crate::client::Client;
use crate::protocol::Rooms;

/// A server in a runtime of its own, so that it can end as a process does.
struct Process {
    server: Server<Rooms>,
    runtime: Runtime,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    run: tokio::task::JoinHandle<std::io::Result<()>>,
    says: Arc<Mutex<Value>>,
    lost: mpsc::Receiver<Node>,
}

struct Application {
    says: Arc<Mutex<Value>>,
    lost: mpsc::Sender<Node>,
}

impl Presence for Application {
    fn tell(&self) -> Value {
        self.says.lock().expect("not poisoned").clone()
    }

    fn lost(&self, node: Node) {
        self.lost.send(node).expect("somebody listens");
    }
}

impl Process {
    fn start(redis: &RedisServer, name: &str) -> Self {
        Self::start_with(redis, name, Duration::from_millis(200))
    }

    fn start_with(redis: &RedisServer, name: &str, node_interval: Duration) -> Self {
        let config =
            Config { node_name: Some(name.to_owned()), node_interval, ..with_redis(Config::default(), &redis.url()) };
        let (sender, lost) = mpsc::channel();
        let says = Arc::new(Mutex::new(json!({"i am": name})));
        let application = Application { says: Arc::clone(&says), lost: sender };
        let server = Server::new(Rooms::default(), config).with_presence(application);
        let runtime = Runtime::new().expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel::<()>();
        let run = runtime.spawn(server.clone().run(listener, async { drop(stopped.await) }));
        Self { server, runtime, address, stop: Some(stop), run, says, lost }
    }

    fn view(&self) -> ClusterView {
        self.server.cluster().view()
    }

    /// The names of the nodes it knows, and whether these are all.
    fn names(&self) -> (Vec<String>, bool) {
        let ClusterView { nodes, is_complete, .. } = self.view();
        let mut names: Vec<_> = nodes.into_iter().map(|node| node.name).collect();
        names.sort();
        (names, is_complete)
    }

    #[track_caller]
    fn knows(&self, names: &[&str], is_complete: bool) {
        let expected = (names.iter().map(|name| (*name).to_owned()).collect(), is_complete);
        until(&format!("the nodes are {names:?}"), || (self.names() == expected).then_some(()));
    }

    /// A client with two subscriptions.
    fn subscribed(&self) -> Client<TcpStream> {
        self.runtime.block_on(async {
            let mut client = Client::over(TcpStream::connect(self.address).await.expect("connected")).await;
            client.send("subscribe", "system", json!({"topics": ["room:a", "room:b"]})).await;
            client.event().await;
            client
        })
    }

    fn kill(self) {
        self.runtime.shutdown_background();
    }

    fn shut_down(mut self) {
        self.stop.take().expect("it runs").send(()).expect("it runs");
        self.runtime.block_on(self.run).expect("no panic").expect("it served");
    }
}

#[test]
fn nodes_know_of_each_other_and_of_one_that_is_killed() {
    let Some(redis) = RedisServer::start() else { return };
    let first = Process::start(&redis, "first");
    let second = Process::start(&redis, "second");
    let _client = second.subscribed();
    first.knows(&["first", "second"], true);
    second.knows(&["first", "second"], true);

    let other = until("the first hears of the second's client", || {
        first.view().nodes.into_iter().find(|node| node.name == "second" && node.connections == 1)
    });
    let other = until("and of its subscriptions", || {
        let node = first.view().nodes.into_iter().find(|node| node.id == other.id)?;
        (node.subscriptions.get("room:{name}") == Some(&2)).then_some(node)
    });
    assert_eq!((other.is_this, &*other.contract_version), (false, "1.2.3"));
    assert_eq!(other.application, json!({"i am": "second"}));
    assert!(other.age < Duration::from_millis(600), "{other:?}");
    assert_eq!((first.view().connections(), first.view().subscriptions()["room:{name}"]), (1, 2));
    let ids = |process: &Process| process.view().nodes.into_iter().map(|node| node.id).collect::<Vec<_>>();
    assert_eq!(ids(&first), ids(&second), "all nodes name them in the same order");

    second.kill();
    first.knows(&["first"], true);
    let lost = first.lost.recv_timeout(Duration::from_secs(30)).expect("the first is told");
    assert_eq!((&lost.id, &lost.application, lost.connections), (&other.id, &json!({"i am": "second"}), 1));
    assert!(lost.age >= Duration::from_millis(600), "{lost:?}");
}

#[test]
fn a_node_that_ends_is_gone_at_once_and_not_lost() {
    let Some(redis) = RedisServer::start() else { return };
    let (first, second) = (Process::start(&redis, "first"), Process::start(&redis, "second"));
    first.knows(&["first", "second"], true);
    second.shut_down();
    assert_eq!(redis.ask(&["HLEN", "tightwire:{0}:nodes"]).number(), Some(1), "nobody waits for it to expire");
    first.knows(&["first"], true);
    assert!(first.lost.try_recv().is_err());
    first.shut_down();
    assert_eq!(redis.ask(&["EXISTS", "tightwire:{0}:nodes"]).number(), Some(0));
}

#[test]
fn without_redis_the_others_are_not_known() {
    let Some(mut redis) = RedisServer::start() else { return };
    let (first, second) = (Process::start(&redis, "first"), Process::start(&redis, "second"));
    first.knows(&["first", "second"], true);
    redis.kill();
    first.knows(&["first"], false);
    second.knows(&["second"], false);
    redis.start_empty();
    first.knows(&["first", "second"], true);
    assert!(first.lost.try_recv().is_err() && second.lost.try_recv().is_err());
}

/// With heartbeats that do not come within the test.
#[test]
fn refreshing_shows_what_was_said_a_moment_ago() {
    let Some(redis) = RedisServer::start() else { return };
    let first = Process::start_with(&redis, "first", Duration::from_secs(600));
    let second = Process::start_with(&redis, "second", Duration::from_secs(600));
    let refresh = |process: &Process| process.runtime.block_on(process.server.cluster().refresh());
    until("both have begun", || (refresh(&first).nodes.len() == 2).then_some(()));
    for number in 0..20 {
        *second.says.lock().expect("not poisoned") = json!(number);
        refresh(&second);
        let seen = |view: ClusterView| {
            view.nodes.into_iter().find(|node| node.name == "second").expect("it is there").application
        };
        assert_ne!(seen(first.view()), json!(number), "nobody has told the first");
        assert_eq!(seen(refresh(&first)), json!(number));
    }
}

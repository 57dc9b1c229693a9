//! What many connections need, from what was measured.

use std::fmt::Write as _;

use crate::figures::{Table, grouped, short};
use crate::idle::Idles;
use crate::kept::Kept;
use crate::parts::Parts;
use crate::sharing::{HOWS, How, Sharing};

/// What something costs: times in µs of CPU, the rest in bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Costs {
    /// Of Redis for a publication, and more of it for each node that reads it.
    pub(crate) publication: f64,
    pub(crate) copy: f64,
    /// Of Redis for a node that does nothing, in each second.
    pub(crate) idle_node: f64,
    /// Of a node: to publish, to read what anybody has published, to deliver to one subscriber.
    pub(crate) publishing: f64,
    pub(crate) reading: f64,
    pub(crate) delivery: f64,
    /// To Redis for a publication, and from Redis to each node.
    pub(crate) bytes_in: f64,
    pub(crate) bytes_out: f64,
    /// Of a connection: of the node and of the kernel.
    pub(crate) connection: f64,
    pub(crate) socket: f64,
    /// In Redis: a topic with a frame, a further frame, a frame in a stream.
    pub(crate) topic: f64,
    pub(crate) frame: f64,
    pub(crate) entry: f64,
}

/// What is assumed of a system.
#[derive(Clone, Copy, Debug)]
struct Use {
    name: &'static str,
    /// How many topics each connection is subscribed to, and how many connections each topic has.
    topics_each: f64,
    subscribers: f64,
    /// Publications per second, all topics together.
    publications: f64,
    /// Frames that are kept of each topic.
    kept: f64,
}

/// What it needs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Need {
    topics: f64,
    deliveries: f64,
    /// Nodes for the connections, for the deliveries, and for the network.
    by_connections: f64,
    by_deliveries: f64,
    by_network: f64,
    nodes: f64,
    /// The share of one core that a node needs to read what all publish.
    reading: f64,
    /// Masters of Redis by CPU and by what they send, and GB of memory in all.
    by_cpu: f64,
    by_output: f64,
    memory: f64,
}

/// What is assumed of every system.
const CONNECTIONS: f64 = 1e6;
/// Connections of a node: what a restart sends to the others at once.
const CONNECTIONS_EACH: f64 = 100_000.0;
/// Cores of a node, and the share of a core that is used.
const CORES: f64 = 4.0;
const SHARE: f64 = 0.5;
/// Bytes per second that a machine sends, half of 10 Gbit/s; and what a delivery is, with the headers of its packet.
const NETWORK: f64 = 0.5 * 10e9 / 8.0;
const DELIVERED: f64 = 300.0 + 66.0;
/// What the streams keep: 16 of them, 10 000 frames each.
const STREAMS: f64 = 160_000.0;

const USES: [Use; 3] = [
    Use {
        name: "dashboards: few topics, many see each",
        topics_each: 3.0,
        subscribers: 3000.0,
        publications: 200.0,
        kept: 100.0,
    },
    Use { name: "rooms: 30 in each", topics_each: 3.0, subscribers: 30.0, publications: 10_000.0, kept: 50.0 },
    Use { name: "one topic for everyone", topics_each: 1.0, subscribers: 1.0, publications: 50_000.0, kept: 10.0 },
];

impl Costs {
    pub(crate) fn of(sharing: &Sharing, parts: &Parts, kept: &Kept, idles: &Idles) -> Self {
        let index = HOWS.iter().position(|how| *how == How::Flat).unwrap_or_default();
        let points: Vec<(f64, f64)> =
            sharing.iter().map(|(nodes, found)| (*nodes as f64, found[index].redis.median())).collect();
        let (publication, copy) = line(&points);
        let most = sharing.last().map(|(_, found)| &found[index]);
        let idle =
            |index: usize| idles.get(index).map_or((0.0, 0.0), |(nodes, idle)| (*nodes as f64, idle.redis.median()));
        let (none, many) = (idle(0), idle(2));
        Self {
            publication,
            copy,
            idle_node: (many.1 - none.1).max(0.0) * 1e3 / many.0.max(1.0),
            publishing: parts.publishing(),
            reading: parts.reader.median(),
            delivery: parts.delivery.median(),
            bytes_in: most.map_or(0.0, |most| most.bytes_in.median()),
            bytes_out: most.map_or(0.0, |most| most.bytes_out.median()),
            connection: parts.connection,
            socket: parts.socket,
            topic: kept.topic,
            frame: kept.frame[1],
            entry: kept.entry,
        }
    }
}

/// The line through points that is nearest to them: where it begins, and how steep it is. Neither is below zero.
fn line(points: &[(f64, f64)]) -> (f64, f64) {
    let count = points.len().max(1) as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let along: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    let spread: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    let steep = if spread > 0.0 { (along / spread).max(0.0) } else { 0.0 };
    ((y - steep * x).max(0.0), steep)
}

impl Use {
    fn need(&self, costs: &Costs) -> Need {
        let topics = CONNECTIONS * self.topics_each / self.subscribers;
        let deliveries = self.publications * self.subscribers;
        let reading = self.publications * costs.reading / 1e6;
        // What is left of a node's cores when it has read everything.
        let left = (CORES * SHARE - reading).max(0.01);
        let by_connections = (CONNECTIONS / CONNECTIONS_EACH).ceil();
        let work = (deliveries * costs.delivery + self.publications * costs.publishing) / 1e6;
        let by_deliveries = (work / left).ceil();
        let by_network = (deliveries * DELIVERED / NETWORK).ceil();
        let nodes = by_connections.max(by_deliveries).max(by_network);
        let cpu = self.publications * (costs.publication + costs.copy * nodes) + costs.idle_node * nodes;
        Need {
            topics,
            deliveries,
            by_connections,
            by_deliveries,
            by_network,
            nodes,
            reading,
            by_cpu: (cpu / 1e6 / SHARE).ceil(),
            by_output: (self.publications * costs.bytes_out * nodes / NETWORK).ceil(),
            memory: (topics * (costs.topic + (self.kept - 1.0) * costs.frame) + STREAMS * costs.entry) / 1e9,
        }
    }
}

pub(crate) fn text(costs: &Costs) -> String {
    let mut text = String::from("What the formulas below are filled with:\n\n");
    let mut table = Table::new(&["what", "cost"]);
    let micros = |figure: f64| format!("{} µs", short(figure));
    let bytes = |figure: f64| format!("{} B", short(figure));
    for (what, cost) in [
        ("Redis, for a publication (`a`)", micros(costs.publication)),
        ("Redis, for each node that reads it (`b`)", micros(costs.copy)),
        ("Redis, for each node in each second (`i`)", micros(costs.idle_node)),
        ("a node, to publish (`p`)", micros(costs.publishing)),
        ("a node, to read what anybody has published (`r`)", micros(costs.reading)),
        ("a node, for a delivery (`d`)", micros(costs.delivery)),
        ("from Redis to each node, for a publication (`o`)", bytes(costs.bytes_out)),
        ("to Redis, for a publication", bytes(costs.bytes_in)),
        ("a connection, in a node and in its kernel (`c`)", bytes(costs.connection + costs.socket)),
        (
            "Redis' memory for a topic with one frame, and for a further frame (`t`, `f`)",
            format!("{}, {}", bytes(costs.topic), bytes(costs.frame)),
        ),
        ("Redis' memory for a frame in the streams (`e`)", bytes(costs.entry)),
    ] {
        table.row(&[what.to_owned(), cost]);
    }
    text.push_str(&table.into_text());
    let _ = writeln!(
        text,
        "\n{} connections, {} on each node at most, which are {} GB of memory there; nodes of {CORES} cores, of which {} % are \
         used,\nas of Redis' one; machines that send half of 10 Gbit/s:\n",
        grouped(CONNECTIONS as i64),
        grouped(CONNECTIONS_EACH as i64),
        short(CONNECTIONS_EACH * (costs.connection + costs.socket) / 1e9),
        SHARE * 100.0,
    );
    text.push_str(&needs(costs));
    let limit = |nodes: f64| SHARE * 1e6 / (costs.publication + costs.copy * nodes).max(f64::MIN_POSITIVE);
    let _ = writeln!(
        text,
        "\nSo one Redis takes about {} publications per second for 3 nodes, {} for 10 and {} for 30; a node's reader, which is \
         one task, takes {}.",
        grouped(limit(3.0) as i64),
        grouped(limit(10.0) as i64),
        grouped(limit(30.0) as i64),
        grouped((SHARE * 1e6 / costs.reading.max(f64::MIN_POSITIVE)) as i64),
    );
    text
}

fn needs(costs: &Costs) -> String {
    let needs = USES.map(|of| of.need(costs));
    let columns: Vec<&str> =
        ["what a million connections do"].into_iter().chain(USES.iter().map(|of| of.name)).collect();
    let mut table = Table::new(&columns);
    let mut row = |what: &str, figure: &dyn Fn(&Use, &Need) -> String| {
        let cells = USES.iter().zip(&needs).map(|(of, need)| figure(of, need));
        table.row(&[what.to_owned()].into_iter().chain(cells).collect::<Vec<_>>());
    };
    let whole = |figure: f64| grouped(figure.round() as i64);
    row("topics of each connection", &|of, _| short(of.topics_each));
    row("connections of each topic", &|of, _| whole(of.subscribers));
    row("topics", &|_, need| whole(need.topics));
    row("publications/s", &|of, _| whole(of.publications));
    row("deliveries/s", &|_, need| whole(need.deliveries));
    row("frames kept of each topic", &|of, _| whole(of.kept));
    row("nodes, for the connections", &|_, need| whole(need.by_connections));
    row("nodes, for the CPU time of deliveries", &|_, need| whole(need.by_deliveries));
    row("nodes, for what they send", &|_, need| whole(need.by_network));
    row("**nodes**", &|_, need| format!("**{}**", whole(need.nodes)));
    row("share of a core to read everything, on each node", &|_, need| format!("{} %", short(need.reading * 100.0)));
    row("masters of Redis, by CPU time", &|_, need| whole(need.by_cpu));
    row("masters of Redis, by what they send", &|_, need| whole(need.by_output));
    row("**masters of Redis**", &|_, need| format!("**{}**", whole(need.by_cpu.max(need.by_output))));
    row("memory of all masters", &|_, need| format!("{} GB", short(need.memory)));
    table.into_text()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_the_nearest() {
        let (begin, steep) = line(&[(1.0, 12.0), (3.0, 16.0), (5.0, 20.0)]);
        assert!((begin - 10.0).abs() < 1e-9 && (steep - 2.0).abs() < 1e-9);
        assert_eq!(line(&[(1.0, 5.0), (3.0, 4.0)]), (4.5, 0.0), "nothing is gained by a further node");
        assert_eq!(line(&[(1.0, 5.0)]), (5.0, 0.0));
    }

    #[test]
    fn needs_follow_from_the_costs() {
        let costs = Costs {
            publication: 20.0,
            copy: 3.0,
            idle_node: 1000.0,
            publishing: 30.0,
            reading: 5.0,
            delivery: 2.0,
            bytes_out: 500.0,
            topic: 2000.0,
            frame: 300.0,
            entry: 400.0,
            ..Costs::default()
        };
        let rooms = Use { name: "", topics_each: 3.0, subscribers: 30.0, publications: 20_000.0, kept: 11.0 };
        let need = rooms.need(&costs);
        assert_eq!((need.topics, need.deliveries), (100_000.0, 600_000.0));
        assert_eq!((need.by_connections, need.by_network, need.nodes), (10.0, 1.0, 10.0));
        // 1.2 s of deliveries and 0.6 s of publishing in each second, with 2 - 0.1 cores of each node.
        assert_eq!(need.by_deliveries, 1.0);
        assert!((need.reading - 0.1).abs() < 1e-9);
        // 20 000 times 20 + 3 × 10 µs, half a core each.
        assert_eq!((need.by_cpu, need.by_output), (3.0, 1.0));
        assert!((need.memory - 0.564).abs() < 1e-9, "{}", need.memory);
    }
}

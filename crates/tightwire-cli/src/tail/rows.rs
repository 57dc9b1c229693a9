//! How `tail` shows things: columns for people, lines of JSON for programs.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::json;

use super::board::{Shown, Summary};
use super::frame::Frame;
use super::pending::{Cell, Row};

/// The widest column of topics and of types.
const WIDEST: usize = 32;

/// Shows things.
pub(super) struct Rows {
    names: Vec<String>,
    json: bool,
    topic_width: usize,
    kind_width: usize,
}

impl Rows {
    pub(super) fn new(names: &[String], topics: &[String], json: bool) -> Self {
        let topic_width = topics.iter().map(|topic| topic.chars().count()).max().unwrap_or_default().clamp(5, WIDEST);
        Self { names: names.to_vec(), json, topic_width, kind_width: 20 }
    }

    /// What stands above everything.
    pub(super) fn head(&self) -> String {
        if self.json {
            return String::new();
        }
        let servers = self.names.iter().enumerate().map(|(index, name)| format!("n{} is {name}\n", index + 1));
        let mut text: String = servers.collect();
        let (topics, kinds) = (self.topic_width, self.kind_width);
        let _ =
            write!(text, "{:12}  {:topics$}  {:>8}  {:18}  {:kinds$}", "time (UTC)", "topic", "seq", "epoch", "type");
        for index in 1..=self.names.len() {
            let _ = write!(text, " {:>6}", format!("n{index}"));
        }
        text + "\n"
    }

    /// A frame that came, for programs.
    pub(super) fn arrival(&self, node: usize, frame: &Frame, now: Duration) -> String {
        if !self.json {
            return String::new();
        }
        let Frame { id, topic, kind, position, gap } = frame;
        let mut line = json!({ "node": self.names[node], "topic": topic, "type": kind, "id": id });
        if let Some(position) = position {
            line["seq"] = position.seq.into();
            line["epoch"] = position.epoch.as_str().into();
        }
        if let Some(gap) = gap {
            line["gap"] = json!({ "latest_seq": gap.seq, "epoch": gap.epoch });
        }
        line["received_ms"] = u64::try_from(now.as_millis()).unwrap_or(u64::MAX).into();
        format!("{line}\n")
    }

    pub(super) fn shown(&mut self, shown: &Shown, now: Duration) -> String {
        match shown {
            Shown::Row(_) if self.json => String::new(),
            Shown::Row(row) => self.row(row, now),
            Shown::Notice { node, text } if self.json => {
                format!("{}\n", json!({ "node": self.names[*node], "notice": text }))
            }
            Shown::Notice { node, text } => format!("{}  n{} {text}\n", time(now), node + 1),
        }
    }

    fn row(&mut self, row: &Row, now: Duration) -> String {
        let Frame { topic, kind, position, .. } = &row.frame;
        self.kind_width = self.kind_width.max(kind.chars().count().min(WIDEST));
        let (topics, kinds) = (self.topic_width, self.kind_width);
        let (seq, epoch) = match position {
            Some(position) => (position.seq.to_string(), position.epoch.as_str()),
            None => ("-".to_owned(), "-"),
        };
        let mut text = format!("{}  {topic:topics$}  {seq:>8}  {epoch:18}  {kind:kinds$}", time(now));
        for cell in &row.cells {
            let cell = match cell {
                Cell::After(Duration::ZERO) => "0".to_owned(),
                Cell::After(after) => format!("+{}", after.as_millis()),
                // Without a position it may have been for one connection alone.
                Cell::Missing if position.is_none() => "-".to_owned(),
                Cell::Missing => "none".to_owned(),
                Cell::Down => "down".to_owned(),
            };
            let _ = write!(text, " {cell:>6}");
        }
        text + "\n"
    }

    /// What came of it all.
    pub(super) fn summary(&self, summary: &Summary) -> String {
        let nodes = self.names.iter().zip(&summary.nodes);
        if self.json {
            let nodes = nodes.map(|(name, node)| {
                json!({
                    "node": name, "reached": node.reached, "delivered": node.delivered, "late": node.late,
                    "lost": node.lost, "disordered": node.disordered, "gaps": node.gaps,
                })
            });
            let nodes: Vec<_> = nodes.collect();
            return format!("{}\n", json!({ "summary": { "frames": summary.frames, "nodes": nodes } }));
        }
        let mut text = format!("\n{} frames with a position\n", summary.frames);
        for (index, (name, node)) in nodes.enumerate() {
            let _ = write!(text, "n{} {name}: ", index + 1);
            if !node.reached {
                text.push_str("never reached\n");
                continue;
            }
            let _ = write!(text, "{} delivered, {} of them late, {} lost", node.delivered, node.late, node.lost);
            let _ = writeln!(text, ", {} doubled or out of order, {} gaps told", node.disordered, node.gaps);
        }
        text
    }
}

/// The time of the day, UTC.
fn time(since_epoch: Duration) -> String {
    let (seconds, millis) = (since_epoch.as_secs() % 86_400, since_epoch.subsec_millis());
    format!("{:02}:{:02}:{:02}.{millis:03}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

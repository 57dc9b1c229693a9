//! The figures, for machines and for people. docs/bench.md describes each.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;

use super::figures::{Figures, Percentiles};
use super::load::Plan;
use super::server_metrics::Samples;
use super::traffic::Traffic;

/// The form of the report. It rises when something is taken away or changes its meaning.
const SCHEMA: u32 = 1;

/// The whole report.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    schema: u32,
    url: String,
    contract: Contract,
    load: Load,
    connections: Connections,
    sent: Sent,
    received: Received,
    replies: Replies,
    latency_us: Option<Percentiles>,
    generator_late_us: Option<Percentiles>,
    fanout_lag_us: Option<Percentiles>,
    messages: BTreeMap<String, Message>,
    errors: BTreeMap<String, u64>,
    closes: BTreeMap<u16, u64>,
    unknown_frames: u64,
    server: Option<Samples>,
    breaches: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Contract {
    title: String,
    version: String,
}

#[derive(Debug, Serialize)]
struct Load {
    rate: f64,
    duration_s: f64,
    seed: u64,
    topics: usize,
    interrupted: bool,
}

#[derive(Debug, Serialize)]
struct Connections {
    opened: usize,
    opening_s: f64,
    put_off: u64,
}

#[derive(Debug, Serialize)]
struct Sent {
    frames: u64,
    bytes: u64,
    per_second: f64,
    not_sent: u64,
}

#[derive(Debug, Serialize)]
struct Received {
    frames: u64,
    bytes: u64,
    broadcasts: u64,
}

#[derive(Debug, Serialize)]
struct Replies {
    received: u64,
    missing: u64,
}

#[derive(Debug, Serialize)]
struct Message {
    sent: u64,
    answered: u64,
    refused: u64,
    latency_us: Option<Percentiles>,
}

/// What must not be exceeded.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bounds {
    pub(super) p99_ms: Option<f64>,
    pub(super) errors: Option<u64>,
}

impl Report {
    pub(super) fn new(
        url: &str,
        (plan, traffic): (&Plan, &Traffic),
        figures: &Figures,
        server: Option<Samples>,
        (bounds, interrupted): (Bounds, bool),
    ) -> Self {
        let (title, version) = traffic.incoming.contract();
        let messages = traffic.kinds.iter().zip(&figures.kinds).map(|(kind, figures)| {
            let (sent, answered, refused) = (figures.sent, figures.answered, figures.refused);
            (kind.name.clone(), Message { sent, answered, refused, latency_us: figures.latency.percentiles() })
        });
        let seconds = figures.elapsed.as_secs_f64();
        Self {
            schema: SCHEMA,
            url: url.to_owned(),
            contract: Contract { title: title.to_owned(), version: version.to_owned() },
            load: Load {
                rate: plan.rate,
                duration_s: seconds,
                seed: plan.seed,
                topics: traffic.topics.len(),
                interrupted,
            },
            connections: Connections {
                opened: figures.opened,
                opening_s: figures.opening.as_secs_f64(),
                put_off: figures.limited,
            },
            sent: Sent {
                frames: figures.sent,
                bytes: figures.sent_bytes,
                per_second: if seconds > 0.0 { figures.sent as f64 / seconds } else { 0.0 },
                not_sent: figures.unsent,
            },
            received: Received {
                frames: figures.received,
                bytes: figures.received_bytes,
                broadcasts: figures.broadcasts,
            },
            replies: Replies { received: figures.answered(), missing: figures.unanswered },
            latency_us: figures.latency.percentiles(),
            generator_late_us: figures.late.percentiles(),
            fanout_lag_us: figures.lag.percentiles(),
            messages: messages.collect(),
            errors: figures.errors.clone(),
            closes: figures.closes.clone(),
            unknown_frames: figures.unknown,
            server,
            breaches: breaches(figures, bounds),
        }
    }

    /// Whether everything is within its bounds.
    pub(super) fn is_within_bounds(&self) -> bool {
        self.breaches.is_empty()
    }

    /// The report as JSON.
    pub(super) fn json(&self) -> String {
        // There is nothing in it that JSON has no form for.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// The report for people.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        let mut row = |name: &str, value: String| {
            let _ = writeln!(text, "{name:<14} {value}");
        };
        let (connections, sent, received) = (&self.connections, &self.sent, &self.received);
        row("contract", format!("{} {}", self.contract.title, self.contract.version));
        row(
            "connections",
            format!("{} to {}, open after {:.1} s", connections.opened, self.url, connections.opening_s),
        );
        if connections.put_off > 0 {
            let hint =
                "the server limits handshakes per address; a Tightwire server does not with --handshakes-per-second 0";
            row("", format!("{} handshakes were put off (429): {hint}", connections.put_off));
        }
        let stopped = if self.load.interrupted { ", interrupted" } else { "" };
        row(
            "sent",
            format!(
                "{} frames, {} bytes, {:.1}/s of {:.1}/s for {:.1} s{stopped} (seed {})",
                sent.frames, sent.bytes, sent.per_second, self.load.rate, self.load.duration_s, self.load.seed
            ),
        );
        if sent.not_sent > 0 {
            row("", format!("{} more were due: connections were gone, or did not take them", sent.not_sent));
        }
        row("received", format!("{} frames, {} bytes", received.frames, received.bytes));
        row("replies", format!("{}, missing {}", self.replies.received, self.replies.missing));
        let mut times = |name: &str, times: &Option<Percentiles>| {
            let Some(times) = times else { return };
            let ms = |microseconds: u64| format!("{:.3}", microseconds as f64 / 1000.0);
            let Percentiles { p50, p90, p99, p99_9, max, .. } = *times;
            let [p50, p90, p99, p99_9, max] = [p50, p90, p99, p99_9, max].map(ms);
            row(name, format!("p50 {p50}  p90 {p90}  p99 {p99}  p99.9 {p99_9}  max {max} ms"));
        };
        times("latency", &self.latency_us);
        if self.messages.len() > 1 {
            for (name, message) in &self.messages {
                times(&format!("  {name}"), &message.latency_us);
            }
        }
        times("fan-out lag", &self.fanout_lag_us);
        times("own lateness", &self.generator_late_us);
        for (code, count) in &self.errors {
            row("errors", format!("{count} × {code}"));
        }
        for (code, count) in &self.closes {
            row("closes", format!("{count} × {code}"));
        }
        if self.unknown_frames > 0 {
            row("unknown", format!("{} frames that the contract does not have", self.unknown_frames));
        }
        for (name, delta) in self.server.iter().flatten() {
            row("server", format!("{name} {delta:+}"));
        }
        for breach in &self.breaches {
            row("breach", breach.clone());
        }
        text
    }
}

fn breaches(figures: &Figures, bounds: Bounds) -> Vec<String> {
    let mut breaches = Vec::new();
    if let Some(bound) = bounds.p99_ms {
        match figures.latency.percentiles().map(|times| times.p99 as f64 / 1000.0) {
            Some(p99) if p99 <= bound => {}
            Some(p99) => breaches.push(format!("the 99th percentile is {p99:.3} ms, above {bound} ms")),
            None => breaches.push("nothing was answered, so that there is no 99th percentile".to_owned()),
        }
    }
    if let Some(bound) = bounds.errors.filter(|bound| figures.failures() > *bound) {
        breaches.push(format!("there were {} failures, above {bound}", figures.failures()));
    }
    breaches
}

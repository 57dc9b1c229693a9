//! What a person sees who waits, on a terminal only.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::figures::Figures;

/// A bar: first of the connections that are open, then of the time.
#[derive(Debug)]
pub(super) struct Progress {
    opening: ProgressBar,
    running: ProgressBar,
}

impl Progress {
    pub(super) fn new(connections: usize, duration: Duration, is_shown: bool) -> Self {
        let bar = |length: u64, text: &str| {
            let target = if is_shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
            let style = ProgressStyle::with_template(text).unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::with_draw_target(Some(length), target).with_style(style.progress_chars("=> "))
        };
        let milliseconds = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        Self {
            opening: bar(connections as u64, "opening [{bar:30}] {pos}/{len} connections {msg}"),
            running: bar(milliseconds, "sending [{bar:30}] {elapsed} {msg}"),
        }
    }

    pub(super) fn opening(&self, open: usize, limited: u64) {
        if limited > 0 {
            self.opening.set_message("(the server limits handshakes: 429)");
        }
        self.opening.set_position(open as u64);
    }

    pub(super) fn running(&self, elapsed: Duration, figures: &Figures) {
        self.opening.finish_and_clear();
        self.running.set_position(u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX));
        if !self.running.is_hidden() {
            let p99 = figures.latency.percentiles().map_or(0, |times| times.p99);
            let (sent, answered) = (figures.sent, figures.answered());
            self.running.set_message(format!("{sent} sent, {answered} answered, p99 {p99} µs"));
        }
    }

    /// Leaves no trace.
    pub(super) fn end(&self) {
        self.opening.finish_and_clear();
        self.running.finish_and_clear();
    }
}

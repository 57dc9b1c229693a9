//! What a person sees who waits, on a terminal only.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::phase::Phase;

/// A bar of the time.
#[derive(Debug)]
pub(super) struct Progress(ProgressBar);

impl Progress {
    pub(super) fn new(time: Duration, is_shown: bool) -> Self {
        let target = if is_shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let style = ProgressStyle::with_template("{prefix:12} [{bar:30}] {elapsed} {msg}");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ");
        let length = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Self(ProgressBar::with_draw_target(Some(length), target).with_style(style))
    }

    pub(super) fn show(&self, phase: Phase, elapsed: Duration, frames: u64, findings: usize) {
        self.0.set_position(u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX));
        if !self.0.is_hidden() {
            self.0.set_prefix(phase.name());
            let rate = frames as f64 / elapsed.as_secs_f64().max(0.001);
            self.0.set_message(format!("{frames} frames, {rate:.0}/s, {findings} findings"));
        }
    }

    /// Something is being made smaller.
    pub(super) fn shrinking(&self, what: &str) {
        self.0.set_message(format!("making a finding smaller: {what}"));
    }

    /// Leaves no trace.
    pub(super) fn end(&self) {
        self.0.finish_and_clear();
    }
}

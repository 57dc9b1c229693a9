//! The only place that prints. It takes its writers, so that tests can read what it wrote.

use std::io::Write;

/// Where results and complaints go.
pub(crate) struct Output<O, E> {
    results: O,
    complaints: E,
    color: bool,
}

impl<O: Write, E: Write> Output<O, E> {
    pub(crate) fn new(results: O, complaints: E, color: bool) -> Self {
        Self { results, complaints, color }
    }

    /// Whether results may be coloured.
    pub(crate) fn color(&self) -> bool {
        self.color
    }

    /// Writes a result. A reader that has gone away (`| head`) is no error.
    pub(crate) fn result(&mut self, text: &str) {
        let _ = self.results.write_all(text.as_bytes()).and_then(|()| self.results.flush());
    }

    /// Writes what went wrong with the command itself.
    pub(crate) fn complaint(&mut self, text: &str) {
        let _ = writeln!(self.complaints, "error: {text}");
    }
}

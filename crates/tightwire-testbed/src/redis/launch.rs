//! How a Redis server is started.

use std::fmt::Write as _;
use std::path::Path;

use super::{RedisServer, is_installed};

/// How to start a [`RedisServer`].
#[derive(Clone, Debug, Default)]
#[must_use = "nothing is started before `start`"]
pub struct Launch {
    append_only: bool,
    credentials: Option<(String, String)>,
    lines: Vec<String>,
    sentinel: bool,
}

impl Launch {
    /// Every write is appended to a file before it is answered, and is there after [`stop`](RedisServer::stop) and
    /// [`kill`](RedisServer::kill).
    pub fn append_only(mut self) -> Self {
        self.append_only = true;
        self
    }

    /// Only who knows the password gets in.
    pub fn password(mut self, password: &str) -> Self {
        self.credentials = Some(("default".to_owned(), password.to_owned()));
        self.line(format!("requirepass {password}"))
    }

    /// Only that user gets in. `rules` are those of `ACL SETUSER`, for instance `~tightwire:* &* +@all`; whoever uses
    /// [`RedisServer::ask`] is that user too. `+ping` and `+info` are needed in any case.
    pub fn user(mut self, name: &str, password: &str, rules: &str) -> Self {
        self.credentials = Some((name.to_owned(), password.to_owned()));
        self.line("user default off").line(format!("user {name} on >{password} {rules}"))
    }

    /// A line of its configuration.
    pub fn line(mut self, line: impl Into<String>) -> Self {
        self.lines.push(line.into());
        self
    }

    /// It watches others instead of keeping data.
    pub(crate) fn sentinel(mut self) -> Self {
        self.sentinel = true;
        self
    }

    /// Starts it and waits until it answers. `None`, with the reason printed, where it is not installed.
    ///
    /// # Panics
    /// Where it is installed and does not start.
    #[must_use]
    pub fn start(self) -> Option<RedisServer> {
        is_installed().then(|| RedisServer::launched(self))
    }

    pub(super) fn credentials(&self) -> Option<(&str, &str)> {
        self.credentials.as_ref().map(|(user, password)| (user.as_str(), password.as_str()))
    }

    pub(super) fn is_sentinel(&self) -> bool {
        self.sentinel
    }

    pub(super) fn config(&self, port: u16, data: &Path) -> String {
        let mut text = format!("port {port}\nbind 127.0.0.1\ndir {}\n", data.display());
        if !self.sentinel {
            let append_only = if self.append_only { "yes" } else { "no" };
            // No snapshots: they would keep data that the test believes lost.
            // Left to the system when it is on the disk. With `everysec` Redis answers before it writes, while an earlier
            // write is still on its way to the disk.
            let _ = write!(text, "save \"\"\nappendonly {append_only}\nappendfsync no\n");
        }
        for line in &self.lines {
            text.push_str(line);
            text.push('\n');
        }
        text
    }
}

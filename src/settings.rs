//! The server's settings: those that every server has, and our own. `tightwire::settings` says how they are read.

use std::ffi::OsString;

use tightwire::settings::{Program, ServerSettings, SettingsError, value_parser};

use crate::chat::CONTRACT;

/// This program, to its settings.
pub const PROGRAM: Program = Program {
    name: "tightwire-chat",
    version: env!("CARGO_PKG_VERSION"),
    about: "The reference chat server of Tightwire: threads, agents and a dashboard over one WebSocket",
    contract: &CONTRACT,
};

tightwire::settings! {
    /// The settings that only the chat server has.
    pub struct ChatSettings(contract);

    "Chat" {
        /// The pause between two pieces of the built-in responder's answer, in milliseconds.
        responder_delay_ms: u64 = 30, value_parser!(u64);
        /// The folder with the page that is served at /, as `make app` builds it; from the working directory if it is not absolute.
        web_root: String = "frontend/app/dist", value_parser!(String);
    }
}

/// The effective settings.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What every server has.
    pub server: ServerSettings,
    /// What only this one has.
    pub chat: ChatSettings,
}

impl Settings {
    /// Reads the settings from the arguments, the environment and the file that `--config` names.
    ///
    /// # Errors
    /// See [`SettingsError`].
    pub fn read(arguments: impl IntoIterator<Item = impl Into<OsString>>) -> Result<Self, SettingsError> {
        let (server, chat) = PROGRAM.read(arguments)?;
        Ok(Self { server, chat })
    }

    /// Variables that are no settings but look like one, with the name that was probably meant.
    #[must_use]
    pub fn near_misses(names: impl IntoIterator<Item = String>) -> Vec<(String, String)> {
        PROGRAM.near_misses::<(ServerSettings, ChatSettings)>(names)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn defaults_come_from_the_contract() {
        let settings = Settings::read(["tightwire-chat"]).expect("defaults are enough").server;
        assert_eq!(settings.ping_interval_ms, CONTRACT.heartbeat.ping_interval_ms);
        assert_eq!(settings.max_message_bytes, CONTRACT.limits.max_message_bytes);
    }

    #[track_caller]
    fn check_written(path: &str, expected: &str) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(&path, expected).expect("writable");
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(committed, expected, "run UPDATE_EXPECT=1 cargo test -p tightwire-chat settings");
    }

    #[test]
    fn the_example_file_is_what_the_table_says() {
        check_written(".env.example", &PROGRAM.env_example::<(ServerSettings, ChatSettings)>());
    }

    #[test]
    fn the_documentation_is_what_the_table_says() {
        let tables = PROGRAM.markdown::<(ServerSettings, ChatSettings)>();
        check_written("docs/settings.md", &format!("{}\n{tables}", include_str!("settings.md")));
    }
}

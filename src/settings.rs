//! The server's settings: one table drives flags, environment variables, the settings file and `.env.example`.
//!
//! A flag beats the environment, the environment beats the file, the file beats the default. An unknown key in the
//! file is an error, not a silent nothing. Defaults that the contract states (`x-limits`, `x-heartbeat`) are read from
//! it, so that they are written down once.

use std::fmt::{self, Write as _};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::builder::{PossibleValuesParser, StringValueParser, TypedValueParser, ValueParser};
use clap::{Arg, ArgAction, ArgMatches, Command};
use tightwire::config::IpNet;
use tightwire::telemetry::Format;

use crate::chat::CONTRACT;

/// A row of the table.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The key in the settings file; the flag is the same with dashes, the variable the same in capitals.
    pub key: &'static str,
    /// What it does.
    pub doc: &'static str,
    /// Its default, as text.
    pub default: String,
}

impl Setting {
    /// The flag, without the leading dashes.
    pub fn flag(&self) -> String {
        self.key.replace('_', "-")
    }

    /// The environment variable.
    pub fn variable(&self) -> String {
        self.key.to_uppercase()
    }
}

/// Declares the table and the struct that holds the values, so that neither can forget a row of the other.
macro_rules! settings {
    ($($(#[doc = $doc:literal])+ $key:ident: $type:ty = $default:expr, $parser:expr;)+) => {
        /// The effective settings.
        #[derive(Clone, Debug)]
        pub struct Settings {
            $($(#[doc = $doc])+ pub $key: $type,)+
        }

        /// Every setting, in the order in which help and `.env.example` show them.
        pub fn table() -> Vec<Setting> {
            vec![$(Setting { key: stringify!($key), doc: concat!($($doc),+).trim_ascii(), default: ($default).to_string() },)+]
        }

        fn parser_of(key: &str) -> Option<ValueParser> {
            match key { $(stringify!($key) => Some($parser.into()),)+ _ => None }
        }

        impl Settings {
            fn from_matches(matches: &ArgMatches) -> Option<Self> {
                Some(Self { $($key: matches.get_one::<$type>(stringify!($key))?.clone(),)+ })
            }
        }
    };
}

settings! {
    /// Where the server listens, as address:port.
    bind: SocketAddr = "127.0.0.1:8080", clap::value_parser!(SocketAddr);
    /// Accepts every client without a token. For development: the server refuses it on any but a loopback address.
    auth_disabled: bool = false, clap::value_parser!(bool);
    /// Accepts every client without a token on any address. Only behind something that authenticates.
    auth_disabled_anywhere: bool = false, clap::value_parser!(bool);
    /// The secret with which clients' tokens are signed (HS256), at least 32 bytes. Better given as a file.
    auth_jwt_secret: Secret = Secret::default(), StringValueParser::new().map(Secret);
    /// A file with that secret.
    auth_jwt_secret_file: String = "", clap::value_parser!(String);
    /// A file with the public keys of whoever issues the tokens (JSON Web Key Set). It may change while the server runs.
    auth_jwks_file: String = "", clap::value_parser!(String);
    /// What a token's claim `aud` must be, or contain. Empty: anything.
    auth_audience: String = "", clap::value_parser!(String);
    /// What a token's claim `iss` must be. Empty: anything.
    auth_issuer: String = "", clap::value_parser!(String);
    /// By how much the clocks of this server and of whoever issues tokens may differ, in milliseconds.
    auth_leeway_ms: u64 = 30_000, clap::value_parser!(u64);
    /// Origins allowed beside the server's own, separated by commas, for instance https://app.example.com.
    allowed_origins: String = "", clap::value_parser!(String);
    /// How log lines look: json, or pretty for people.
    log_format: Format = "pretty", log_format();
    /// Which log lines are written (tracing's filter syntax), for instance info or tightwire=debug.
    log: String = "info", clap::value_parser!(String);
    /// Sends the error but keeps the connection when a frame violates the contract.
    tolerant: bool = false, clap::value_parser!(bool);
    /// How often the server pings each client, in milliseconds.
    ping_interval_ms: u64 = CONTRACT.heartbeat.ping_interval_ms, clap::value_parser!(u64).range(1..);
    /// How long the server waits for a pong before it closes with 4408, in milliseconds.
    pong_timeout_ms: u64 = CONTRACT.heartbeat.pong_timeout_ms, clap::value_parser!(u64).range(1..);
    /// How long a connection may go without an application frame before it closes with 4410, in milliseconds.
    idle_timeout_ms: u64 = CONTRACT.limits.idle_timeout_ms, clap::value_parser!(u64).range(1..);
    /// The largest message that is looked at, in bytes.
    max_message_bytes: u64 = CONTRACT.limits.max_message_bytes, clap::value_parser!(u64).range(1..);
    /// The largest message that the transport accepts, in bytes; beyond it the connection closes with 1009.
    max_frame_bytes: u64 = CONTRACT.limits.max_frame_bytes, clap::value_parser!(u64).range(1..);
    /// Frames per second that one connection may send for long.
    messages_per_second: u64 = CONTRACT.limits.messages_per_second, clap::value_parser!(u64).range(1..);
    /// Frames that one connection may send at once.
    message_burst: u64 = CONTRACT.limits.message_burst, clap::value_parser!(u64).range(1..);
    /// Connections at the same time; beyond it new ones get HTTP 503.
    connections: u64 = CONTRACT.limits.connections, clap::value_parser!(u64).range(1..);
    /// Connections that one address may begin per second, for long; beyond it HTTP 429. 0: no limit.
    handshakes_per_second: u32 = 10, clap::value_parser!(u32);
    /// Connections that one address may begin at once.
    handshake_burst: u32 = 20, clap::value_parser!(u32).range(1..);
    /// Proxies whose X-Forwarded-For is believed: addresses and networks separated by commas, for instance 10.0.0.0/8.
    trusted_proxies: Networks = "", clap::value_parser!(Networks);
    /// Topics that one connection may be subscribed to.
    subscriptions_per_connection: u64 = CONTRACT.limits.subscriptions_per_connection, clap::value_parser!(u64).range(1..);
    /// Frames that wait for a slow client before it is closed with 4409.
    outbound_queue_frames: u64 = CONTRACT.limits.outbound_queue_frames, clap::value_parser!(u64).range(1..);
    /// Bytes that wait for a slow client before it is closed with 4409.
    outbound_queue_bytes: u64 = CONTRACT.limits.outbound_queue_bytes, clap::value_parser!(u64).range(1..);
    /// Frames kept per topic for replay.
    replay_frames: u64 = CONTRACT.limits.replay_frames, clap::value_parser!(u64).range(1..);
    /// How long frames are kept for replay, in milliseconds.
    replay_age_ms: u64 = CONTRACT.limits.replay_age_ms, clap::value_parser!(u64).range(1..);
    /// How much memory the frames of one topic may take that are kept for replay, in bytes.
    replay_topic_bytes: u64 = 16 << 20, clap::value_parser!(u64);
    /// How much memory all topics together may take for replay, in bytes.
    replay_total_bytes: u64 = 256 << 20, clap::value_parser!(u64);
    /// How many topics may be remembered for replay, those included whose frames are no longer kept.
    replay_topics: u64 = 100_000, clap::value_parser!(u64).range(1..);
    /// How long a shutdown waits for clients to leave, in milliseconds.
    drain_ms: u64 = 10_000, clap::value_parser!(u64);
    /// The pause between two pieces of the built-in responder's answer, in milliseconds.
    responder_delay_ms: u64 = 30, clap::value_parser!(u64);
}

/// A setting that is shown to nobody.
#[derive(Clone, Default)]
pub struct Secret(String);

impl Secret {
    /// What it is.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "(none)" } else { "(hidden)" })
    }
}

/// For the table, whose default is none.
impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "" } else { "(hidden)" })
    }
}

/// Addresses and networks, as `trusted_proxies` has them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(pub Vec<IpNet>);

impl FromStr for Networks {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let network = |part: &str| {
            let address = || part.parse::<IpAddr>().ok().map(IpNet::from);
            let wrong = || format!("`{part}` is neither an address nor a network such as 10.0.0.0/8");
            part.parse().ok().or_else(address).ok_or_else(wrong)
        };
        parts.map(network).collect::<Result<_, _>>().map(Self)
    }
}

/// Why there are no settings.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The command line or a variable is wrong, or help was asked for: print it and leave.
    #[error(transparent)]
    Arguments(#[from] clap::Error),
    /// The file cannot be read: check the path given with `--config`.
    #[error("cannot read the settings file {path}: {cause}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// The file is not TOML, or has a key that does not exist: the text names line and remedy.
    #[error("{path}: {message}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what to write instead.
        message: String,
    },
}

impl Settings {
    /// Reads the settings from the arguments, the environment and the file that `--config` names.
    ///
    /// # Errors
    /// See [`SettingsError`].
    pub fn read<I, T>(arguments: I) -> Result<Self, SettingsError>
    where
        I: IntoIterator<Item = T>,
        T: Into<std::ffi::OsString> + Clone,
    {
        let arguments: Vec<_> = arguments.into_iter().map(Into::into).collect();
        // The file gives defaults to the real parse, so its path is looked for first, with everything else ignored.
        let first = command(table()).ignore_errors(true).try_get_matches_from(&arguments).ok();
        let path = first.and_then(|found| found.get_one::<PathBuf>("config").cloned());
        let table = match &path {
            Some(path) => with_file(table(), path)?,
            None => table(),
        };
        let mut command = command(table);
        let matches = command.try_get_matches_from_mut(&arguments)?;
        Self::from_matches(&matches).ok_or_else(|| {
            command.error(clap::error::ErrorKind::MissingRequiredArgument, "a setting has no value").into()
        })
    }

    /// The origins allowed beside the server's own.
    pub fn origins(&self) -> Vec<String> {
        self.allowed_origins.split(',').map(str::trim).filter(|origin| !origin.is_empty()).map(str::to_owned).collect()
    }
}

fn log_format() -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(["json", "pretty"]).map(|name| if name == "json" { Format::Json } else { Format::Pretty })
}

fn command(table: Vec<Setting>) -> Command {
    let mut command = Command::new("tightwire-chat")
        .version(env!("CARGO_PKG_VERSION"))
        .about("The reference chat server of Tightwire: threads, agents and a dashboard over one WebSocket")
        .arg(
            Arg::new("config")
                .long("config")
                .env("CONFIG")
                .value_name("FILE")
                .value_parser(clap::value_parser!(PathBuf))
                .help("A settings file (TOML): `key = value` with the flags' names and underscores for dashes"),
        );
    for setting in table {
        let Some(parser) = parser_of(setting.key) else { continue };
        let switch = setting.default == "true" || setting.default == "false";
        let mut argument = Arg::new(setting.key)
            .long(setting.flag())
            .env(setting.variable())
            .action(ArgAction::Set)
            .value_parser(parser)
            .default_value(setting.default)
            .help(setting.doc);
        if setting.key.ends_with("_secret") {
            // Help shows values from the environment and from the file, of everything else.
            argument = argument.hide_env_values(true).hide_default_value(true);
        }
        if switch {
            argument = argument.num_args(0..=1).default_missing_value("true");
        }
        command = command.arg(argument);
    }
    command
}

fn with_file(mut table: Vec<Setting>, path: &Path) -> Result<Vec<Setting>, SettingsError> {
    let text =
        std::fs::read_to_string(path).map_err(|cause| SettingsError::Unreadable { path: path.to_owned(), cause })?;
    let wrong = |message: String| SettingsError::File { path: path.to_owned(), message };
    let values: toml::Table = text.parse().map_err(|error: toml::de::Error| wrong(error.to_string()))?;
    for (key, value) in values {
        let Some(setting) = table.iter_mut().find(|setting| setting.key == key) else {
            let mut message = format!("there is no setting `{key}`");
            if let Some(near) = nearest(&key) {
                let _ = write!(message, "; did you mean `{near}`?");
            }
            let _ = write!(message, " `tightwire-chat --help` lists all settings.");
            return Err(wrong(message));
        };
        setting.default = match value {
            toml::Value::String(text) => text,
            toml::Value::Integer(number) => number.to_string(),
            toml::Value::Boolean(truth) => truth.to_string(),
            _ => return Err(wrong(format!("`{key}` must be a string, a whole number, true or false"))),
        };
    }
    Ok(table)
}

/// The setting whose name is nearest to `key`, if any is near.
fn nearest(key: &str) -> Option<&'static str> {
    let scored = table().into_iter().map(|setting| (strsim::jaro_winkler(key, setting.key), setting.key));
    scored.filter(|(score, _)| *score > 0.8).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, name)| name)
}

/// The text of `.env.example`: every variable with its meaning and default.
pub fn env_example() -> String {
    let mut text = String::from(
        "# Settings of the chat server. Copy to .env or export what you need; each is also a flag and a key of the\n\
         # settings file (`tightwire-chat --help`). A flag beats a variable, a variable beats the file.\n",
    );
    for setting in table() {
        let _ = write!(text, "\n# {}\n# {}={}\n", setting.doc, setting.variable(), setting.default);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        std::fs::write(file.path(), text).expect("it is writable");
        file
    }

    fn read(arguments: &[&str]) -> Result<Settings, String> {
        let all = std::iter::once("tightwire-chat").chain(arguments.iter().copied());
        Settings::read(all).map_err(|error| error.to_string())
    }

    #[test]
    fn defaults_come_from_the_contract() {
        let settings = read(&[]).expect("defaults are enough");
        assert_eq!(settings.ping_interval_ms, CONTRACT.heartbeat.ping_interval_ms);
        assert_eq!(settings.max_message_bytes, CONTRACT.limits.max_message_bytes);
        assert!(!settings.auth_disabled);
    }

    #[test]
    fn a_flag_beats_the_file_and_the_file_beats_the_default() {
        let file = file("drain_ms = 5\nmessage_burst = 7\ntolerant = true\n");
        let path = file.path().to_str().expect("UTF-8");
        let settings = read(&["--config", path, "--drain-ms", "6"]).expect("all is well");
        assert_eq!((settings.drain_ms, settings.message_burst, settings.tolerant), (6, 7, true));
    }

    #[test]
    fn an_unknown_key_is_an_error_with_a_suggestion() {
        let file = file("drain_msec = 5\n");
        let error = read(&["--config", file.path().to_str().expect("UTF-8")]).expect_err("no such key");
        assert!(error.contains("there is no setting `drain_msec`; did you mean `drain_ms`?"), "{error}");
    }

    #[test]
    fn a_switch_needs_no_value() {
        assert!(read(&["--auth-disabled"]).expect("a switch").auth_disabled);
        assert!(!read(&["--auth-disabled", "false"]).expect("a value").auth_disabled);
    }

    #[test]
    fn help_does_not_show_secrets() {
        let file = file("auth_jwt_secret = \"hunter2\"\n");
        let help = read(&["--config", file.path().to_str().expect("UTF-8"), "--help"]).expect_err("help");
        assert!(help.contains("--auth-jwt-secret") && !help.contains("hunter2"), "{help}");
    }

    #[test]
    fn proxies_are_addresses_and_networks() {
        let settings = read(&["--trusted-proxies", "10.0.0.0/8, 192.0.2.1,2001:db8::/32"]).expect("a list");
        let networks: Vec<_> = settings.trusted_proxies.0.iter().map(ToString::to_string).collect();
        assert_eq!(networks, ["10.0.0.0/8", "192.0.2.1/32", "2001:db8::/32"]);
        let error = read(&["--trusted-proxies", "10.0.0.0/8, proxy.example.com"]).expect_err("a name");
        assert!(error.contains("`proxy.example.com` is neither an address nor a network"), "{error}");
    }

    #[test]
    fn a_value_out_of_range_names_the_flag() {
        let error = read(&["--ping-interval-ms", "0"]).expect_err("0 is no interval");
        assert!(error.contains("--ping-interval-ms"), "{error}");
    }

    #[test]
    fn the_example_file_is_what_the_table_says() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(".env.example");
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(&path, env_example()).expect("writable");
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(committed, env_example(), "run UPDATE_EXPECT=1 cargo test -p tightwire-chat settings");
    }
}

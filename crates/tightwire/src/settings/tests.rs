//! The tests of the table, with a contract that has limits of its own.

use clap::value_parser;

use super::{Program, ServerSettings};
use crate::proto::contract::{Contract, Framing, Heartbeat, Limits};
use crate::proto::outbound::SlowConsumer;

static CONTRACT: Contract = Contract {
    title: "Test",
    version: "1.0.0",
    framing: Framing::Flat,
    limits: Limits { max_message_bytes: 77, ..Limits::DEFAULT },
    heartbeat: Heartbeat { ping_interval_ms: 88, ..Heartbeat::DEFAULT },
    ..Contract::EMPTY
};

const PROGRAM: Program = Program { name: "server", version: "1.2.3", about: "A server", contract: &CONTRACT };

crate::settings! {
    /// What an application adds.
    struct Own(contract);

    "Own" {
        /// How loud.
        loudness: u64 = contract.limits.max_message_bytes + 1, value_parser!(u64).range(1..=1000);
        /// A | B.
        flavour_secret: super::Secret = "", super::Secret::parser();
        /// Where to listen, if anywhere.
        other: Option<std::net::SocketAddr> = "", super::optional::<std::net::SocketAddr>();
    }
}

/// Reads the settings that these flags give, for other tests too.
pub(super) fn read(flags: &[&str]) -> Result<ServerSettings, String> {
    read_both(flags).map(|(server, _)| server)
}

fn read_both(flags: &[&str]) -> Result<(ServerSettings, Own), String> {
    let all = std::iter::once("server").chain(flags.iter().copied());
    PROGRAM.read(all).map_err(|error| error.to_string())
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(file.path(), text).expect("it is writable");
    file
}

fn with_file(text: &str, flags: &[&str]) -> Result<(ServerSettings, Own), String> {
    let file = file(text);
    read_both(&[&["--config", file.path().to_str().expect("UTF-8")], flags].concat())
}

#[test]
fn defaults_come_from_the_contract() {
    let (server, own) = read_both(&[]).expect("defaults are enough");
    assert_eq!((server.ping_interval_ms, server.max_message_bytes, own.loudness), (88, 77, 78));
    assert!(!server.auth_disabled);
}

#[test]
fn the_defaults_are_those_of_the_configuration() {
    let settings = read(&["--auth-disabled"]).expect("a switch");
    let (found, expected) = (settings.config().expect("nobody is authenticated"), crate::Config::default());
    assert_eq!((found.limits, found.heartbeat), (Some(CONTRACT.limits), Some(CONTRACT.heartbeat)));
    let found = crate::Config { limits: None, heartbeat: None, ..found };
    assert_eq!(format!("{found:?}"), format!("{expected:?}"));
}

#[test]
fn a_flag_beats_the_file_and_the_file_beats_the_default() {
    let text = "drain_ms = 5\nmessage_burst = 7\ntolerant = true\nslow_consumer = 'drop_oldest'\nloudness = 3\n";
    let (server, own) = with_file(text, &["--drain-ms", "6"]).expect("all is well");
    assert_eq!((server.drain_ms, server.message_burst, server.tolerant, own.loudness), (6, 7, true, 3));
    assert_eq!(server.slow_consumer, SlowConsumer::DropOldest);
}

#[track_caller]
fn check_file(text: &str, expected: &str) {
    let error = with_file(text, &[]).expect_err("the file is wrong");
    assert!(error.contains(expected), "{error}");
}

#[test]
fn a_file_that_is_wrong_is_named_with_the_remedy() {
    check_file(
        "drain_msec = 5\n",
        "there is no setting `drain_msec`: did you mean `drain_ms`? `server --help` lists all settings",
    );
    check_file("color = 5\n", "there is no setting `color`: `server --help` lists all settings");
    check_file("loudnes = 5\n", "did you mean `loudness`?");
    check_file("ping_interval_ms = 0\n", "`ping_interval_ms` cannot be `0`: 0 is not in 1..");
    check_file("tolerant = 'maybe'\n", "`tolerant` cannot be `maybe`: it is one of true, false");
    check_file("slow_consumer = 'wait'\n", "`slow_consumer` cannot be `wait`: it is one of disconnect, drop_oldest");
    check_file("drain_ms = [1]\n", "`drain_ms` must be a string, a whole number, true or false");
    check_file("drain_ms 1\n", "line 1");
    let error = read(&["--config", "/does/not/exist.toml"]).expect_err("there is no file");
    assert!(error.contains("cannot read the settings file /does/not/exist.toml"), "{error}");
}

#[test]
fn a_flag_that_is_wrong_is_named_with_the_remedy() {
    let error = read(&["--drain", "1"]).expect_err("no such flag");
    assert!(error.contains("--drain-ms"), "{error}");
    let error = read(&["--ping-interval-ms", "0"]).expect_err("0 is no interval");
    assert!(error.contains("--ping-interval-ms"), "{error}");
    let error = read(&["--slow-consumer", "wait"]).expect_err("no such policy");
    assert!(error.contains("[possible values: disconnect, drop_oldest]"), "{error}");
}

#[test]
fn a_switch_needs_no_value() {
    assert!(read(&["--auth-disabled"]).expect("a switch").auth_disabled);
    assert!(!read(&["--auth-disabled", "false"]).expect("a value").auth_disabled);
}

#[test]
fn nothing_shows_secrets() {
    let text = "auth_jwt_secret = 'hunter2'\nflavour_secret = 'hunter2'\nredis_url = 'redis://:hunter2@h'\n";
    let help = with_file(text, &["--help"]).expect_err("help");
    assert!(help.contains("--auth-jwt-secret") && !help.contains("hunter2"), "{help}");
    let read = with_file(text, &[]).expect("all is well");
    assert!(!format!("{read:?}").contains("hunter2"), "{read:?}");
    assert_eq!(read.1.flavour_secret.reveal(), "hunter2");
}

#[test]
fn help_has_a_heading_for_each_group() {
    let help = read_both(&["--help"]).expect_err("help");
    for heading in ["Listening:", "Slow clients:", "Own:"] {
        assert!(help.contains(&format!("\n{heading}\n")), "{help}");
    }
    assert!(help.contains("--drain-ms <MS>") && help.contains("[env: DRAIN_MS=]"), "{help}");
}

#[test]
fn networks_lists_and_what_may_be_absent() {
    let settings = read(&["--trusted-proxies", "10.0.0.0/8, 192.0.2.1,2001:db8::/32"]).expect("a list");
    let networks: Vec<_> = settings.trusted_proxies.0.iter().map(ToString::to_string).collect();
    assert_eq!(networks, ["10.0.0.0/8", "192.0.2.1/32", "2001:db8::/32"]);
    let error = read(&["--trusted-proxies", "10.0.0.0/8, proxy.example.com"]).expect_err("a name");
    assert!(error.contains("`proxy.example.com` is neither an address nor a network"), "{error}");
    let settings = read(&["--allowed-origins", "https://a.example, https://b.example,"]).expect("a list");
    assert_eq!(settings.allowed_origins, ["https://a.example", "https://b.example"]);
    assert_eq!(read_both(&[]).expect("defaults").1.other, None);
    let (_, own) = read_both(&["--other", "[::1]:9"]).expect("an address");
    assert_eq!(own.other, Some("[::1]:9".parse().expect("an address")));
    let error = read_both(&["--other", "nowhere"]).expect_err("no address");
    assert!(error.contains("invalid socket address syntax"), "{error}");
}

#[track_caller]
fn check_near(name: &str, expected: Option<&str>) {
    let found = PROGRAM.near_misses::<(ServerSettings, Own)>([name.to_owned()]);
    let expected: Vec<_> = expected.map(|meant| (name.to_owned(), meant.to_owned())).into_iter().collect();
    assert_eq!(found, expected);
}

#[test]
fn variables_that_look_like_settings_are_noticed() {
    check_near("PING_INTERVAL", Some("PING_INTERVAL_MS"));
    check_near("AUTH_DISABLE", Some("AUTH_DISABLED"));
    check_near("HANDSHAKE_PER_SECOND", Some("HANDSHAKES_PER_SECOND"));
    check_near("FLAVOR_SECRET", Some("FLAVOUR_SECRET"));
    // What is a setting, and what has nothing to do with us.
    for name in ["DRAIN_MS", "CONFIG", "LOGNAME", "LOGS", "XDG_CONFIG_HOME", "SSH_AUTH_SOCK", "HTTP_PROXY", "LC_ALL"] {
        check_near(name, None);
    }
}

#[test]
fn documentation_has_every_row_under_its_group() {
    let text = PROGRAM.env_example::<(ServerSettings, Own)>();
    assert!(text.contains("\n# ---- Own ----\n\n# How loud.\n# LOUDNESS=78\n"), "{text}");
    let text = PROGRAM.markdown::<Own>();
    let expected = "## Own\n\n| flag | variable | default | what it does |\n|---|---|---|---|\n\
        | `--loudness` | `LOUDNESS` | `78` | How loud. |\n\
        | `--flavour-secret` | `FLAVOUR_SECRET` |  | A \\| B. |\n\
        | `--other` | `OTHER` |  | Where to listen, if anywhere. |\n";
    assert_eq!(text, expected);
}

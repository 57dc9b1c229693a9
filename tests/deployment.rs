//! What users deploy with fits the server: `Dockerfile`, `ops/compose.yml` and `ops/nginx.conf` name settings, paths, ports
//! and features that exist, and agree with each other.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tightwire::settings::{ServerSettings, Settings as _};
use tightwire_chat::chat::CONTRACT;
use tightwire_chat::settings::Settings;
use tightwire_testkit::ServerProcess;

const BINARY: &str = env!("CARGO_BIN_EXE_tightwire-chat");
const NODES: [&str; 3] = ["node-1", "node-2", "node-3"];
const BALANCER: &str = "balancer";

fn path(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read(file: &str) -> String {
    std::fs::read_to_string(path(file)).expect("it is there")
}

fn compose() -> Value {
    serde_saphyr::from_str(&read("ops/compose.yml")).expect("YAML")
}

/// What a node is told by its environment, with a secret where compose takes one from whoever starts it.
fn environment(node: &Value) -> BTreeMap<String, String> {
    let told = node["environment"].as_object().expect("an object").iter().map(|(name, value)| {
        let value = value.as_str().unwrap_or_else(|| panic!("{name} is not text: quote it"));
        let value = if value.starts_with("${AUTH_JWT_SECRET:?") { "hunter2-".repeat(5) } else { value.to_owned() };
        (name.clone(), value)
    });
    told.collect()
}

/// What stands behind an instruction of the Dockerfile, for the last of them. Lines that go on are one.
fn instruction(name: &str) -> String {
    let text = read("Dockerfile").replace("\\\n", " ");
    let found = text.lines().rev().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ').map(str::to_owned));
    found.unwrap_or_else(|| panic!("there is no {name}"))
}

/// The values of a directive of nginx.
fn directives(name: &str) -> Vec<String> {
    let text = read("ops/nginx.conf");
    let lines = text.lines().filter_map(|line| line.trim().strip_prefix(name)?.strip_prefix(' '));
    lines.map(|line| line.trim_end_matches(';').trim().to_owned()).collect()
}

#[test]
fn nodes_are_told_settings_that_exist_and_begin_with_them() {
    let rows = ServerSettings::rows(&CONTRACT);
    let compose = compose();
    for name in NODES {
        let told = environment(&compose["services"][name]);
        let flags = told.iter().map(|(variable, value)| {
            let row = rows.iter().find(|row| row.variable() == *variable);
            format!("--{}={value}", row.unwrap_or_else(|| panic!("{variable} is no setting")).flag())
        });
        let arguments = std::iter::once("tightwire-chat".to_owned()).chain(flags);
        let settings = Settings::read(arguments).expect("the values are right").server;
        let config = settings.config().expect("they say who may connect");
        let redis = config.redis.expect("there is Redis");
        assert_eq!(redis.url.to_string(), "redis://redis:6379");
        assert!(compose["services"]["redis"].is_object());
        let balancer = &compose["services"][BALANCER]["networks"]["system"]["ipv4_address"];
        assert_eq!(told["TRUSTED_PROXIES"], balancer.as_str().expect("an address"));
        // Whoever is not gone by then is killed.
        let grace = compose["services"][name]["stop_grace_period"].as_str().expect("a time");
        let grace: u64 = grace.trim_end_matches('s').parse().expect("seconds");
        assert!(u128::from(grace) * 1000 > config.drain.as_millis(), "{grace} s");
    }
}

#[test]
fn nodes_differ_in_their_name_and_address_only() {
    let compose = compose();
    let [first, others @ ..] = NODES.map(|name| {
        let mut node = compose["services"][name].clone();
        assert_eq!(node["hostname"].take(), name);
        assert!(node["networks"].take()["system"]["ipv4_address"].is_string(), "{name}");
        node
    });
    for other in others {
        assert_eq!(first, other);
    }
}

#[test]
fn redis_keeps_what_was_published() {
    let compose = compose();
    let redis = &compose["services"]["redis"];
    let words: Vec<_> = redis["command"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    let set_to = |flag: &str| words.iter().position(|word| *word == flag).and_then(|at| words.get(at + 1)).copied();
    assert_eq!(set_to("--appendonly"), Some("yes"));
    assert_eq!(set_to("--maxmemory-policy"), Some("noeviction"));
    assert_eq!(redis["volumes"][0], "redis-data:/data");
    assert!(compose["volumes"].get("redis-data").is_some());
}

#[test]
fn the_balancer_finds_the_nodes() {
    let compose = compose();
    let port = instruction("EXPOSE");
    let bind = instruction("ENV");
    let bind = bind.split(' ').find_map(|pair| pair.strip_prefix("BIND=")).expect("where to listen");
    assert_eq!(bind, format!("0.0.0.0:{port}"));
    let servers: Vec<_> = directives("server").into_iter().filter(|line| *line != "{").collect();
    let servers: Vec<_> = servers.iter().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(servers, NODES.map(|name| format!("{name}:{port}")));
    let balancer = &compose["services"][BALANCER];
    let published = balancer["ports"][0].as_str().expect("a port");
    assert_eq!(published.rsplit(':').next(), Some(&*directives("listen")[0]));
    // What compose mounts, and where it builds, is beside it.
    let mounted = balancer["volumes"][0].as_str().and_then(|volume| volume.split(':').next()).expect("a file");
    assert!(path("ops").join(mounted).is_file(), "{mounted}");
    let context = compose["services"][NODES[0]]["build"]["context"].as_str().expect("a folder");
    assert!(path("ops").join(context).join("Dockerfile").is_file(), "{context}");
    for dependency in balancer["depends_on"].as_object().expect("an object").keys() {
        assert!(NODES.contains(&&**dependency), "{dependency}");
    }
}

#[test]
fn quiet_connections_outlive_the_heartbeat() {
    let ping = CONTRACT.heartbeat.ping_interval_ms;
    for directive in ["proxy_read_timeout", "proxy_send_timeout"] {
        let seconds: u64 = directives(directive)[0].trim_end_matches('s').parse().expect("seconds");
        assert!(seconds * 1000 >= 2 * ping, "{directive}");
    }
    assert_eq!(directives("proxy_buffering"), ["off"]);
    assert_eq!(directives("proxy_http_version"), ["1.1"]);
}

#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
#[test]
fn nginx_takes_its_settings() {
    let folder = tempfile::tempdir().expect("a folder");
    // The names are known where compose runs only.
    let text = NODES.iter().fold(read("ops/nginx.conf"), |text, node| text.replace(node, "127.0.0.1"));
    let file = folder.path().join("nginx.conf");
    std::fs::write(&file, text).expect("writable");
    let own = format!("pid {};", folder.path().join("pid").display());
    match Command::new("nginx").arg("-t").arg("-p").arg(folder.path()).args(["-g", &own]).arg("-c").arg(file).output() {
        Ok(Output { status, stderr, .. }) => assert!(status.success(), "{}", String::from_utf8_lossy(&stderr)),
        Err(_) => println!("skipped: nginx is not installed"),
    }
}

#[test]
fn the_image_is_built_of_what_is_there() {
    let manifest: toml::Table = read("Cargo.toml").parse().expect("TOML");
    let built = instruction("RUN");
    for part in ["--locked", "--release", "--package tightwire-chat"] {
        assert!(built.contains(part), "{part} is not in {built}");
    }
    let features = built.split_once("--features ").and_then(|(_, rest)| rest.split(' ').next()).expect("features");
    for feature in features.split(',') {
        assert!(manifest["features"].get(feature).is_some(), "there is no feature {feature}");
    }
    let version = manifest["workspace"]["package"]["rust-version"].as_str().expect("text");
    assert!(read("Dockerfile").contains(&format!("\nFROM rust:{version}-")), "another compiler than {version}");
    assert!(!instruction("USER").starts_with('0') && instruction("USER") != "root");
    assert_eq!(instruction("ENTRYPOINT"), r#"["tightwire-chat"]"#);
}

#[test]
fn the_image_has_the_page() {
    let text = read("Dockerfile");
    let copied = text.lines().find_map(|line| line.strip_prefix("COPY --from=page ")).expect("it is copied");
    let (built, root) = copied.split_once(' ').expect("from and to");
    assert_eq!(
        built.strip_prefix("/src/"),
        Some(&*Settings::read(["tightwire-chat"]).expect("defaults").chat.web_root)
    );
    let told = instruction("ENV");
    let told = told.split(' ').map(|pair| format!("--{}", pair.to_lowercase().replace('_', "-")));
    let settings = Settings::read(std::iter::once("tightwire-chat".to_owned()).chain(told)).expect("they are settings");
    assert_eq!(settings.chat.web_root, root);
    // What npm is told of, and with which Node.js.
    assert!(text.contains(&format!("\nFROM node:{}-", read(".nvmrc").trim())));
    let packages: Value = serde_json::from_str(&read("package.json")).expect("JSON");
    for package in packages["workspaces"].as_array().expect("a list") {
        let package = package.as_str().expect("a folder");
        assert!(text.contains(&format!("\nCOPY {package}/package.json {package}/\n")), "{package}");
    }
}

#[tokio::test]
async fn the_health_check_says_whether_the_server_takes_clients() {
    let server = ServerProcess::command(BINARY).args(["--bind", "{addr}", "--auth-disabled"]);
    let server = server.ready_when_http("/health").start().await;
    let check = instruction("HEALTHCHECK");
    let words: Vec<String> = serde_json::from_str(check.split_once("CMD ").expect("a command").1).expect("JSON");
    let asks = |port: u16| {
        let words: Vec<_> = words.iter().map(|word| word.replace("/8080", &format!("/{port}"))).collect();
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).stderr(Stdio::null());
        tokio::task::spawn_blocking(move || command.status().expect("it is installed").success())
    };
    let port = server.address().port();
    assert!(asks(port).await.expect("not cancelled"), "the server is there");
    drop(server);
    assert!(!asks(port).await.expect("not cancelled"), "the server is not there");
}

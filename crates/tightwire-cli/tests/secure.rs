//! `publish`, `tail` and `contract verify` with servers whose certificate is of an authority of their own.
#![cfg(feature = "tls")]

mod server;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::TempDir;

use self::server::{Chat, root};

const MESSAGE: [&str; 3] =
    ["agent:guide", "agent_event", r#"{"agent_id":"guide","event":"task_started","status":"busy"}"#];

/// A chat server with TLS; the file with its authority's certificate, and another authority's.
struct Secure {
    _chat: Chat,
    url: String,
    folder: TempDir,
}

impl Secure {
    /// One with a certificate for that name or address.
    fn start(name: &str) -> Self {
        let folder = TempDir::new().expect("a folder");
        let authority = authority();
        std::fs::write(folder.path().join("ca.pem"), authority.pem()).expect("writable");
        std::fs::write(folder.path().join("other.pem"), self::authority().pem()).expect("writable");
        let key = KeyPair::generate().expect("a key");
        let parameters = CertificateParams::new([name.to_owned()]).expect("a name");
        let certificate = parameters.signed_by(&key, &authority).expect("a certificate");
        let [certificate_file, key_file] = ["c.pem", "k.pem"].map(|file| folder.path().join(file));
        std::fs::write(&certificate_file, certificate.pem()).expect("writable");
        std::fs::write(&key_file, key.serialize_pem()).expect("writable");
        let files = [text(&certificate_file), text(&key_file)];
        let chat = Chat::start(&["--auth-disabled", "--tls-cert-file", files[0], "--tls-key-file", files[1]]);
        let url = chat.url().replacen("http", "https", 1);
        Self { _chat: chat, url, folder }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Publishes with more arguments; the exit code, and all that is said.
    fn publish(&self, url: &str, more: &[&str]) -> (Option<i32>, String) {
        let mut command = tightwire("publish");
        let output = command.arg(url).args(MESSAGE).args(more).stdin(Stdio::null()).output().expect("it starts");
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).expect("text"))
    }

    #[track_caller]
    fn check_refused(&self, url: &str, more: &[&str], expected: &[&str]) {
        let (code, said) = self.publish(url, more);
        let is_told = expected.iter().all(|text| said.contains(text));
        assert!(code == Some(3) && is_told && said.contains("nothing was published"), "{code:?} {said}");
    }
}

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut parameters = CertificateParams::new(Vec::new()).expect("no names are sound");
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(parameters, KeyPair::generate().expect("a key")).expect("a certificate")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

fn tightwire(command: &str) -> Command {
    let mut tightwire = Command::new(env!("CARGO_BIN_EXE_tightwire"));
    tightwire.arg(command).current_dir(root()).env_remove("TIGHTWIRE_TOKEN");
    tightwire
}

#[test]
fn what_is_published_with_tls_is_delivered_with_tls() {
    let server = Secure::start("127.0.0.1");
    let authority = server.file("ca.pem");
    let mut tail = tightwire("tail");
    tail.args([&*server.url, "--topics", "agent:guide", "--count", "1", "--ca-file", text(&authority)]);
    let mut tail = tail.stdout(Stdio::piped()).spawn().expect("it starts");
    let mut lines = BufReader::new(tail.stdout.take().expect("piped")).lines().map(|line| line.expect("text"));
    assert!(lines.any(|line| line.contains("is listened to")));
    let (code, said) = server.publish(&server.url, &["--ca-file", text(&authority)]);
    assert!(code == Some(0) && said.starts_with("published at "), "{said}");
    assert!(lines.any(|line| line.contains("agent_event")));
    lines.for_each(drop);
    assert_eq!(tail.wait().expect("it ends").code(), Some(0));
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused_and_the_complaint_says_what_helps() {
    let server = Secure::start("127.0.0.1");
    let other = server.file("other.pem");
    for more in [&[][..], &["--ca-file", text(&other)]] {
        server.check_refused(
            &server.url,
            more,
            &["127.0.0.1:", "nobody who is trusted has issued", "give their certificate with --ca-file"],
        );
    }
    let mut tail = tightwire("tail");
    tail.args([&*server.url, "--topics", "agent:guide"]);
    let mut tail = tail.stdout(Stdio::piped()).spawn().expect("it starts");
    let mut lines = BufReader::new(tail.stdout.take().expect("piped")).lines().map(|line| line.expect("text"));
    assert!(lines.any(|line| line.contains("give their certificate with --ca-file")));
    tail.kill().expect("it runs on: the server may get another certificate");
    tail.wait().expect("it is killed");
}

#[test]
fn a_certificate_for_another_name_is_refused() {
    let server = Secure::start("elsewhere.example");
    let authority = server.file("ca.pem");
    let expected = ["certificate not valid for name \"127.0.0.1\"", "elsewhere.example"];
    server.check_refused(&server.url, &["--ca-file", text(&authority)], &expected);
}

#[test]
fn what_is_no_authority_or_no_tls_is_told() {
    let server = Secure::start("127.0.0.1");
    let key = server.file("k.pem");
    let (code, said) = server.publish(&server.url, &["--ca-file", text(&key)]);
    assert!(code == Some(2) && said.contains("k.pem: there is no certificate in it"), "{code:?} {said}");
    let (code, said) = server.publish(&server.url, &["--ca-file", "missing.pem"]);
    assert!(code == Some(2) && said.contains("missing.pem"), "{code:?} {said}");
    let plain = Chat::start(&["--auth-disabled"]);
    let https = plain.url().replacen("http", "https", 1);
    server.check_refused(&https, &[], &["does not speak TLS. Is it http://?"]);
    let http = server.url.replacen("https", "http", 1);
    let (_, said) = server.publish(&http, &[]);
    assert!(said.contains("If it speaks TLS, its URL begins with https://"), "{said}");
}

#[test]
fn contracts_are_verified_with_tls() {
    let server = Secure::start("127.0.0.1");
    let (authority, other) = (server.file("ca.pem"), server.file("other.pem"));
    let url = format!("{}/ws", server.url.replacen("https", "wss", 1));
    let verify = |file: &Path| {
        let mut command = tightwire("contract");
        command.args(["verify", "--url", &url, "--filter", "a ping is answered", "--ca-file", text(file)]);
        let output = command.arg("contracts/frontend-v1.json").output().expect("it starts");
        let said = String::from_utf8([output.stdout, output.stderr].concat()).expect("text");
        (output.status.code(), said)
    };
    let (code, said) = verify(&authority);
    assert!(code == Some(0) && said.contains("1 of 1 interactions verified"), "{code:?} {said}");
    let (code, said) = verify(&other);
    assert!(code == Some(3) && said.contains("cannot be reached") && said.contains("--ca-file"), "{code:?} {said}");
}

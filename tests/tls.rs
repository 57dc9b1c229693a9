//! The binary with TLS of its own: certificates that are renewed, and some that cannot be used, under a living connection.
#![cfg(unix)]

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tightwire::client::{Client, ClientConfig, ConnectError, Tls};
use tightwire_chat::chat::{ChatClient, ServerFrame, SubscribeThread, ThreadTopic};
use tightwire_testkit::ServerProcess;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const WITHIN: Duration = Duration::from_secs(10);

/// An authority of our own.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut parameters = CertificateParams::new(Vec::new()).expect("no names are sound");
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        Self(CertifiedIssuer::self_signed(parameters, key).expect("a certificate"))
    }

    /// Writes a certificate for 127.0.0.1, and its key, into the folder.
    fn issue(&self, folder: &Path) {
        let key = KeyPair::generate().expect("a key");
        let parameters = CertificateParams::new(["127.0.0.1".to_owned()]).expect("a name");
        let certificate = parameters.signed_by(&key, &self.0).expect("a certificate");
        std::fs::write(folder.join("c.pem"), certificate.pem()).expect("writable");
        std::fs::write(folder.join("k.pem"), key.serialize_pem()).expect("writable");
    }

    /// Connects, believing nobody else.
    async fn connect(&self, server: &ServerProcess) -> Result<ChatClient, ConnectError> {
        let tls = Tls::Roots(vec![self.0.der().clone()]);
        let url = format!("wss://{}/ws", server.address());
        let client = Client::connect(&url, ClientConfig { tls, ..ClientConfig::default() }).await?;
        let mut client = ChatClient::from(client);
        let first = client.next().await.expect("a frame").expect("a sound one");
        assert!(matches!(first, ServerFrame::ConnectionEstablished { .. }), "{first:?}");
        Ok(client)
    }
}

async fn start(folder: &Path, flags: &[&str]) -> ServerProcess {
    let [certificate, key] = ["c.pem", "k.pem"].map(|name| folder.join(name).to_str().expect("UTF-8").to_owned());
    let all = ["--bind", "{addr}", "--auth-disabled", "--tls-cert-file", &certificate, "--tls-key-file", &key];
    let launch = ServerProcess::command(env!("CARGO_BIN_EXE_tightwire-chat")).args(all.iter().chain(flags).copied());
    launch.ready_when_log("wss://127.0.0.1").start().await
}

async fn hang_up(server: &ServerProcess, answer: &str) {
    let status = Command::new("kill").args(["-HUP", &server.id().to_string()]).status().expect("kill is there");
    assert!(status.success());
    server.wait_for_output(answer, WITHIN).await;
}

async fn is_alive(client: &ChatClient) {
    let thread = ThreadTopic::new("t").expect("a thread's id");
    client.subscribe_thread(thread, SubscribeThread { limit: None }).await.expect("it is answered");
}

#[tokio::test]
async fn a_certificate_is_renewed_under_a_living_connection() {
    let (first, second) = (Authority::new(), Authority::new());
    let folder = tempfile::tempdir().expect("a folder");
    first.issue(folder.path());
    let server = start(folder.path(), &[]).await;
    let old = first.connect(&server).await.expect("the first certificate");
    assert!(second.connect(&server).await.is_err(), "not the second yet");

    second.issue(folder.path());
    hang_up(&server, "the certificate was read again").await;
    let new = second.connect(&server).await.expect("the second certificate");
    assert!(first.connect(&server).await.is_err(), "not the first any more");

    // What cannot be used changes nothing, and is said.
    std::fs::write(folder.path().join("k.pem"), "no key").expect("writable");
    hang_up(&server, "the certificate cannot be used; the one before stays in force").await;
    second.connect(&server).await.expect("still the second certificate");
    is_alive(&old).await;
    is_alive(&new).await;
}

#[tokio::test]
async fn half_a_handshake_is_cut_off() {
    let authority = Authority::new();
    let folder = tempfile::tempdir().expect("a folder");
    authority.issue(folder.path());
    let server = start(folder.path(), &["--handshake-timeout-ms", "300"]).await;
    let mut stalled = TcpStream::connect(server.address()).await.expect("connected");
    stalled.write_all(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03").await.expect("sent");
    is_alive(&authority.connect(&server).await.expect("nobody else waits")).await;
    let end = tokio::time::timeout(WITHIN, stalled.read(&mut [0; 16])).await;
    assert_eq!(end.expect("it is cut off").expect("no reset"), 0);
}

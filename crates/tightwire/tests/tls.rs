//! `wss://` over real sockets, with certificates of a private authority: the client, and the server's own TLS.

#[path = "websocket/echo.rs"]
mod echo;
#[cfg(feature = "redis")]
#[path = "tls/redis.rs"]
mod redis;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use serde_json::{Value, json};
use tightwire::client::rustls::crypto::ring;
use tightwire::client::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tightwire::client::rustls::{ClientConfig as TlsConfig, RootCertStore, ServerConfig};
use tightwire::client::{Client, ClientConfig, ClientProtocol, ConnectError, Tls};
use tightwire::proto::contract::{Contract, Framing};
use tightwire::proto::envelope::Stamp;
use tightwire::proto::inbound::{Inbound, Rejection};
use tightwire::tls::ServerTls;
use tightwire::{Config, ProxyProtocol, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_websockets::ServerBuilder;

/// Any JSON in either direction.
#[derive(Debug)]
enum Echo {}

static CONTRACT: Contract = Contract { title: "Echo", version: "1.0.0", framing: Framing::Flat, ..Contract::EMPTY };

impl ClientProtocol for Echo {
    type In = Value;
    type Out = Value;

    fn contract() -> &'static Contract {
        &CONTRACT
    }

    fn decode(text: &[u8]) -> Result<Inbound<Value>, Rejection> {
        let frame = serde_json::from_slice(text).expect("the server sends JSON");
        Ok(Inbound { id: uuid::Uuid::nil(), ts: 0, correlation_id: None, position: None, frame })
    }

    fn encode(frame: &Value, _: &Stamp) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(frame)
    }
}

/// An authority of our own.
fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut parameters = CertificateParams::new(Vec::new()).expect("no names are sound");
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(parameters, KeyPair::generate().expect("a key")).expect("a certificate")
}

/// How long a server's certificate is valid.
#[derive(Clone, Copy)]
enum Valid {
    Now,
    Before,
}

/// A server that says back what it hears, with a certificate of the authority for that name.
async fn serve(authority: &CertifiedIssuer<'static, KeyPair>, name: &str, valid: Valid) -> SocketAddr {
    let mut parameters = CertificateParams::new([name.to_owned()]).expect("a name");
    if let Valid::Before = valid {
        (parameters.not_before, parameters.not_after) = (date_time_ymd(2001, 1, 1), date_time_ymd(2002, 1, 1));
    }
    let key = KeyPair::generate().expect("a key");
    let certificate = parameters.signed_by(&key, authority).expect("a certificate");
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().expect("TLS has versions").with_no_client_auth();
    let config = builder.with_single_cert(vec![certificate.der().clone()], key).expect("they belong together");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a client");
        // Clients that do not believe it leave here.
        let Ok(stream) = acceptor.accept(stream).await else { return };
        let (_, mut socket) = ServerBuilder::new().accept(stream).await.expect("a handshake");
        while let Some(Ok(message)) = socket.next().await {
            if message.is_text() && socket.send(message).await.is_err() {
                return;
            }
        }
    });
    address
}

async fn connect(address: SocketAddr, host: &str, tls: Tls) -> Result<Client<Echo>, ConnectError> {
    let url = format!("wss://{host}:{}/", address.port());
    let config = ClientConfig { tls, connect_timeout: Duration::from_secs(60), ..ClientConfig::default() };
    Client::connect(&url, config).await
}

fn root(authority: &CertifiedIssuer<'static, KeyPair>) -> CertificateDer<'static> {
    authority.der().clone()
}

/// Connects, and says something.
async fn check_trusted(address: SocketAddr, host: &str, tls: Tls) {
    let mut client = connect(address, host, tls).await.expect("the server is believed");
    client.send(&json!({"large": "x".repeat(50_000)})).await.expect("sent");
    let back = client.next().await.expect("a frame").expect("sound");
    assert_eq!(back["large"].as_str().map(str::len), Some(50_000));
    let end = client.close().await;
    assert!(end.to_string().contains("1000"), "{end}");
}

/// Does not connect, and says why and what to do.
async fn check_refused(address: SocketAddr, host: &str, tls: Tls, parts: &[&str]) {
    let error = connect(address, host, tls).await.expect_err("the server is not to be believed");
    assert!(matches!(error, ConnectError::Tls { .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.starts_with(&format!("{host}:{} ", address.port())), "{text}");
    assert!(parts.iter().all(|part| text.contains(part)), "{text}");
}

#[tokio::test]
async fn a_server_of_a_known_authority_is_believed() {
    let authority = authority();
    let trusting = Tls::Roots(vec![root(&authority)]);
    check_trusted(serve(&authority, "localhost", Valid::Now).await, "localhost", trusting.clone()).await;
    check_trusted(serve(&authority, "127.0.0.1", Valid::Now).await, "127.0.0.1", trusting).await;
    let mut roots = RootCertStore::empty();
    roots.add(root(&authority)).expect("a root");
    let builder = TlsConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().expect("TLS has versions");
    let ready = Tls::Config(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()));
    check_trusted(serve(&authority, "localhost", Valid::Now).await, "localhost", ready).await;
}

#[tokio::test]
async fn any_other_is_not() {
    let (one, other) = (authority(), authority());
    let trusting = Tls::Roots(vec![root(&one)]);
    let unknown = ["no authority known to this client has signed", "give its root certificate to `ClientConfig::tls`"];
    check_refused(serve(&other, "localhost", Valid::Now).await, "localhost", trusting.clone(), &unknown).await;
    check_refused(serve(&one, "localhost", Valid::Now).await, "localhost", Tls::default(), &unknown).await;
    let wrong = ["has a certificate for", "chat.example.com", "connect to a name that it has"];
    check_refused(serve(&one, "chat.example.com", Valid::Now).await, "localhost", trusting.clone(), &wrong).await;
    let expired = ["not valid at this time", "renewed"];
    check_refused(serve(&one, "localhost", Valid::Before).await, "localhost", trusting.clone(), &expired).await;
    let plain = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = plain.local_addr().expect("an address");
    tokio::spawn(async move {
        let (mut stream, _) = plain.accept().await.expect("a client");
        let answer = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
        tokio::io::AsyncWriteExt::write_all(&mut stream, answer).await.expect("written");
    });
    check_refused(address, "localhost", trusting, &["does not speak TLS", "`ws://`"]).await;
}

/// Writes a certificate of the authority for that name, and its key, into the folder.
fn issue(authority: &CertifiedIssuer<'static, KeyPair>, name: &str, folder: &Path) {
    let key = KeyPair::generate().expect("a key");
    let parameters = CertificateParams::new([name.to_owned()]).expect("a name");
    let certificate = parameters.signed_by(&key, authority).expect("a certificate");
    std::fs::write(folder.join("certificate.pem"), certificate.pem()).expect("writable");
    std::fs::write(folder.join("key.pem"), key.serialize_pem()).expect("writable");
}

fn from_folder(folder: &Path) -> ServerTls {
    ServerTls::from_pem_files(folder.join("certificate.pem"), folder.join("key.pem")).expect("both can be read")
}

/// The server itself, with the certificate in the folder.
async fn serve_ourselves(tls: ServerTls) -> SocketAddr {
    let config = Config { tls: Some(tls), handshake_timeout: Duration::from_millis(300), ..echo::config() };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(Server::new(echo::Echo, config).run(listener, std::future::pending()));
    address
}

#[tokio::test]
async fn the_server_speaks_tls_itself_and_takes_a_renewed_certificate() {
    let (authority, folder) = (authority(), tempfile::tempdir().expect("a folder"));
    let trusting = Tls::Roots(vec![root(&authority)]);
    issue(&authority, "other.example.com", folder.path());
    let tls = from_folder(folder.path());
    let address = serve_ourselves(tls.clone()).await;
    check_refused(address, "localhost", trusting.clone(), &["has a certificate for", "other.example.com"]).await;
    issue(&authority, "localhost", folder.path());
    tls.reload().expect("both can be read");
    check_trusted(address, "localhost", trusting.clone()).await;
    // What cannot be used changes nothing.
    std::fs::write(folder.path().join("certificate.pem"), "nothing").expect("writable");
    let error = tls.reload().expect_err("there is no certificate").to_string();
    assert!(error.contains("cannot read a certificate from") && error.contains("PEM"), "{error}");
    check_trusted(address, "localhost", trusting).await;
}

#[test]
fn a_key_of_another_certificate_is_refused() {
    let (authority, one, other) = (authority(), tempfile::tempdir().expect("one"), tempfile::tempdir().expect("other"));
    issue(&authority, "localhost", one.path());
    issue(&authority, "localhost", other.path());
    let error = ServerTls::from_pem_files(one.path().join("certificate.pem"), other.path().join("key.pem"));
    assert!(error.expect_err("they do not belong together").to_string().contains("cannot be used with its key"));
}

/// A proxy that passes TLS on says before it whose it is, and has one time limit for both.
#[tokio::test]
async fn the_header_of_a_proxy_comes_before_tls() {
    let (authority, folder) = (authority(), tempfile::tempdir().expect("a folder"));
    issue(&authority, "localhost", folder.path());
    let config = Config {
        tls: Some(from_folder(folder.path())),
        trusted_proxies: vec!["127.0.0.1/32".parse().expect("a network")],
        proxy_protocol: ProxyProtocol::V1,
        handshake_timeout: Duration::from_millis(300),
        ..echo::config()
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(Server::new(echo::Echo, config).run(listener, std::future::pending()));
    let header = b"PROXY TCP4 192.0.2.7 203.0.113.1 56324 443\r\n";
    let mut stream = TcpStream::connect(address).await.expect("connected");
    stream.write_all(header).await.expect("sent");
    let config = ClientConfig { tls: Tls::Roots(vec![root(&authority)]), ..ClientConfig::default() };
    let mut client = Client::<Echo>::connect_on(stream, "wss://localhost/", config).await.expect("a secure connection");
    client.send(&json!("behind a proxy")).await.expect("sent");
    assert_eq!(client.next().await, Some(Ok(json!("behind a proxy"))));
    let mut stalled = TcpStream::connect(address).await.expect("connected");
    stalled.write_all(&[&header[..], b"\x16\x03\x01"].concat()).await.expect("sent");
    let end = tokio::time::timeout(Duration::from_secs(10), stalled.read(&mut [0; 16])).await;
    assert_eq!(end.expect("the server does not wait for ever").expect("no reset"), 0);
}

/// Whoever does not finish the handshake, or speaks no TLS at all, is cut off in time and keeps nobody waiting.
#[tokio::test]
async fn half_a_handshake_has_a_time_limit() {
    let (authority, folder) = (authority(), tempfile::tempdir().expect("a folder"));
    issue(&authority, "localhost", folder.path());
    let address = serve_ourselves(from_folder(folder.path())).await;
    let mut stalled = Vec::new();
    for begun in [&b""[..], b"\x16\x03\x01", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"] {
        let mut client = TcpStream::connect(address).await.expect("connected");
        client.write_all(begun).await.expect("sent");
        stalled.push(client);
    }
    check_trusted(address, "localhost", Tls::Roots(vec![root(&authority)])).await;
    for mut client in stalled {
        let end = tokio::time::timeout(Duration::from_secs(10), client.read(&mut [0; 16])).await;
        assert_eq!(end.expect("the server does not wait for ever").expect("no reset"), 0);
    }
    let mut plain = TcpStream::connect(address).await.expect("connected");
    plain.write_all(b"GET / HTTP/1.1\r\n\r\n").await.expect("sent");
    let mut rest = Vec::new();
    let end = tokio::time::timeout(Duration::from_secs(10), plain.read_to_end(&mut rest)).await;
    // An alert of TLS at most, and nothing of what is behind it.
    assert!(end.is_ok() && !rest.starts_with(b"HTTP"), "{rest:?}");
}

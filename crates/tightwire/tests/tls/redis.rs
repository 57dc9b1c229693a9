//! The connection to Redis over TLS.

use std::io;
use std::path::Path;
use std::time::Duration;

use tightwire::client::Tls;
use tightwire::config::RedisConfig;
use tightwire::{Config, Server};
use tightwire_testbed::RedisServer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

use super::{authority, echo, issue, root};

/// A Redis that speaks TLS at that port, as `folder` says.
fn secure(folder: &Path, port: u16) -> Option<RedisServer> {
    let file = |name: &str| folder.join(name).display().to_string();
    RedisServer::launch()
        .line(format!("tls-port {port}"))
        .line(format!("tls-cert-file {}", file("certificate.pem")))
        .line(format!("tls-key-file {}", file("key.pem")))
        .line("tls-auth-clients no")
        .line(format!("tls-ca-cert-file {}", file("certificate.pem")))
        .start()
}

fn redis(port: u16, tls: Tls) -> RedisConfig {
    let mut redis = RedisConfig::new(format!("rediss://localhost:{port}").parse().expect("a URL"));
    redis.tls = tls;
    redis
}

/// What `/health` says.
async fn health(server: &Server<echo::Echo>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let mut client = TcpStream::connect(listener.local_addr().expect("an address")).await.expect("connected");
    let (stream, remote) = listener.accept().await.expect("accepted");
    tokio::spawn(server.serve_stream(stream, remote));
    let request = b"GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    client.write_all(request).await.expect("sent");
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.expect("an answer");
    answer
}

async fn run(server: Server<echo::Echo>) -> io::Result<()> {
    server.run(TcpListener::bind("127.0.0.1:0").await?, sleep(Duration::from_millis(1))).await
}

#[tokio::test]
async fn a_redis_of_a_known_authority_is_believed() {
    let (authority, folder) = (authority(), tempfile::tempdir().expect("a folder"));
    issue(&authority, "localhost", folder.path());
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let port = port.expect("a port").port();
    let Some(_redis) = secure(folder.path(), port) else { return };
    let config = |tls| Config { redis: Some(redis(port, tls)), ..echo::config() };
    let known = Tls::Roots(vec![root(&authority)]);
    let server = Server::new(echo::Echo, config(known.clone()));
    let said = health(&server).await;
    assert!(said.contains(r#""bus":{"kind":"redis","state":"up"}"#), "{said}");
    run(Server::new(echo::Echo, config(known))).await.expect("Redis serves");
    let error = run(Server::new(echo::Echo, config(Tls::default()))).await.expect_err("nobody knows the authority");
    assert!(error.to_string().contains("UnknownIssuer"), "{error}");
}

//! Key sets in a file: every algorithm, and what happens when the file changes under a running server.

use std::time::Duration;

use serde_json::json;
use tempfile::NamedTempFile;
use tightwire::{Auth, Config, Jwt, KeysError, Server};

use super::handshake::{ADA, Door, events_over};
use super::keys::{IssuerKey, jwks};
use crate::client::REMOTE;
use crate::protocol::Rooms;

fn file(text: &str) -> NamedTempFile {
    let file = NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), text).expect("writable");
    file
}

fn config(file: &NamedTempFile) -> Config {
    let jwt = Jwt::jwks_file(file.path()).expect("a key set").audience("chat").issuer("idp");
    Config { auth: Auth::Jwt(jwt), ..Config::default() }
}

#[tokio::test]
async fn every_algorithm_lets_its_tokens_in() {
    let keys = [IssuerKey::ed25519("a"), IssuerKey::es256("b"), IssuerKey::rs256("c"), IssuerKey::hs256("d")];
    let file = file(&jwks(&keys.each_ref()));
    let door = Door::open(config(&file)).await;
    for key in &keys {
        assert_eq!(door.events(&key.token()).await, ADA, "{}", key.kid);
    }
    // The right key under another's name, and another key under its name.
    let [ed, ec, rsa, secret] = &keys;
    for (key, header) in [
        (ed, json!({"alg": "EdDSA", "kid": "b"})),
        (ed, json!({"alg": "ES256", "kid": "b"})),
        (ec, json!({"alg": "ES256", "kid": "nobody"})),
        (rsa, json!({"alg": "HS256", "kid": "c"})),
        (secret, json!({"alg": "HS256", "kid": "c"})),
        (secret, json!({"alg": "RS256", "kid": "c"})),
        (secret, json!({"alg": "none", "kid": "d"})),
        (&IssuerKey::ed25519("a"), json!({"alg": "EdDSA", "kid": "a"})),
    ] {
        assert_eq!(door.events(&key.token_naming(&header)).await, ["close 4401"], "{header}");
    }
    // Without a name every key of the algorithm is tried.
    assert_eq!(door.events(&ed.token_naming(&json!({"alg": "EdDSA"}))).await, ADA);
}

#[tokio::test(start_paused = true)]
async fn keys_rotate_under_a_running_server() {
    let (old, new) = (IssuerKey::ed25519("old"), IssuerKey::ed25519("new"));
    let file = file(&jwks(&[&old]));
    let server = Server::new(Rooms::default(), config(&file));
    let events = async |key: &IssuerKey| {
        let (near, far) = tokio::io::duplex(16 * 1024);
        tokio::spawn(server.serve_stream(far, REMOTE));
        events_over(near, &server, "", &[("authorization", &format!("Bearer {}", key.token()))]).await
    };
    let replace = async |text: &str| {
        std::fs::write(file.path(), text).expect("writable");
        tokio::time::advance(Duration::from_secs(1)).await;
    };
    assert_eq!(events(&old).await, ADA);
    assert_eq!(events(&new).await, ["close 4401"]);
    replace(&jwks(&[&old, &new])).await;
    assert_eq!(events(&new).await, ADA);
    assert_eq!(events(&old).await, ADA);
    // What is broken changes nothing, what is mended counts again.
    replace("{").await;
    assert_eq!(events(&new).await, ADA);
    replace(&jwks(&[&new])).await;
    assert_eq!(events(&old).await, ["close 4401"]);
    assert_eq!(events(&new).await, ADA);
}

#[test]
fn a_server_does_not_begin_without_keys() {
    let unusable = |text: &str| match Jwt::jwks_file(file(text).path()) {
        Err(KeysError::Unusable { reason, .. }) => reason,
        other => panic!("{other:?}"),
    };
    assert!(unusable("{}").contains("not a JSON Web Key Set"));
    assert!(unusable(r#"{"keys":[]}"#).contains("it is empty"));
    let gone = Jwt::jwks_file("/does/not/exist").expect_err("no file");
    assert!(matches!(gone, KeysError::Unreadable { .. }) && gone.to_string().contains("/does/not/exist"), "{gone}");
}

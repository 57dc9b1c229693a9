//! `GET /asyncapi.yml` and `GET /docs/`.

use serde_json::json;
use tightwire::{Config, Docs};

use super::Site;
use crate::auth::tokens;

#[tokio::test]
async fn the_document_is_given_as_it_was_written() {
    for (document, kind) in [("asyncapi: 3.0.0\n", "yaml"), (" {\"asyncapi\": \"3.0.0\"}", "json")] {
        let site = Site::open(Config { document: Some(document.into()), ..Config::default() }).await;
        let answer = site.get("/asyncapi.yml").await;
        assert_eq!((answer.status, answer.body.as_str()), (200, document));
        let content_type = format!("content-type: application/vnd.aai.asyncapi+{kind}\r\n");
        assert!(answer.head.contains(&content_type), "{answer:?}");
    }
    let site = Site::open(Config::default()).await;
    assert_eq!(site.get("/asyncapi.yml").await.problem().0, 404);
    assert_eq!(site.ask("PUT", "/asyncapi.yml", &[], "").await.problem().0, 405);
}

const DOCS: Docs = Docs { page: "<title>page</title>", contract: "{}", style: "p {}", script: "start()" };

fn shown(config: Config) -> Config {
    Config { docs: Some(DOCS), ..config }
}

#[tokio::test]
async fn a_page_shows_the_contract() {
    let site = Site::open(shown(Config::default())).await;
    for (path, kind, body) in [
        ("/docs/", "text/html; charset=utf-8", DOCS.page),
        ("/docs/contract.json", "application/json", DOCS.contract),
        ("/docs/docs.css", "text/css; charset=utf-8", DOCS.style),
        ("/docs/docs.js", "text/javascript; charset=utf-8", DOCS.script),
    ] {
        let answer = site.get(path).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, body), "{path}");
        for header in
            [&format!("content-type: {kind}"), "referrer-policy: no-referrer", "x-content-type-options: nosniff"]
        {
            assert!(answer.head.contains(&format!("{header}\r\n")), "{path}: {answer:?}");
        }
        let policy = "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; ";
        assert!(answer.head.contains(policy) && !answer.head.contains("unsafe"), "{path}: {answer:?}");
        assert_eq!(site.ask("PUT", path, &[], "").await.problem().0, 405, "{path}");
    }
    assert_eq!(site.get("/docs/else").await.problem().0, 404);
}

/// What the page refers to is beside it: a proxy may have put the server anywhere.
#[tokio::test]
async fn the_page_is_a_folder() {
    let site = Site::open(shown(Config::default())).await;
    for (path, location) in [("/docs", "docs/"), ("/docs?token=a.b-c", "docs/?token=a.b-c")] {
        let answer = site.get(path).await;
        assert_eq!((answer.status, answer.body.as_str()), (307, ""));
        assert!(answer.head.contains(&format!("location: {location}\r\n")), "{answer:?}");
    }
}

#[tokio::test]
async fn who_may_not_connect_is_not_shown_the_contract() {
    let site = Site::open(shown(tokens::config())).await;
    for path in ["/docs", "/docs/", "/docs/contract.json", "/asyncapi.yml"] {
        assert_eq!(site.get(path).await.problem().0, 401, "{path}");
    }
    let token = tokens::signed(json!({}));
    for path in ["/docs/", "/docs/contract.json"] {
        assert_eq!(site.get(&format!("{path}?token={token}")).await.status, 200, "{path}");
    }
    // They are the same for every contract, and a browser asks for them without a token.
    for path in ["/docs/docs.css", "/docs/docs.js"] {
        assert_eq!(site.get(path).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn a_server_without_a_page_says_so() {
    let site = Site::open(Config::default()).await;
    for path in ["/docs/", "/docs/contract.json", "/docs/docs.css", "/docs/docs.js"] {
        assert_eq!(
            site.get(path).await.problem(),
            (404, "this server does not show its contract".to_owned()),
            "{path}"
        );
    }
}

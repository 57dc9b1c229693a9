//! `GET /asyncapi.yml` and `GET /docs`.

use serde_json::json;
use tightwire::Config;

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

#[tokio::test]
async fn a_page_shows_the_contract() {
    let site = Site::open(Config::default()).await;
    let answer = site.get("/docs").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.head.contains("content-type: text/html; charset=utf-8\r\n"), "{answer:?}");
    assert!(answer.head.contains("content-security-policy: default-src 'none'; "), "{answer:?}");
    for part in ["<h1>Rooms <small>1.2.3</small></h1>", "room:{name}", "<code>posted</code>", "minLength", "1002"] {
        assert!(answer.body.contains(part), "{} lacks {part}", answer.body);
    }
    let site = Site::open(tokens::config()).await;
    assert_eq!(site.get("/docs").await.problem().0, 401);
    assert_eq!(site.get("/asyncapi.yml").await.problem().0, 401);
    assert_eq!(site.get(&format!("/docs?token={}", tokens::signed(json!({})))).await.status, 200);
}

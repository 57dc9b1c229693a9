//! What pages of other origins may ask for and read.

use tightwire::Config;
use tightwire::proto::address_rate::AddressRate;

use super::Site;
use crate::auth::tokens;

const APP: (&str, &str) = ("origin", "https://app.example");
const ELSEWHERE: (&str, &str) = ("origin", "https://elsewhere.example");

const READABLE: &str = "access-control-allow-origin: https://app.example\r\n";

fn config() -> Config {
    Config { allowed_origins: vec!["https://app.example".to_owned()], ..Config::default() }
}

/// A page reads what the server lets it read, errors included.
#[tokio::test]
async fn a_page_of_an_allowed_origin_may_read() {
    let rate = Some(AddressRate { per_second: 1, burst: 2 });
    let site = Site::open(Config { replay_rate: rate, ..config() }).await;
    for (method, target, body, status) in [
        ("HEAD", "/sse?topics=room:a", "", 200),
        ("GET", "/sse?topics=lobby", "", 404),
        ("GET", "/sse", "", 400),
        ("GET", "/api/ws/replay?topic=room:a", "", 200),
        ("GET", "/api/ws/replay?topic=lobby", "", 404),
        ("GET", "/api/ws/replay?topic=room:a", "", 429),
        ("POST", "/api/client-logs", r#"{"lines": [{"level": "warn", "message": "x"}]}"#, 204),
        ("POST", "/api/client-logs", "", 400),
    ] {
        let answer = site.ask(method, target, &[APP], body).await;
        assert_eq!(answer.status, status, "{target}: {answer:?}");
        for line in [READABLE, "access-control-expose-headers: retry-after\r\n", "vary: origin\r\n"] {
            assert!(answer.head.contains(line), "{target}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn an_answer_to_nobodys_page_or_one_of_another_origin_says_nothing_of_origins() {
    let site = Site::open(config()).await;
    for headers in [&[][..], &[ELSEWHERE]] {
        let answer = site.ask("GET", "/api/ws/replay?topic=room:a", headers, "").await;
        assert!(answer.status == 200 && !answer.head.contains("access-control"), "{answer:?}");
    }
    // Nor does what is not for pages.
    let answer = site.ask("GET", "/health", &[APP], "").await;
    assert!(answer.status == 200 && !answer.head.contains("access-control"), "{answer:?}");
}

/// A browser asks before it sends a token in a header, and sends none with the question.
#[tokio::test]
async fn a_page_of_an_allowed_origin_may_send_its_token_in_a_header() {
    let site = Site::open(Config { allowed_origins: config().allowed_origins, ..tokens::config() }).await;
    let asks = ("access-control-request-method", "GET");
    for target in ["/sse?topics=room:a", "/api/ws/replay?topic=room:a", "/api/client-logs"] {
        let answer = site.ask("OPTIONS", target, &[APP, asks], "").await;
        assert_eq!((answer.status, answer.body.as_str()), (204, ""), "{target}: {answer:?}");
        for line in [
            READABLE,
            "access-control-allow-methods: get, post\r\n",
            "access-control-allow-headers: authorization, content-type, last-event-id\r\n",
            "access-control-max-age: 600\r\n",
            "vary: origin\r\n",
        ] {
            assert!(answer.head.contains(line), "{target} {line}: {answer:?}");
        }
        assert_eq!(site.ask("OPTIONS", target, &[ELSEWHERE, asks], "").await.problem().0, 403);
        assert_eq!(site.ask("OPTIONS", target, &[asks], "").await.problem().0, 403);
    }
    assert_eq!(site.ask("OPTIONS", "/sse?topics=room:a", &[APP], "").await.problem().0, 405);
    assert_eq!(site.ask("OPTIONS", "/api/publish", &[APP, asks], "").await.problem().0, 405);
    assert_eq!(site.ask("OPTIONS", "/nowhere", &[APP, asks], "").await.problem().0, 404);
}

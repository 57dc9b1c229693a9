//! The page at `/`: what was built is served, and nothing beside it. No broker has a part in it.

mod common;

use tightwire_chat::settings::Settings;
use tokio::io::AsyncReadExt;

use crate::common::{Chat, ask};

fn server_with(flags: &[&str]) -> Chat {
    let arguments = ["tightwire-chat", "--auth-disabled"].iter().chain(flags);
    let settings = Settings::read(arguments).expect("the flags are right");
    tightwire_chat::server(&settings).expect("the settings say who may connect")
}

/// What is answered, before and after the empty line.
async fn response(server: &Chat, head: &str, body: &str) -> (String, String) {
    let mut response = String::new();
    ask(server, head, body).await.read_to_string(&mut response).await.expect("the server answers");
    let (head, body) = response.split_once("\r\n\r\n").expect("a head and a body");
    (head.to_owned(), body.to_owned())
}

/// A folder as it is when the page was built, beside something that is nobody's business.
fn built() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let assets = folder.path().join("dist/assets");
    std::fs::create_dir_all(&assets).expect("writable");
    for (file, text) in [
        ("dist/index.html", "<title>the page</title>"),
        ("dist/assets/index-abc.js", "script"),
        ("dist/assets/index-abc.css", "style"),
        ("secret.txt", "secret"),
    ] {
        std::fs::write(folder.path().join(file), text).expect("writable");
    }
    folder
}

#[track_caller]
fn check_headers(head: &str, expected: &[&str]) {
    for line in expected {
        assert!(head.lines().any(|found| found == *line), "{line} is not in {head}");
    }
}

#[tokio::test]
async fn the_page_is_what_was_built() {
    let folder = built();
    let root = folder.path().join("dist");
    let server = server_with(&["--web-root", root.to_str().expect("UTF-8")]);
    let (head, body) = response(&server, "GET /", "").await;
    assert_eq!(body, "<title>the page</title>");
    check_headers(&head, &["HTTP/1.1 200 OK", "content-type: text/html", "cache-control: no-cache"]);
    for (path, kind, text) in
        [("/assets/index-abc.js", "text/javascript", "script"), ("/assets/index-abc.css", "text/css", "style")]
    {
        let (head, body) = response(&server, &format!("GET {path}"), "").await;
        assert_eq!(body, text);
        let kind = format!("content-type: {kind}");
        check_headers(&head, &[&kind, "cache-control: public, max-age=31536000, immutable"]);
        check_headers(&head, &["x-content-type-options: nosniff"]);
        assert_eq!(response(&server, &format!("HEAD {path}"), "").await.1, "");
    }
}

#[tokio::test]
async fn the_page_runs_what_the_server_serves_and_nothing_else() {
    let folder = built();
    let root = folder.path().join("dist");
    let server = server_with(&["--web-root", root.to_str().expect("UTF-8")]);
    let nowhere = server_with(&["--web-root", "/nowhere"]);
    for server in [&server, &nowhere] {
        let (head, _) = response(server, "GET /", "").await;
        let policy = head.lines().find_map(|line| line.strip_prefix("content-security-policy: ")).expect("a policy");
        let directives: Vec<_> = policy.split(';').map(str::trim).collect();
        for directive in ["default-src 'none'", "script-src 'self'", "style-src 'self'"] {
            assert!(directives.contains(&directive), "{policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
    }
}

#[tokio::test]
async fn nothing_beside_the_page_is_served() {
    let folder = built();
    let root = folder.path().join("dist");
    let server = server_with(&["--web-root", root.to_str().expect("UTF-8")]);
    for path in
        ["/../secret.txt", "/assets/../../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/assets", "/no"]
    {
        let (status, body) = common::answer(&server, &format!("GET {path}"), "").await;
        assert!(status >= 400 && !body.contains("secret"), "{path}: {status} {body}");
    }
}

#[tokio::test]
async fn a_page_that_is_not_built_says_what_to_do() {
    let server = server_with(&["--web-root", "/nowhere"]);
    let (head, body) = response(&server, "GET /", "").await;
    check_headers(&head, &["HTTP/1.1 404 Not Found", "content-type: text/html; charset=utf-8"]);
    assert!(body.contains("make app") && body.contains("--web-root"), "{body}");
    // The rest is there.
    assert_eq!(common::answer(&server, "GET /health", "").await.0, 200);
}

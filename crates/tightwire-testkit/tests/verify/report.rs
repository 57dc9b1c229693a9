//! What is verified, and how reports tell it.

use serde_json::{Value, json};
use tightwire_testkit::pact::verify::{Report, Verdict, Verifier};
use tokio::io::AsyncWriteExt;

use crate::room::Peer;
use crate::{Server, check, contents, pact, sync, verified, with};

/// Says `{"n": 1}` to everybody.
async fn server() -> Server {
    Server::start(|mut peer| async move {
        peer.receive().await;
        peer.frame(json!({"n": 1})).await;
        peer.stay().await;
    })
    .await
}

fn interaction(description: &str, n: u64, more: Value) -> Value {
    let asked = sync(contents(json!({}), &[]), [contents(json!({"n": n}), &[])], json!({"description": description}));
    with(asked, more)
}

/// One interaction for each verdict.
async fn report(filter: &str) -> Report {
    let pact = pact([
        interaction("it is right", 1, json!({"key": "right-1"})),
        interaction(
            "it is <wrong> & \"so\"",
            2,
            json!({"comments": {"references": {"AsyncAPI": {"operationId": "count"}}}}),
        ),
        interaction("it is not done yet", 3, json!({"pending": true})),
        json!({"type": "Synchronous/HTTP", "description": "it is something else"}),
    ]);
    server().await.verifier().filter(filter).verify([("a.json", &pact)]).await.expect("the server is there")
}

#[tokio::test]
async fn every_interaction_has_a_verdict() {
    let report = report("").await;
    let verdicts: Vec<Verdict> = report.outcomes().map(|outcome| outcome.verdict).collect();
    assert_eq!(verdicts, [Verdict::Verified, Verdict::Failed, Verdict::Pending, Verdict::Skipped]);
    let words = [
        "a.json: what ada relies on of room\n  ✓ it is right\n  ✗ it is <wrong> & \"so\"\n",
        "at /n (equality)\n        expected: 2\n          actual: 1\n",
        "what went over the connection:\n",
        "→ {}\n",
        "← {\"n\": 1}\n",
        "  … it is not done yet (pending: nobody relies on it yet)\n",
        "  - it is something else (interactions of its type are not verified)\n",
        "\n1 of 4 interactions verified, 1 failed, 1 pending, 1 skipped\n",
    ];
    check(&report, &words);
}

#[tokio::test]
async fn what_is_pending_does_not_fail() {
    let report = report("not done").await;
    assert_eq!((report.outcomes().count(), report.count(Verdict::Pending)), (1, 1));
    assert!(report.is_verified(), "{report}");
}

#[tokio::test]
async fn interactions_are_found_by_their_key_too() {
    let report = report("right-").await;
    assert_eq!(report.outcomes().map(|outcome| outcome.description.as_str()).collect::<Vec<_>>(), ["it is right"]);
}

#[tokio::test]
async fn programs_read_json() {
    let report = report("").await.to_json();
    assert_eq!(report["summary"], json!({"verified": 1, "failed": 1, "pending": 1, "skipped": 1}));
    let pact = &report["pacts"][0];
    assert_eq!(
        (&pact["file"], &pact["consumer"], &pact["provider"]),
        (&json!("a.json"), &json!("ada"), &json!("room"))
    );
    let wrong = &pact["interactions"][1];
    assert_eq!((&wrong["verdict"], &wrong["operation"]), (&json!("failed"), &json!("count")));
    let finding = &wrong["findings"][0];
    assert_eq!((&finding["pointer"], &finding["rule"]), (&json!("/n"), &json!("equality")));
    assert_eq!((&finding["expected"], &finding["actual"]), (&json!("2"), &json!("1")));
    assert!(wrong["transcript"][0].as_str().expect("a line").contains("connected to ws://"));
}

#[tokio::test]
async fn ci_servers_read_junit() {
    let junit = report("").await.to_junit();
    for part in [
        "<testsuite name=\"a.json: ada of room\" tests=\"4\" failures=\"1\" errors=\"0\" skipped=\"2\" time=\"",
        "    <testcase name=\"it is right\" classname=\"ada.room\" time=\"",
        "    <testcase name=\"it is &lt;wrong&gt; &amp; &quot;so&quot;\" classname=\"ada.room\" time=\"",
        "type=\"equality\">  ✗ it is &lt;wrong&gt; &amp; &quot;so&quot;\n",
        "<skipped message=\"pending: ",
        "<skipped message=\"Synchronous/HTTP is not verified\"/>",
    ] {
        assert!(junit.contains(part), "no `{part}` in:\n{junit}");
    }
    // What is opened is closed: a reader of XML is not at hand.
    for element in ["testsuites", "testsuite", "failure"] {
        let count = |text: String| junit.matches(&text).count();
        assert_eq!(
            count(format!("<{element} ")) + count(format!("<{element}>")),
            count(format!("</{element}>")),
            "{junit}"
        );
    }
    let empty = junit.lines().filter(|line| line.contains("<testcase") && line.ends_with("/>")).count();
    assert_eq!(junit.matches("<testcase").count() - empty, junit.matches("</testcase>").count(), "{junit}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_no_mismatch() {
    let url = server().await.url.clone();
    let unreachable = Verifier::new(&url).verify([("a.json", &pact([]))]).await.expect_err("nobody is there");
    assert!(unreachable.to_string().starts_with(&format!("{url} cannot be reached: ")), "{unreachable}");
}

#[tokio::test]
async fn a_server_that_goes_away_fails_what_is_left() {
    let server = Server::start(|peer| async move { drop(peer) }).await;
    let report = verified(server.verifier(), interaction("it is answered", 1, json!({}))).await;
    check(&report, &["✗ it is answered", "actual: the connection ended without a close frame"]);
}

/// Interactions follow each other faster than some servers let one address connect.
#[tokio::test]
async fn a_handshake_that_comes_too_soon_is_tried_again() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("ws://{}/", listener.local_addr().expect("it listens"));
    let serving = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("somebody comes");
        let refusal = b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n";
        stream.write_all(refusal).await.expect("it reads");
        let (stream, _) = listener.accept().await.expect("it comes again");
        Peer::accept(stream).await.stay().await;
    });
    let report = Verifier::new(url).verify([("a.json", &pact([]))]).await.expect("it is let in");
    assert_eq!(report.outcomes().count(), 0);
    serving.await.expect("the script has ended");
}

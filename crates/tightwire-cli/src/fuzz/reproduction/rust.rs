//! A finding as a Rust test. With an envelope the testkit's model judges; without one the test says itself what the
//! contract promises.

use std::fmt::Write as _;

use serde_json::Value;
use tightwire_testkit::fuzz::{Class, Intent, Payload, Step};

use super::super::found::Found;
use super::super::player::wire;
use super::{Source, sent, value};

/// The test; none for a class of finding that no test can show on one connection.
pub(super) fn test(found: &Found, source: &Source<'_, '_>) -> Option<String> {
    if source.contract.ir.envelope.is_some() { Some(modelled(found, source)) } else { plain(found, source) }
}

/// What stands above every test.
fn preamble(found: &Found, source: &Source<'_, '_>, packages: &str) -> String {
    let finding = &found.finding;
    let mut text = format!("//! `{}`: {}.\n", finding.class, finding.message);
    let _ = writeln!(text, "//!");
    let _ = writeln!(text, "//! Expected: {}. Actual: {}.", one_line(&finding.expected), one_line(&finding.actual));
    let _ = writeln!(text, "//!");
    let _ = writeln!(
        text,
        "//! Found by `tightwire fuzz` with `--seed {}`. It fails for as long as the server does that.",
        source.seed
    );
    let _ = writeln!(
        text,
        "//!\n//! It needs {packages},\n//! the file `contract.json` beside it, and a function beside this module that starts the server and says where it"
    );
    let _ = writeln!(
        text,
        "//! listens: `async fn server() -> (SocketAddr, impl Sized)`. What it gives beside that is kept until the test ends.\n"
    );
    text
}

fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

/// A name that Rust takes.
fn name(found: &Found) -> String {
    let text = format!("{}_{}", found.finding.class, found.message.as_deref().unwrap_or("websocket"));
    let plain = |character: char| if character.is_ascii_alphanumeric() { character.to_ascii_lowercase() } else { '_' };
    text.chars().map(plain).collect()
}

/// A text as a raw string literal.
fn literal(text: &str) -> String {
    if text.contains('\r') || text.chars().any(|character| character.is_control() && character != '\n') {
        return format!("{text:?}");
    }
    if !text.contains(['"', '\\']) {
        return format!("\"{text}\"");
    }
    let mut hashes = String::new();
    while text.contains(&format!("\"{hashes}")) {
        hashes.push('#');
    }
    format!("r{hashes}\"{text}\"{hashes}")
}

fn modelled(found: &Found, source: &Source<'_, '_>) -> String {
    let mut text =
        preamble(found, source, "the packages `tightwire-spec`, `tightwire-testkit`, `serde_json` and `tokio`");
    let steps: Vec<_> = found.lines().iter().map(|line| format!("        {},\n", literal(line))).collect();
    let (spec, path, name) = (literal(source.spec), literal(source.path), name(found));
    let _ = write!(
        text,
        "use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tightwire_spec::{{FileSystem, load}};
use tightwire_testkit::fuzz::driver::{{Driver, Options}};
use tightwire_testkit::fuzz::model::Bounds;
use tightwire_testkit::fuzz::{{Endpoint, Plan, Protocol}};

use super::server;

#[tokio::test]
async fn {name}() {{
    let document = load(Path::new({spec}), &FileSystem).expect(\"the document can be read\");
    let ir = document.ir.expect(\"the document has no errors\");
    let protocol = Protocol::new(ir, include_str!(\"contract.json\")).expect(\"a schema bundle\");
    let steps = [
{steps}    ];
    let steps = steps.iter().map(|step| serde_json::from_str(step).expect(\"a step\"));
    let plan = Plan {{ steps: steps.collect() }};
    let (address, _server) = server().await;
    let bounds = Bounds {{ reply_within: Duration::from_millis({deadline}), ..Bounds::default() }};
    let options = Options {{ bounds, ..Options::default() }};
    let outcome = Driver::new(Arc::new(protocol), Endpoint::address(address).path({path}), options).run(&plan).await;
    if let Some(finding) = outcome.finding {{
        panic!(\"{{finding}}\");
    }}
}}
",
        steps = steps.concat(),
        deadline = source.deadline_ms,
    );
    text
}

fn plain(found: &Found, source: &Source<'_, '_>) -> Option<String> {
    let promise = promise(found, source)?;
    let packages = "the packages `tightwire-testkit`, `serde_json` and `tokio`";
    let mut text = preamble(found, source, packages);
    let (path, name, deadline) = (literal(source.path), name(found), source.deadline_ms);
    let clients = found.plan.steps.iter().filter_map(|step| match step {
        Step::Send { client, .. } => Some(*client),
        _ => None,
    });
    let clients: std::collections::BTreeSet<usize> = clients.collect();
    let client = |number: usize| if clients.len() == 1 { "client".to_owned() } else { format!("client{number}") };
    let mut body = String::new();
    for number in &clients {
        let _ = writeln!(body, "    let mut {} = connect(address).await;", client(*number));
    }
    for (number, step) in found.plan.steps.iter().enumerate() {
        match step {
            Step::Send { client: by, sent } => {
                let by = client(*by);
                match &sent.payload {
                    Payload::Json(_) | Payload::Text(_) => {
                        let text = match &sent.payload {
                            Payload::Text(text) => literal(text),
                            other => literal(&json(other)),
                        };
                        let _ = writeln!(body, "    let frame = RawFrame::text({text});");
                        let _ = writeln!(body, "    {by}.send(&frame.to_bytes()).await.expect(\"it is taken\");");
                    }
                    other => {
                        let _ = writeln!(body, "    let bytes = {:?};", wire(other).0);
                        let _ = writeln!(body, "    {by}.send(&bytes).await.expect(\"it is taken\");");
                    }
                }
            }
            // At the end everything is waited for anyway.
            Step::Settle { .. } if number + 1 < found.plan.steps.len() => {
                for number in &clients {
                    let _ = writeln!(body, "    listen(&mut {}, &mut heard, &mut end).await;", client(*number));
                }
            }
            Step::Wait { ms } => {
                let _ = writeln!(body, "    tokio::time::sleep(Duration::from_millis({ms})).await;");
            }
            Step::Settle { .. } | Step::Close { .. } | Step::Vanish { .. } => {}
        }
    }
    for number in &clients {
        let _ = writeln!(body, "    listen(&mut {}, &mut heard, &mut end).await;", client(*number));
    }
    let json = if promise.contains("json!") { "{Value, json}" } else { "Value" };
    let contract = if promise.contains("contract.") {
        "    let contract = Contract::from_bundle(include_str!(\"contract.json\")).expect(\"a schema bundle\");\n"
    } else {
        ""
    };
    let uses = if contract.is_empty() {
        ""
    } else {
        "use tightwire_testkit::Contract;\nuse tightwire_testkit::contract::Direction;\n"
    };
    let _ = write!(
        text,
        "use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{json};
{uses}use tightwire_testkit::raw::{{RawClient, RawFrame}};

use super::server;

#[tokio::test]
async fn {name}() {{
{contract}    let (address, _server) = server().await;
    let (mut heard, mut end) = (Vec::new(), None);
{body}{promise}}}

async fn connect(address: SocketAddr) -> RawClient {{
    let client = RawClient::upgrade(address, {path}).await.expect(\"a WebSocket\");
    client.patience(Duration::from_millis({deadline}))
}}

/// Takes everything that comes, until nothing does for as long as a reply may take; and how the connection ends, if it does.
async fn listen(client: &mut RawClient, heard: &mut Vec<Value>, end: &mut Option<u16>) {{
    loop {{
        match client.frame().await {{
            Ok(Some(frame)) => {{
                heard.extend(frame.as_text().map(|text| serde_json::from_str(text).expect(\"JSON\")));
                *end = end.or(frame.close_code());
            }}
            Err(error) if error.kind() == ErrorKind::TimedOut => return,
            Ok(None) | Err(_) => {{
                *end = end.or(Some(1006));
                return;
            }}
        }}
    }}
}}
"
    );
    Some(text)
}

/// The text of a value that is sent.
fn json(payload: &Payload) -> String {
    if let Payload::Json(value) = payload { value.to_string() } else { String::new() }
}

/// What the contract promises, as the end of the test.
fn promise(found: &Found, source: &Source<'_, '_>) -> Option<String> {
    let contract = source.contract;
    let sent = sent(found)?;
    let message = sent.message.as_ref().and_then(|key| contract.to_server(key));
    let identity: Option<Value> = message
        .and_then(|message| contract.correlation(message))
        .and_then(|pointer| Some(value(sent)?.pointer(pointer)?.clone()));
    let replies = message.map(|message| contract.replies(&message.id)).unwrap_or_default();
    let list = |errors: bool| {
        let names = replies.iter().filter(|id| errors || !contract.is_error(id)).map(|id| format!("{id:?}"));
        names.collect::<Vec<_>>().join(", ")
    };
    // Where answers say what they answer.
    let place = replies.iter().find_map(|id| contract.correlation(contract.ir.messages.get(*id)?));
    let is_its = match (&identity, place) {
        (Some(identity), Some(place)) => {
            format!("frame.pointer({place:?}) == Some(&json!({identity}))")
        }
        _ => "!frame.is_null()".to_owned(),
    };
    // A closure that says whether a frame is one of those messages and answers that frame.
    let among = |name: &str, names: &str| {
        format!(
            "    let {name} = |frame: &&Value| {{\n        \
             let message = contract.message(Direction::ToClient, frame);\n        \
             message.is_some_and(|message| [{names}].contains(&message)) && {is_its}\n    }};\n"
        )
    };
    let end = |line: &str| format!("    drop(heard);\n    {line}\n");
    Some(match found.finding.class {
        Class::NoReply | Class::LateReply | Class::WrongCorrelation if !replies.is_empty() => {
            among("is_answer", &list(true))
                + "    let answer = heard.iter().find(is_answer);\n    \
                   assert!(answer.is_some(), \"no answer in time: {heard:?}, {end:?}\");\n"
        }
        Class::InvalidFrame => "    for frame in &heard {\n        \
             let checked = contract.check(Direction::ToClient, frame);\n        \
             assert!(checked.is_ok(), \"{frame}: {checked:?}\");\n    }\n    \
             assert!(!heard.is_empty(), \"nothing came: {end:?}\");\n"
            .to_owned(),
        Class::WrongType => {
            among("is_answer", &list(true))
                + "    let answer = heard.iter().find(is_answer);\n    \
                   assert!(answer.is_some(), \"no such answer: {heard:?}, {end:?}\");\n"
        }
        Class::DuplicateReply => format!(
            "    let answers = heard.iter().filter(|frame| {is_its}).count();\n    \
             assert_eq!((answers, end), (1, None), \"{{heard:?}}\");\n"
        ),
        Class::AcceptedInvalid if matches!(sent.intent, Intent::Breach { .. }) => {
            end("assert!(end.is_some(), \"the connection is open still\");")
        }
        Class::AcceptedInvalid => {
            among("is_success", &list(false))
                + "    let success = heard.iter().find(is_success);\n    \
                   assert_eq!(success, None, \"it was taken: {heard:?}, {end:?}\");\n"
        }
        Class::Panic => end("assert!(!matches!(end, Some(1006 | 1011)), \"{end:?}\");"),
        Class::RejectedValid if source.is_strict && !replies.is_empty() => {
            among("is_success", &list(false))
                + "    let success = heard.iter().find(is_success);\n    \
                   assert!(success.is_some(), \"it was refused: {heard:?}, {end:?}\");\n"
        }
        Class::RejectedValid => end("assert_eq!(end, None);"),
        Class::CloseCode => {
            let code = found.finding.actual.split_whitespace().nth(1).and_then(|code| code.parse::<u16>().ok())?;
            end(&format!("assert_ne!(end, Some({code}));"))
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_hold_what_they_are_made_of() {
        assert_eq!(literal(r#"{"a":1}"#), r###"r#"{"a":1}"#"###);
        assert_eq!(literal("a\"#b"), "r##\"a\"#b\"##");
        assert_eq!(literal("a\rb"), r#""a\rb""#);
    }
}

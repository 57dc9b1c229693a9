//! `tightwire publish`: one message to a topic, through a server's `POST /api/publish`.

mod contract;

use std::fs;
use std::io::{Read, Write};
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use self::contract::Violation;
use crate::cli::{Exit, PublishArguments};
use crate::output::Output;
use crate::remote::{Answer, Remote, Request, Unanswered};

/// How long the server may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The largest answer that is read, and the largest message that is sent.
const MAX_BYTES: u64 = 16 << 20;

/// Why nothing was published, or nobody knows whether it was.
type Refused = (Exit, String);

/// Runs the command.
pub(crate) fn run<O: Write, E: Write>(arguments: &PublishArguments, output: &mut Output<O, E>) -> Exit {
    match attempt(arguments) {
        Ok(said) => {
            output.result(&said);
            Exit::Clean
        }
        Err((exit, complaint)) => {
            output.complaint(&complaint);
            exit
        }
    }
}

fn attempt(arguments: &PublishArguments) -> Result<String, Refused> {
    let PublishArguments { topic, kind, .. } = arguments;
    let remote = Remote::find(&arguments.url, arguments.token.as_deref(), arguments.ca_file.as_deref())
        .map_err(|complaint| (Exit::Usage, complaint))?;
    let data = data(&arguments.data)?;
    if let Some(spec) = &arguments.spec {
        contract::check(spec, &arguments.read, topic, kind, &data)?;
    }
    let mut message = json!({ "topic": topic, "type": kind, "data": data });
    if let Some(key) = &arguments.idempotency_key {
        message["idempotency_key"] = key.as_str().into();
    }
    let body = message.to_string();
    let headers = "Content-Type: application/json\r\nAccept: application/json\r\n";
    let request = Request { method: "POST", path: "/api/publish", headers, body: body.as_bytes(), patience: PATIENCE };
    let answer = remote.ask(&request).map_err(|unanswered| unknown(unanswered, arguments))?;
    let (status, reason) = (answer.status, answer.reason.clone());
    let after = answer.header("retry-after").map(str::to_owned);
    let text = text(answer, &remote, arguments)?;
    // A server that waited in vain, or a proxy that waited for it: the message may have gone through.
    if matches!(status, 502 | 504) {
        let said = serde_json::from_str::<Problem>(&text).unwrap_or_default().message;
        let said = if said.is_empty() { &reason } else { &said };
        let why = format!("{} answered {status}: {said}", remote.authority());
        return Err(unknown(Unanswered::Lost(why), arguments));
    }
    if status != 200 {
        return Err(refusal(status, &reason, after.as_deref(), &text));
    }
    let said = serde_json::from_str::<Published>(&text).map_err(|_| {
        let what = format!("{} answered with something else than a Tightwire server", remote.authority());
        (Exit::Unreadable, what)
    })?;
    Ok(if arguments.json { format!("{}\n", text.trim_end()) } else { said.text() })
}

/// What the message says: the argument itself, a file, or standard input.
fn data(argument: &str) -> Result<Value, Refused> {
    let unreadable = |from: &str, error: std::io::Error| (Exit::Unreadable, format!("cannot read {from}: {error}"));
    let (from, text) = match (argument, argument.strip_prefix('@')) {
        ("-", _) => {
            let mut text = String::new();
            let read = std::io::stdin().lock().take(MAX_BYTES).read_to_string(&mut text);
            read.map_err(|error| unreadable("standard input", error))?;
            ("standard input", text)
        }
        (_, Some(path)) => (path, fs::read_to_string(path).map_err(|error| unreadable(path, error))?),
        _ => ("the data", argument.to_owned()),
    };
    serde_json::from_str(&text).map_err(|error| (Exit::Usage, format!("{from} is not JSON: {error}")))
}

/// What a server answers that has published something.
#[derive(Deserialize)]
struct Published {
    id: String,
    position: Option<Position>,
}

#[derive(Deserialize)]
struct Position {
    epoch: String,
    seq: u64,
}

impl Published {
    fn text(&self) -> String {
        match &self.position {
            Some(Position { epoch, seq }) => format!("published at {epoch}:{seq}, id {}\n", self.id),
            None => format!("published without a position (it is not kept for replay), id {}\n", self.id),
        }
    }
}

/// What a server answers that has not.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Problem {
    message: String,
    violations: Vec<Violation>,
}

fn text(answer: Answer, remote: &Remote, arguments: &PublishArguments) -> Result<String, Refused> {
    let status = answer.status;
    match answer.text(MAX_BYTES) {
        Err(error) if status == 200 => {
            let why = format!("the answer of {} broke off: {error}", remote.authority());
            Err(unknown(Unanswered::Lost(why), arguments))
        }
        // What a refusal says is worth less than that it is one.
        text => Ok(text.unwrap_or_default()),
    }
}

/// Nobody answered.
fn unknown(unanswered: Unanswered, arguments: &PublishArguments) -> Refused {
    let complaint = match unanswered {
        Unanswered::Unreached(why) => format!("nothing was published: {why}"),
        Unanswered::Lost(why) => {
            let next = match arguments.idempotency_key {
                Some(_) => "the same command again, with the same --idempotency-key, publishes it once",
                None => "with an --idempotency-key the command could be repeated without publishing twice",
            };
            format!("it is not known whether the message was published: {why}; {next}")
        }
    };
    (Exit::Unreadable, complaint)
}

/// The server said no.
fn refusal(status: u16, reason: &str, after: Option<&str>, text: &str) -> Refused {
    let problem = serde_json::from_str::<Problem>(text).unwrap_or_default();
    let said = if problem.message.is_empty() { reason } else { &problem.message };
    let next = match (status, after) {
        (401, _) => "; give a token with --token or in TIGHTWIRE_TOKEN (`tightwire token` makes one to try)".to_owned(),
        (429, Some(seconds)) => format!("; try again in {seconds} s"),
        _ => String::new(),
    };
    let exit = if matches!(status, 400 | 404) { Exit::Faulty } else { Exit::Unreadable };
    let violations: String = problem.violations.iter().map(Violation::line).collect();
    (exit, format!("the server answered {status}: {said}{next}{violations}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(status: u16, after: Option<&str>, text: &str, expected: (Exit, &str)) {
        let (exit, complaint) = refusal(status, "Reason", after, text);
        assert_eq!((exit, &*complaint), expected);
    }

    #[test]
    fn positions_are_where_to_go_on() {
        let text = |answer| serde_json::from_str::<Published>(answer).expect("an answer").text();
        assert_eq!(text(r#"{"id":"i","position":{"epoch":"e","seq":7}}"#), "published at e:7, id i\n");
        assert!(text(r#"{"id":"i","position":null}"#).starts_with("published without a position"));
    }

    #[test]
    fn refusals_say_what_to_do() {
        let body = r#"{"error":"Unauthorized","message":"a token is needed"}"#;
        let expected = "the server answered 401: a token is needed; give a token with --token or in TIGHTWIRE_TOKEN \
                        (`tightwire token` makes one to try)";
        check(401, None, body, (Exit::Unreadable, expected));
        check(429, Some("3"), "{}", (Exit::Unreadable, "the server answered 429: Reason; try again in 3 s"));
        check(503, None, "<html>", (Exit::Unreadable, "the server answered 503: Reason"));
        let body =
            r#"{"message":"no","violations":[{"pointer":"/data/a","keyword":"required","message":"is required"}]}"#;
        check(400, None, body, (Exit::Faulty, "the server answered 400: no\n  /data/a: is required"));
    }
}

//! What tests say to the provider, over HTTP on the port that clients connect to. `docs/contracts.md` lists the requests.

use std::io;

use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};

use super::draft::Draft;
use super::http::{Head, answer};
use super::shared::Shared;

/// Where the control API is.
pub(super) const PREFIX: &str = "/__pact/";

/// Serves one control request.
pub(super) async fn serve(
    head: Head,
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    shared: &Shared,
) -> io::Result<()> {
    let (method, path) = (head.method.clone(), head.path.clone());
    let body = match head.body(stream).await {
        Ok(body) => body.unwrap_or(Value::Null),
        Err(error) => return answer(stream, 422, &problem(&error)).await,
    };
    let (status, body) = respond(shared, &method, &path, body).await;
    answer(stream, status, &body).await
}

async fn respond(shared: &Shared, method: &str, path: &str, body: Value) -> (u16, Value) {
    let Some(path) = path.strip_prefix(PREFIX).filter(|_| method == "POST") else {
        return (404, problem(&format!("there is no `{method} {path}`; the control API is POST to {PREFIX}…")));
    };
    let steps: Vec<&str> = path.split('/').collect();
    match steps.as_slice() {
        ["sessions"] => {
            let (number, _) = shared.begin();
            (200, json!({"session": number, "url": shared.url(number)}))
        }
        ["finish"] => {
            let outcome = shared.finish();
            (200, json!({"outcome": outcome.name(), "text": outcome.to_string()}))
        }
        ["sessions", number, rest @ ..] => {
            let number = number.parse().ok();
            let Some((number, session)) = number.and_then(|number| Some((number, shared.session(number)?))) else {
                return (404, problem(&"there is no such session: it is over, or never began"));
            };
            match rest {
                ["interactions"] => match serde_json::from_value::<Draft>(body) {
                    Ok(draft) => match session.expect(&draft) {
                        Ok(interaction) => (200, json!({"interaction": interaction})),
                        Err(problems) => (422, json!({"problems": problems})),
                    },
                    Err(error) => (422, problem(&format!("not an interaction: {error}"))),
                },
                ["push", interaction] => match interaction.parse() {
                    Ok(interaction) => match session.push(interaction).await {
                        Ok(()) => (200, json!({})),
                        Err(reason) => (409, problem(&reason)),
                    },
                    Err(_) => (404, problem(&"an interaction is named by its number")),
                },
                ["end"] => {
                    let passed = body.get("passed") == Some(&json!(true));
                    let ended = shared.end(number, passed);
                    (200, json!({"problems": ended.problems, "transcript": ended.transcript}))
                }
                _ => (404, problem(&"the control API has no such request")),
            }
        }
        _ => (404, problem(&"the control API has no such request")),
    }
}

fn problem(reason: &impl ToString) -> Value {
    json!({"problems": [reason.to_string()]})
}

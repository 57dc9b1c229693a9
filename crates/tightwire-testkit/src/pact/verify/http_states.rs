//! Provider states over HTTP, as Pact's own verifiers set them up: `POST {"state", "params", "action"}` to one URL.

use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::Uri;
use serde_json::{Map, Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::states::{StateChange, StateHandler};
use crate::json as text;

/// How long the server may take to get into a state.
const PATIENCE: Duration = Duration::from_secs(30);
/// The largest answer that is read.
const ANSWER_BYTES: u64 = 1 << 20;

/// Tells a URL which state the server is to be in.
///
/// The body is `{"state": name, "params": {…}, "action": "setup" | "teardown"}`. Any status from 200 to 299 is a yes; an object in
/// the answer are values for `ProviderState` generators.
#[derive(Clone, Debug)]
pub struct HttpStates {
    url: Uri,
}

impl HttpStates {
    /// A handler at this URL, for instance `http://127.0.0.1:9000/states`.
    ///
    /// # Errors
    /// Where it is not an `http://` URL.
    pub fn new(url: &str) -> Result<Self, String> {
        let parsed: Uri = url.parse().map_err(|error| format!("`{url}` is not a URL: {error}"))?;
        if parsed.scheme_str() != Some("http") || parsed.host().is_none() {
            return Err(format!("`{url}` is not the `http://` URL of a place where provider states are set up"));
        }
        Ok(Self { url: parsed })
    }

    async fn ask(&self, change: StateChange) -> Result<Map<String, Value>, String> {
        let StateChange { action, state } = change;
        let body = json!({"state": state.name, "params": state.params, "action": action.as_str()}).to_string();
        let answer = tokio::time::timeout(PATIENCE, self.post(&body)).await;
        let answer = answer.map_err(|_| format!("{} has not answered within {PATIENCE:?}", self.url))?;
        let answer = answer.map_err(|error| format!("{} does not answer: {error}", self.url))?;
        let (head, body) =
            answer.split_once("\r\n\r\n").ok_or_else(|| format!("{} does not answer in HTTP", self.url))?;
        let status: u16 = head.get(9..12).and_then(|status| status.parse().ok()).unwrap_or_default();
        if !(200..300).contains(&status) {
            return Err(format!("{} answered {status}: {}", self.url, text::shorten(body.trim(), 300)));
        }
        Ok(serde_json::from_str(body).unwrap_or_default())
    }

    /// HTTP/1.0, so that the answer is what comes until the connection ends.
    async fn post(&self, body: &str) -> std::io::Result<String> {
        let (host, port) = (self.url.host().unwrap_or_default(), self.url.port_u16().unwrap_or(80));
        let path = self.url.path_and_query().map_or("/", |path| path.as_str());
        let address = (host.trim_start_matches('[').trim_end_matches(']'), port);
        let mut stream = TcpStream::connect(address).await?;
        let length = body.len();
        let request = format!(
            "POST {path} HTTP/1.0\r\nHost: {host}:{port}\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.take(ANSWER_BYTES).read_to_end(&mut answer).await?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }
}

impl StateHandler for HttpStates {
    fn change(&self, change: StateChange) -> BoxFuture<'_, Result<Map<String, Value>, String>> {
        self.ask(change).boxed()
    }
}

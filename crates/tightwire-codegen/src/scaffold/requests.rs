//! The requests with which the tests of a new project connect: what the document requires, and nothing else.

use std::fmt::Write;

use serde_json::Value;

use super::Plan;
use crate::cases;
use crate::handshakes::{self, Handshake, Kind, Parameter, Place};

/// The request of a handshake.
pub(super) struct Request {
    /// Path and query, encoded.
    pub(super) target: String,
    /// Headers by name.
    pub(super) headers: Vec<(String, String)>,
}

/// The handshakes of all routes with a request for each; none where no value could be made for what is required.
pub(super) fn all<'ir>(plan: &Plan<'ir>) -> Vec<(Handshake<'ir>, Option<Request>)> {
    let handshakes = handshakes::all(plan.ir, plan.config).into_iter();
    let requested = handshakes.map(|handshake| {
        let request = request(plan, &handshake);
        (handshake, request)
    });
    requested.collect()
}

fn request(plan: &Plan<'_>, handshake: &Handshake<'_>) -> Option<Request> {
    let mut request = Request { target: handshake.path.to_owned(), headers: Vec::new() };
    let mut separator = '?';
    for parameter in handshake.parameters.iter().filter(|parameter| parameter.required) {
        let texts = texts(plan, parameter)?;
        match parameter.place {
            Place::Path => {
                // What the document says nothing of must be something.
                let text = texts.first().map_or("a", |text| if text.is_empty() { "a" } else { text });
                request.target = request.target.replace(&format!("{{{}}}", parameter.name), &encoded(text));
            }
            Place::Query => {
                for text in texts {
                    let _ = write!(request.target, "{separator}{}={}", encoded(&parameter.name), encoded(&text));
                    separator = '&';
                }
            }
            Place::Header => {
                let text = texts.join(", ");
                let can_be_sent = text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
                request.headers.push(can_be_sent.then(|| (parameter.name.clone(), text))?);
            }
        }
    }
    Some(request)
}

/// The texts of an example of a parameter: several of a list.
fn texts(plan: &Plan<'_>, parameter: &Parameter) -> Option<Vec<String>> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    };
    // What may be anything is a text on the wire.
    let only_text = parameter.kinds == [Kind::String];
    let fits = |value: &Value| if only_text { value.is_string() } else { !value.is_null() };
    Some(match cases::example(plan.ir, &parameter.schema, fits)? {
        Value::Array(items) => items.iter().map(text).collect(),
        value => vec![text(&value)],
    })
}

/// A segment of a path, or a name or value of a query.
fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

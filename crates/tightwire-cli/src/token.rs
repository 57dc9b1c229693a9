//! `tightwire token`: makes a JSON Web Token to try a server with. Whoever issues tokens in earnest has a better place for
//! its keys.

use std::io::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Map, Value, json};

use crate::cli::{Exit, TokenArguments};
use crate::output::Output;

/// The least that HS256 asks of a secret (RFC 7518, section 3.2), and what servers insist on.
const LEAST_SECRET_BYTES: usize = 32;

pub(crate) fn run<O: Write, E: Write>(arguments: &TokenArguments, output: &mut Output<O, E>) -> Exit {
    let secret = match secret(arguments) {
        Ok(secret) => secret,
        Err((exit, complaint)) => {
            output.complaint(&complaint);
            return exit;
        }
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    match encode(&Header::new(Algorithm::HS256), &claims(arguments, now), &EncodingKey::from_secret(&secret)) {
        Ok(token) => {
            output.result(&format!("{token}\n"));
            Exit::Clean
        }
        Err(error) => {
            output.complaint(&format!("the token cannot be made: {error}"));
            Exit::Usage
        }
    }
}

fn secret(arguments: &TokenArguments) -> Result<Vec<u8>, (Exit, String)> {
    let secret = match (&arguments.secret_file, &arguments.secret) {
        (Some(path), _) => {
            let mut secret = std::fs::read(path)
                .map_err(|error| (Exit::Unreadable, format!("cannot read {}: {error}", path.display())))?;
            // The line break at its end, which editors leave, is not part of it.
            while secret.last().is_some_and(|byte| b"\r\n".contains(byte)) {
                secret.pop();
            }
            secret
        }
        (None, secret) => secret.clone().unwrap_or_default().into_bytes(),
    };
    if secret.len() < LEAST_SECRET_BYTES {
        let complaint = format!(
            "a secret for HS256 has at least {LEAST_SECRET_BYTES} bytes, and this one has {}; `openssl rand -base64 48` \
             makes one",
            secret.len()
        );
        return Err((Exit::Usage, complaint));
    }
    Ok(secret)
}

fn claims(arguments: &TokenArguments, now: u64) -> Value {
    let mut claims = Map::new();
    claims.insert("sub".to_owned(), json!(arguments.sub));
    for (name, value) in [("aud", &arguments.aud), ("iss", &arguments.iss)] {
        if let Some(value) = value {
            claims.insert(name.to_owned(), json!(value));
        }
    }
    if !arguments.roles.is_empty() {
        claims.insert("roles".to_owned(), json!(arguments.roles));
    }
    if !arguments.topics.is_empty() {
        claims.insert("topics".to_owned(), json!(arguments.topics));
    } else if !arguments.read.is_empty() || !arguments.write.is_empty() {
        claims.insert("topics".to_owned(), json!({"read": arguments.read, "write": arguments.write}));
    }
    claims.insert("iat".to_owned(), json!(now));
    claims.insert("exp".to_owned(), json!(now.saturating_add(arguments.expires_in)));
    Value::Object(claims)
}

//! What Redis answers, read without trust: whatever it is, it is a value or an error.

use redis::{ServerErrorKind, Value};

/// An answer is not what was expected: somebody else writes under our keys, or it is no Redis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Redis answered something that was not expected")]
pub(super) struct Unexpected;

/// What is to be done about an error that Redis has answered. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// This server does not do it, or not now; another, or the same later, does.
    Elsewhere(String),
    /// Asking again does not help until somebody has mended something.
    Denied(String),
    /// A publication of the same writer is missing before this one.
    Hole,
    /// Somebody has taken over from whoever asks.
    Fenced,
}

impl Refusal {
    /// The error that an answer is, if it is one.
    pub(super) fn of(answer: &Value) -> Option<Self> {
        let Value::ServerError(error) = answer else { return None };
        if error.code() == "WRITER" {
            return Some(Self::Hole);
        }
        if error.code() == "FENCED" {
            return Some(Self::Fenced);
        }
        let is_right = error.details().is_some_and(|details| details.contains("user executing the script"));
        let text = match hint(if is_right { "NOPERM" } else { error.code() }) {
            Some(hint) => format!("{error}; {hint}"),
            None => error.to_string(),
        };
        let passes = match error.kind() {
            Some(
                ServerErrorKind::BusyLoading
                | ServerErrorKind::NoScript
                | ServerErrorKind::Moved
                | ServerErrorKind::Ask
                | ServerErrorKind::TryAgain
                | ServerErrorKind::ClusterDown
                | ServerErrorKind::MasterDown
                | ServerErrorKind::ReadOnly,
            ) => true,
            // A script of somebody else runs for too long; a blocked client was let go because the server is no master any
            // more.
            _ => matches!(error.code(), "BUSY" | "UNBLOCKED"),
        };
        Some(if passes { Self::Elsewhere(text) } else { Self::Denied(text) })
    }
}

/// What to do about an error, where Redis does not say it.
pub(super) fn hint(code: &str) -> Option<&'static str> {
    Some(match code {
        "OOM" => "give Redis more memory (`maxmemory`), or let topics keep less",
        "NOAUTH" | "WRONGPASS" => {
            "give `redis_url` the user and the password of that Redis, as in redis://user:password@host"
        }
        "NOPERM" => "give the user in `redis_url` the rights that docs/redis.md names",
        "WRONGTYPE" | "STRANGER" => {
            "somebody else writes keys with this system's prefix: delete what they have written, or change `redis_prefix`"
        }
        "READONLY" => "`redis_url` leads to a replica: name the master, or Sentinels that know it",
        "NOREPLICAS" => "the master has lost its replicas (`min-replicas-to-write`)",
        _ => return None,
    })
}

/// Bytes, if that is what it is.
pub(super) fn bytes(value: &Value) -> Result<&[u8], Unexpected> {
    match value {
        Value::BulkString(bytes) => Ok(bytes),
        Value::SimpleString(text) => Ok(text.as_bytes()),
        _ => Err(Unexpected),
    }
}

/// Text, if that is what it is.
pub(super) fn text(value: &Value) -> Result<&str, Unexpected> {
    std::str::from_utf8(bytes(value)?).map_err(|_| Unexpected)
}

/// A number, whichever way it is written.
pub(super) fn number(value: &Value) -> Result<u64, Unexpected> {
    match value {
        Value::Int(number) => u64::try_from(*number).map_err(|_| Unexpected),
        _ => text(value)?.parse().map_err(|_| Unexpected),
    }
}

/// A list, if that is what it is.
pub(super) fn list(value: &Value) -> Result<&[Value], Unexpected> {
    match value {
        Value::Array(values) => Ok(values),
        _ => Err(Unexpected),
    }
}

/// A list of so many.
pub(super) fn array<const N: usize>(value: &Value) -> Result<&[Value; N], Unexpected> {
    list(value)?.try_into().map_err(|_| Unexpected)
}

/// Names and values, one after the other.
pub(super) fn pairs(value: &Value) -> Result<impl Iterator<Item = (&Value, &Value)>, Unexpected> {
    let list = list(value)?;
    if list.len() % 2 == 1 {
        return Err(Unexpected);
    }
    Ok(list.chunks_exact(2).map(|pair| (&pair[0], &pair[1])))
}

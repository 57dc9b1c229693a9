//! How often one address may ask.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tightwire_proto::address_rate::{AddressRate, AddressRates};
use warp::http::header::RETRY_AFTER;
use warp::http::{HeaderValue, StatusCode};
use warp::reply::Response;

use super::answer::problem;
use crate::clock;
use crate::server::RemoteAddr;

/// How many addresses a generation remembers: some 300 KB in all.
const ADDRESSES: usize = 4096;

/// How often one address may ask.
#[derive(Debug)]
pub(super) struct Rate(Option<Mutex<AddressRates>>);

impl Rate {
    /// `None` is no limit.
    pub(super) fn new(rate: Option<AddressRate>) -> Self {
        Self(rate.map(|rate| Mutex::new(AddressRates::new(rate, ADDRESSES))))
    }

    /// Lets the request through, or says what to answer.
    pub(super) fn pass(&self, remote: Option<RemoteAddr>) -> Result<(), Response> {
        let Some((rates, RemoteAddr(remote))) = self.0.as_ref().zip(remote) else { return Ok(()) };
        let passed = rates.lock().unwrap_or_else(PoisonError::into_inner).pass(remote.ip(), clock::now());
        passed.map_err(too_many)
    }
}

/// The answer to an address that should wait.
pub(super) fn too_many(wait: Duration) -> Response {
    let text = "this address sends too many requests; try again later";
    let mut response = problem(StatusCode::TOO_MANY_REQUESTS, text);
    // In whole seconds, and not too soon.
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait.as_secs() + 1));
    response
}

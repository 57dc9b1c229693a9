//! What clients say in the handshake: headers, subprotocols and the parameters of the query.

use std::fmt::Display;

use http::{HeaderName, HeaderValue};
use tokio_websockets::{ClientBuilder, Limits};

use crate::harness::ConnectError;

/// What a client says in the handshake.
#[derive(Clone, Debug, Default)]
pub(crate) struct Handshake {
    headers: Vec<(HeaderName, HeaderValue)>,
    subprotocols: Vec<String>,
    /// The parameters of the query, encoded: `name=value`.
    query: Vec<String>,
}

impl Handshake {
    /// Adds a header. The error says that it cannot be one, without the value, which may be a credential.
    pub(crate) fn add_header(&mut self, name: &str, value: &str) -> Result<(), String> {
        let (Ok(header), Ok(content)) = (name.parse(), value.parse()) else {
            return Err(format!("the header `{name}` has a name or a value that HTTP does not allow"));
        };
        self.headers.push((header, content));
        Ok(())
    }

    /// Offers a subprotocol after those that are offered already.
    pub(crate) fn add_subprotocol(&mut self, name: &str) {
        self.subprotocols.push(name.to_owned());
    }

    /// Adds a parameter to the query.
    pub(crate) fn add_query(&mut self, name: &str, value: &str) {
        let encoded = tightwire::client::url("", "", &[], &[(name, value)]);
        self.query.extend(encoded.split_once('?').map(|(_, query)| query.to_owned()));
    }

    /// A client that asks for this URL.
    pub(crate) fn builder(&self, url: &str) -> Result<ClientBuilder<'static>, ConnectError> {
        // Values may be credentials: messages have the address without them.
        let mut with_query = url.to_owned();
        for parameter in &self.query {
            with_query.push(if with_query.contains('?') { '&' } else { '?' });
            with_query.push_str(parameter);
        }
        let failed = |error: &dyn Display| ConnectError::Failed(format!("{url}: {error}"));
        let mut builder = ClientBuilder::new().uri(&with_query).map_err(|e| failed(&e))?.limits(Limits::unlimited());
        for (name, value) in &self.headers {
            builder = builder.add_header(name.clone(), value.clone()).map_err(|e| failed(&e))?;
        }
        if !self.subprotocols.is_empty() {
            let value = HeaderValue::try_from(self.subprotocols.join(", ")).map_err(|e| failed(&e))?;
            builder = builder.add_header(http::header::SEC_WEBSOCKET_PROTOCOL, value).map_err(|e| failed(&e))?;
        }
        Ok(builder)
    }
}

//! `wss://` for `tightwire contract verify`.

use std::path::Path;

use http::Uri;
use rustls::pki_types::ServerName;
use tightwire_testkit::Target;
use tightwire_testkit::pact::verify::Verifier;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::remote;

/// The verifier with TLS to the server of that URL, which the authorities in the file may vouch for, too.
pub(super) fn secured(verifier: Verifier, url: &str, authorities: Option<&Path>) -> Result<Verifier, String> {
    let wrong = |why: &dyn std::fmt::Display| format!("`{url}` is not the URL of a server: {why}");
    let parsed: Uri = url.parse().map_err(|error| wrong(&error))?;
    let host = parsed.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let name = ServerName::try_from(host.clone()).map_err(|error| wrong(&error))?;
    let connector = TlsConnector::from(remote::tls(authorities)?);
    let port = parsed.port_u16().unwrap_or(443);
    Ok(verifier.opened_by(move || {
        let (host, name, connector) = (host.clone(), name.clone(), connector.clone());
        async move {
            let socket = TcpStream::connect((host, port)).await.map_err(|error| error.to_string())?;
            // The time counts: nothing waits for more to send. Where that cannot be had it is only slower.
            let _ = socket.set_nodelay(true);
            let stream = connector.connect(name, socket).await.map_err(|error| remote::insecure(&error))?;
            Ok(Target::stream(stream))
        }
    }))
}

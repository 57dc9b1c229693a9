//! TLS: which servers a client believes, and the handshake with them.
//!
//! rustls with *ring*. The roots are Mozilla's, compiled in (`webpki-roots`): one crate without code for each system, and
//! the same servers are believed in a container that has no certificates. What they lack, a private authority above all,
//! is given by the application.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{self, CertificateError, RootCertStore};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::connect::{ConnectError, Target, TlsProblem};

/// Which servers to believe.
#[derive(Clone, Debug)]
pub enum Tls {
    /// Those with a certificate of an authority that Mozilla trusts, or of one of these: the certificates of private
    /// authorities, for instance from `CertificateDer::from_pem_file`.
    Roots(Vec<CertificateDer<'static>>),
    /// Those that this configuration believes, which may have a certificate for the client too.
    Config(Arc<rustls::ClientConfig>),
}

impl Default for Tls {
    fn default() -> Self {
        Self::Roots(Vec::new())
    }
}

impl Tls {
    fn config(&self) -> Result<Arc<rustls::ClientConfig>, rustls::Error> {
        let extra = match self {
            Self::Config(config) => return Ok(Arc::clone(config)),
            Self::Roots(extra) => extra,
        };
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        for certificate in extra {
            roots.add(certificate.clone())?;
        }
        // Named, because another crate of the application may have set another provider for all.
        let builder = rustls::ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let builder = builder.with_safe_default_protocol_versions()?;
        Ok(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
    }
}

/// Makes a secure stream of a stream.
pub(super) async fn secure<IO: AsyncRead + AsyncWrite + Unpin>(
    stream: IO,
    target: &Target,
    tls: &Tls,
) -> Result<TlsStream<IO>, ConnectError> {
    let problem = |problem| ConnectError::Tls { authority: target.authority(), problem };
    let config = tls.config().map_err(|error| problem(TlsProblem::Other(io::Error::other(error))))?;
    let name = ServerName::try_from(target.host().to_owned())
        .map_err(|_| ConnectError::Url("its host is neither a name nor an address".to_owned()))?;
    let connected = TlsConnector::from(config).connect(name, stream).await;
    connected.map_err(|error| problem(explain(error)))
}

/// The same for a stream to somewhere else than a server of this protocol.
#[cfg(feature = "redis")]
pub(crate) async fn secure_stream<IO: AsyncRead + AsyncWrite + Unpin>(
    stream: IO,
    host: &str,
    tls: &Tls,
) -> io::Result<TlsStream<IO>> {
    let config = tls.config().map_err(io::Error::other)?;
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    TlsConnector::from(config).connect(name, stream).await
}

fn explain(error: io::Error) -> TlsProblem {
    let Some(reason) = error.get_ref().and_then(|error| error.downcast_ref::<rustls::Error>()) else {
        return TlsProblem::Other(error);
    };
    match reason {
        rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType) => TlsProblem::NotTls,
        rustls::Error::InvalidCertificate(reason) => match reason {
            // The latter where an authority was made anew under its old name.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => TlsProblem::UnknownIssuer,
            CertificateError::NotValidForName => TlsProblem::WrongName(Vec::new()),
            CertificateError::NotValidForNameContext { presented, .. } => TlsProblem::WrongName(presented.clone()),
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => TlsProblem::WrongTime,
            _ => TlsProblem::Other(error),
        },
        _ => TlsProblem::Other(error),
    }
}

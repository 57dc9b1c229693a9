//! With which certificate the server speaks TLS, as the settings say.

use super::ServerSettings;
#[cfg(feature = "tls")]
use crate::tls::{ServerTls, ServerTlsError};

/// Why there is no TLS, although the settings ask for it. Each says what to change.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A certificate without its key, or the other way round: give both, or neither.
    #[error("--tls-cert-file and --tls-key-file belong together: give both, or neither")]
    Half,
    /// The server was built without TLS: build it with the feature, or let a proxy end TLS.
    #[error(
        "--tls-cert-file asks for TLS, which this server was built without: build it with `cargo build --features tls`, \
         or let a proxy in front of it end TLS"
    )]
    NotBuiltIn,
    /// The files cannot be used.
    #[cfg(feature = "tls")]
    #[error(transparent)]
    Unusable(#[from] ServerTlsError),
}

/// The files; `None` for plain TCP.
fn files(settings: &ServerSettings) -> Result<Option<(&str, &str)>, TlsError> {
    match (&*settings.tls_cert_file, &*settings.tls_key_file) {
        ("", "") => Ok(None),
        ("", _) | (_, "") => Err(TlsError::Half),
        both => Ok(Some(both)),
    }
}

/// The certificate, if the settings name one.
#[cfg(feature = "tls")]
pub(super) fn tls(settings: &ServerSettings) -> Result<Option<ServerTls>, TlsError> {
    let files = files(settings)?;
    Ok(files.map(|(certificate, key)| ServerTls::from_pem_files(certificate, key)).transpose()?)
}

/// Without TLS the settings must not ask for it.
#[cfg(not(feature = "tls"))]
pub(super) fn refuse(settings: &ServerSettings) -> Result<(), TlsError> {
    if files(settings)?.is_some() { Err(TlsError::NotBuiltIn) } else { Ok(()) }
}

//! TLS of the server, for those without a proxy that ends it: rustls with *ring*, certificate and key from PEM files.

use std::fmt;
#[cfg(unix)]
use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use tokio::io::{AsyncRead, AsyncWrite};
#[cfg(unix)]
use tokio::signal::unix::{SignalKind, signal};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig};
use tokio_rustls::server::TlsStream;

/// The certificate that a server shows, and its key. Clones are handles on the same.
#[derive(Clone)]
pub struct ServerTls {
    certificate: PathBuf,
    key: PathBuf,
    /// What new connections use. Replaced as a whole by [`Self::reload`].
    config: Arc<RwLock<Arc<ServerConfig>>>,
}

/// Names the files, not what is in them.
impl fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerTls")
            .field("certificate", &self.certificate)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

/// Why there is no certificate to show. Mend the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerTlsError {
    /// A file cannot be read, or has nothing of what it should have.
    #[error("cannot read {what} from {path}: {cause}; it should be a PEM file")]
    File {
        /// What should be in it.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: pem::Error,
    },
    /// Certificate and key do not belong together, or are of a kind that is not known.
    #[error("the certificate in {path} cannot be used with its key: {cause}")]
    Pair {
        /// The file of the certificate.
        path: PathBuf,
        /// Why.
        #[source]
        cause: rustls::Error,
    },
}

impl ServerTls {
    /// Reads the certificate, with those that lead to its authority behind it, and the key.
    ///
    /// # Errors
    /// See [`ServerTlsError`].
    pub fn from_pem_files(certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Result<Self, ServerTlsError> {
        let (certificate, key) = (certificate.into(), key.into());
        let config = Arc::new(RwLock::new(read(&certificate, &key)?));
        Ok(Self { certificate, key, config })
    }

    /// Reads the files again, for a certificate that was renewed. Connections that are there keep what they have.
    ///
    /// # Errors
    /// See [`ServerTlsError`]: the server goes on with what it had.
    pub fn reload(&self) -> Result<(), ServerTlsError> {
        let config = read(&self.certificate, &self.key)?;
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = config;
        Ok(())
    }

    /// Reads the files again whenever the process is sent SIGHUP, from now on and for as long as the future is polled.
    /// What cannot be used is said in the log, and the server goes on with what it had.
    ///
    /// # Errors
    /// If the signal cannot be listened for.
    #[cfg(unix)]
    pub fn reload_on_hangup(&self) -> io::Result<impl Future<Output = ()> + Send + use<>> {
        let mut hangups = signal(SignalKind::hangup())?;
        let tls = self.clone();
        Ok(async move {
            while hangups.recv().await.is_some() {
                // Small files, but files: not on a thread that serves connections.
                let reading = tls.clone();
                match tokio::task::spawn_blocking(move || reading.reload()).await {
                    Ok(Ok(())) => {
                        tracing::info!(certificate = %tls.certificate.display(), "the certificate was read again")
                    }
                    Ok(Err(error)) => {
                        tracing::error!(%error, "the certificate cannot be used; the one before stays in force");
                    }
                    Err(error) => tracing::error!(%error, "the certificate was not read"),
                }
            }
        })
    }

    /// Makes a secure stream of a stream.
    pub(crate) async fn accept<IO: AsyncRead + AsyncWrite + Unpin>(&self, stream: IO) -> io::Result<TlsStream<IO>> {
        let config = Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner));
        TlsAcceptor::from(config).accept(stream).await
    }
}

fn read(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, ServerTlsError> {
    let file = |what, path: &Path| {
        let path = path.to_owned();
        move |cause| ServerTlsError::File { what, path, cause }
    };
    let chain: Result<Vec<_>, _> =
        CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let chain = chain.and_then(|chain| if chain.is_empty() { Err(pem::Error::NoItemsFound) } else { Ok(chain) });
    let chain = chain.map_err(file("a certificate", certificate))?;
    let private = PrivateKeyDer::from_pem_file(key).map_err(file("a private key", key))?;
    let wrong = |cause| ServerTlsError::Pair { path: certificate.to_owned(), cause };
    // Named, because another crate of the application may have set another provider for all.
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().map_err(wrong)?;
    let mut config = builder.with_no_client_auth().with_single_cert(chain, private).map_err(wrong)?;
    // A WebSocket begins over HTTP/1.1, and that is all that is spoken here.
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

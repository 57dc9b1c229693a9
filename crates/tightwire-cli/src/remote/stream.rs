//! A connection, with TLS or without.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::Path;

/// How connections are made secure.
#[derive(Clone)]
pub(super) enum Security {
    /// Not at all.
    Plain,
    #[cfg(feature = "tls")]
    Tls(std::sync::Arc<rustls::ClientConfig>),
}

impl Security {
    /// Without TLS nobody is asked for a certificate.
    pub(super) fn plain(authorities: Option<&Path>) -> Result<Self, String> {
        match authorities {
            None => Ok(Self::Plain),
            Some(_) => Err("--ca-file is for URLs that begin with https://".to_owned()),
        }
    }

    #[cfg(feature = "tls")]
    pub(super) fn tls(authorities: Option<&Path>) -> Result<Self, String> {
        Ok(Self::Tls(tls(authorities)?))
    }

    #[cfg(not(feature = "tls"))]
    pub(super) fn tls(_: Option<&Path>) -> Result<Self, String> {
        Err("this command was built without TLS: build it with the feature `tls` for https://".to_owned())
    }

    pub(super) fn is_plain(&self) -> bool {
        matches!(self, Self::Plain)
    }

    /// Makes a connection secure.
    pub(super) fn secure(&self, socket: TcpStream, host: &str) -> Result<Stream, String> {
        match self {
            Self::Plain => {
                // The name is for certificates only.
                let _ = host;
                Ok(Stream::Plain(socket))
            }
            #[cfg(feature = "tls")]
            Self::Tls(config) => {
                let name = rustls::pki_types::ServerName::try_from(host.to_owned())
                    .map_err(|_| "the host is neither a name nor an address".to_owned())?;
                let session = rustls::ClientConnection::new(std::sync::Arc::clone(config), name)
                    .map_err(|error| error.to_string())?;
                let mut stream = rustls::StreamOwned::new(session, socket);
                // Before the request is sent: so it is known that nothing was, if this fails.
                while stream.conn.is_handshaking() {
                    stream.conn.complete_io(&mut stream.sock).map_err(|error| insecure(&error))?;
                }
                Ok(Stream::Tls(Box::new(stream)))
            }
        }
    }
}

/// TLS that believes servers with a certificate of an authority that Mozilla trusts, or of one in the file.
#[cfg(feature = "tls")]
pub(crate) fn tls(authorities: Option<&Path>) -> Result<std::sync::Arc<rustls::ClientConfig>, String> {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject;

    let mut roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(path) = authorities {
        let wrong = |why: &dyn fmt::Display| format!("--ca-file {}: {why}", path.display());
        let before = roots.len();
        for certificate in CertificateDer::pem_file_iter(path).map_err(|error| wrong(&error))? {
            roots.add(certificate.map_err(|error| wrong(&error))?).map_err(|error| wrong(&error))?;
        }
        if roots.len() == before {
            return Err(wrong(&"there is no certificate in it"));
        }
    }
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| error.to_string())?;
    Ok(std::sync::Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
}

/// Why there is no TLS, and what may help.
#[cfg(feature = "tls")]
pub(crate) fn insecure(error: &io::Error) -> String {
    use rustls::CertificateError::{BadSignature, UnknownIssuer};
    use rustls::Error::{InvalidCertificate, InvalidMessage};

    let hint = match error.get_ref().and_then(|error| error.downcast_ref::<rustls::Error>()) {
        Some(InvalidCertificate(UnknownIssuer | BadSignature)) => {
            "; nobody who is trusted has issued its certificate. If you know who has, give their certificate with --ca-file"
        }
        Some(InvalidMessage(_)) => "; what listens there does not speak TLS. Is it http://?",
        _ => "",
    };
    format!("no TLS: {error}{hint}")
}

impl fmt::Debug for Security {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain => "Plain",
            #[cfg(feature = "tls")]
            Self::Tls(_) => "Tls",
        })
    }
}

/// A connection.
pub(super) enum Stream {
    Plain(TcpStream),
    #[cfg(feature = "tls")]
    Tls(Box<rustls::StreamOwned<rustls::ClientConnection, TcpStream>>),
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer),
            #[cfg(feature = "tls")]
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(bytes),
            #[cfg(feature = "tls")]
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            #[cfg(feature = "tls")]
            Self::Tls(stream) => stream.flush(),
        }
    }
}

//! Who may connect, as the settings say.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::ServerSettings;
use crate::auth::{Auth, Jwt, KeysError, WeakSecret};

/// Why nobody can be authenticated. Each says which setting to change.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthError {
    /// Nothing says how: give a secret, or serve everyone.
    #[error(
        "nothing says how clients are authenticated: give --auth-jwks-file or --auth-jwt-secret-file, or start with --auth-disabled \
         (loopback addresses only), or with --auth-disabled-anywhere behind something that authenticates"
    )]
    Nothing,
    /// More than one way is given: keep one.
    #[error("only one of --auth-jwt-secret, --auth-jwt-secret-file and --auth-jwks-file may be given")]
    Ambiguous,
    /// The secret's file cannot be read.
    #[error("cannot read the file of --auth-jwt-secret-file, {path}: {cause}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// The key set cannot be used.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The secret is too short.
    #[error(transparent)]
    Weak(#[from] WeakSecret),
    /// Everyone may connect, and the address can be reached from other machines.
    #[error(
        "--auth-disabled is for loopback addresses, and {0} can be reached from other machines: everyone there could \
         read and write every thread. Listen on 127.0.0.1, or start with --auth-disabled-anywhere if something in front \
         of the server keeps strangers out"
    )]
    Reachable(SocketAddr),
}

impl From<AuthError> for io::Error {
    fn from(error: AuthError) -> Self {
        Self::new(io::ErrorKind::PermissionDenied, error)
    }
}

/// How the server authenticates clients. Switching it off wins over everything else.
///
/// # Errors
/// See [`AuthError`].
pub(super) fn auth(settings: &ServerSettings) -> Result<Auth, AuthError> {
    if settings.auth_disabled || settings.auth_disabled_anywhere {
        return Ok(Auth::Disabled { force: settings.auth_disabled_anywhere });
    }
    let (secret, file) = (settings.auth_jwt_secret.reveal(), &*settings.auth_jwt_secret_file);
    let mut jwt = match (secret, file, &*settings.auth_jwks_file) {
        ("", "", "") => return Err(AuthError::Nothing),
        (secret, "", "") => Jwt::secret(secret.as_bytes())?,
        ("", file, "") => Jwt::secret(&secret_in(file)?)?,
        ("", "", keys) => Jwt::jwks_file(keys)?,
        _ => return Err(AuthError::Ambiguous),
    };
    if !settings.auth_audience.is_empty() {
        jwt = jwt.audience(&settings.auth_audience);
    }
    if !settings.auth_issuer.is_empty() {
        jwt = jwt.issuer(&settings.auth_issuer);
    }
    Ok(Auth::Jwt(jwt.leeway(Duration::from_millis(settings.auth_leeway_ms))))
}

/// The file's content, without the line break at its end that editors leave.
fn secret_in(file: &str) -> Result<Vec<u8>, AuthError> {
    let mut secret = std::fs::read(file).map_err(|cause| AuthError::Unreadable { path: file.into(), cause })?;
    while secret.last().is_some_and(|byte| b"\r\n".contains(byte)) {
        secret.pop();
    }
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::settings::tests::read;

    const SECRET: &str = "hunter2-hunter2-hunter2-hunter2-hunter2";

    #[track_caller]
    fn check(flags: &[&str], expected: Result<&str, &str>) {
        let settings = read(flags).expect("the flags are right");
        let found = auth(&settings).map(|auth| format!("{auth:?}")).map_err(|error| error.to_string());
        match (&found, expected) {
            (Ok(found), Ok(expected)) => assert!(found.contains(expected), "{flags:?}: {found}"),
            (Err(found), Err(expected)) => assert!(found.contains(expected), "{flags:?}: {found}"),
            _ => panic!("{flags:?}: {found:?}"),
        }
        assert!(!format!("{found:?}{settings:?}").contains("hunter2"), "a secret is shown");
    }

    #[test]
    fn one_way_is_needed() {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        writeln!(file, "{SECRET}").expect("writable");
        let path = file.path().to_str().expect("UTF-8");
        check(&[], Err("--auth-jwt-secret-file"));
        check(&["--auth-jwt-secret", SECRET], Ok("HS256"));
        check(&["--auth-jwt-secret-file", path], Ok("HS256"));
        check(&["--auth-jwt-secret", SECRET, "--auth-jwt-secret-file", path], Err("only one"));
        check(&["--auth-jwt-secret", "short"], Err("32 bytes"));
        check(&["--auth-jwt-secret-file", "/does/not/exist"], Err("/does/not/exist"));
        check(&["--auth-jwks-file", "/does/not/exist"], Err("/does/not/exist"));
        check(&["--auth-jwks-file", path], Err("not a JSON Web Key Set"));
        check(&["--auth-jwks-file", path, "--auth-jwt-secret-file", path], Err("only one"));
        check(&["--auth-jwt-secret", SECRET, "--auth-disabled"], Ok("Disabled"));
    }

    #[test]
    fn audience_issuer_and_leeway_reach_the_check() {
        let flags = ["--auth-jwt-secret", SECRET, "--auth-audience", "chat", "--auth-leeway-ms", "7"];
        check(&flags, Ok(r#"audience: Some("chat"), issuer: None, leeway_ms: 7"#));
        check(&["--auth-jwt-secret", SECRET, "--auth-issuer", "idp"], Ok(r#"issuer: Some("idp"), leeway_ms: 30000"#));
    }
}

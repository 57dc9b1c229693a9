//! The keys in force: one secret, or a file with a key set that may change while the server runs.
//!
//! The file is read anew at most once a second, and only when a token is to be verified: whoever issues tokens rotates
//! keys by replacing the file. A file that is broken, or gone, changes nothing but the log.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jsonwebtoken::Header;
use serde_json::{Map, Value};

use super::jwks::KeySet;
use super::key::Key;
use super::unauthorized::Unauthorized;
use crate::clock;

/// How long what was read of the file counts.
const FRESH: Duration = Duration::from_secs(1);
/// A key set that is larger is not one.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// The keys in force.
#[derive(Debug)]
pub(super) enum Keyring {
    /// One key, whatever tokens call it.
    One(Key),
    File(KeyFile),
}

/// A file with a key set.
#[derive(Debug)]
pub(super) struct KeyFile {
    path: PathBuf,
    /// Written by whoever verifies a token when it is time to look at the file. Held while the file is read.
    state: Mutex<State>,
}

struct State {
    keys: Arc<KeySet>,
    /// What the last look at the file gave, so that only a change is acted upon, and logged.
    seen: Result<Vec<u8>, io::ErrorKind>,
    looked: Instant,
}

/// Nothing of the file's content: keys may be secrets.
impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").field("keys", &self.keys).finish_non_exhaustive()
    }
}

/// Why there are no keys: correct the file and start again.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The file cannot be read.
    #[error("cannot read the key set {path}: {cause}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// The file is not a key set, or has no key that can be used.
    #[error("the key set {path} cannot be used: {reason}")]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

impl Keyring {
    /// The claims of the token, if a key of the algorithm and the name in its header made the signature.
    pub(super) fn claims(&self, token: &str, header: &Header) -> Result<Map<String, Value>, Unauthorized> {
        match self {
            Self::One(key) => claims([key].into_iter(), token, header),
            Self::File(file) => {
                let keys = file.keys();
                // A token that names no key may be of any.
                let named = |own: &Option<String>| header.kid.is_none() || *own == header.kid;
                claims(keys.0.iter().filter(|(own, _)| named(own)).map(|(_, key)| key), token, header)
            }
        }
    }
}

fn claims<'a>(
    keys: impl Iterator<Item = &'a Key>,
    token: &str,
    header: &Header,
) -> Result<Map<String, Value>, Unauthorized> {
    let mut outcome = Err(Unauthorized::NoKey);
    for key in keys.filter(|key| key.algorithm() == header.alg) {
        outcome = key.claims(token);
        if !matches!(outcome, Err(Unauthorized::Signature)) {
            break;
        }
    }
    outcome
}

impl KeyFile {
    pub(super) fn open(path: &Path) -> Result<Self, KeysError> {
        let text = read(path).map_err(|cause| KeysError::Unreadable { path: path.to_owned(), cause })?;
        let keys = KeySet::parse(&text).map_err(|reason| KeysError::Unusable { path: path.to_owned(), reason })?;
        let state = State { keys: Arc::new(keys), seen: Ok(text), looked: clock::now() };
        Ok(Self { path: path.to_owned(), state: Mutex::new(state) })
    }

    fn keys(&self) -> Arc<KeySet> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = clock::now();
        if now.duration_since(state.looked) >= FRESH {
            state.looked = now;
            self.look(&mut state);
        }
        Arc::clone(&state.keys)
    }

    fn look(&self, state: &mut State) {
        let found = read(&self.path);
        let seen = found.as_ref().map(Clone::clone).map_err(io::Error::kind);
        if seen == state.seen {
            return;
        }
        state.seen = seen;
        let parsed = found.map_err(|error| error.to_string()).and_then(|text| KeySet::parse(&text));
        let path = self.path.display();
        match parsed {
            Ok(keys) => {
                tracing::info!(%path, keys = keys.0.len(), "the key set has changed");
                state.keys = Arc::new(keys);
            }
            Err(error) => tracing::error!(%path, error, "the key set cannot be used; the keys before stay in force"),
        }
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    std::fs::File::open(path)?.take(MAX_FILE_BYTES + 1).read_to_end(&mut text)?;
    if text.len() as u64 > MAX_FILE_BYTES {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "a key set has at most 1 MiB"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str =
        r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"1","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

    #[tokio::test(start_paused = true)]
    async fn the_file_is_read_once_a_second_and_what_is_broken_changes_nothing() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let write = |text: &str| std::fs::write(file.path(), text).expect("writable");
        let second = FIRST.replace(r#""1""#, r#""2""#);
        write(FIRST);
        let keys = KeyFile::open(file.path()).expect("a key set");
        let kid_after = async |ms| {
            tokio::time::advance(Duration::from_millis(ms)).await;
            keys.keys().0[0].0.clone().expect("a name")
        };
        write(&second);
        assert_eq!(kid_after(999).await, "1");
        assert_eq!(kid_after(1).await, "2");
        write("{");
        assert_eq!(kid_after(1000).await, "2");
        write(r#"{"keys":[]}"#);
        assert_eq!(kid_after(1000).await, "2");
        std::fs::remove_file(file.path()).expect("removed");
        assert_eq!(kid_after(1000).await, "2");
        write(FIRST);
        assert_eq!(kid_after(1000).await, "1");
    }

    #[test]
    fn a_huge_file_is_not_a_key_set() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), vec![b' '; 1024 * 1024 + 1]).expect("writable");
        assert!(matches!(KeyFile::open(file.path()), Err(KeysError::Unreadable { .. })));
    }
}

//! Authentication that is the application's own: for clients with an API key, a name and a password, a cookie, or
//! whatever else the document's security schemes say.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use headers::authorization::Basic;
use headers::{Authorization, Cookie, HeaderMapExt};
use warp::http::HeaderMap;

use super::credentials;
use super::identity::Identity;
use super::unauthorized::Unauthorized;
use crate::percent;

/// How long an application may take to know who a client is.
const WITHIN: Duration = Duration::from_secs(10);

/// Knows who a client is by what its request says. For [`Auth::custom`](super::Auth::custom).
///
/// ```
/// use std::collections::HashMap;
/// use tightwire::auth::{Authenticate, Credentials, Denied, Identity};
/// use tightwire::{Auth, Config};
///
/// /// The security scheme `{type: httpApiKey, in: header, name: X-Api-Key}`.
/// struct ApiKeys(HashMap<String, String>);
///
/// impl Authenticate for ApiKeys {
///     async fn authenticate(&self, credentials: &Credentials<'_>) -> Result<Identity, Denied> {
///         let key = credentials.header("X-Api-Key").ok_or(Denied::Missing)?;
///         let owner = self.0.get(key).ok_or(Denied::Invalid)?;
///         Ok(Identity::new(owner).with_roles(["trader"]))
///     }
///
///     fn challenge(&self) -> &'static str {
///         "ApiKey"
///     }
/// }
///
/// let keys = ApiKeys(HashMap::from([("k-1".to_owned(), "ada".to_owned())]));
/// let config = Config { auth: Auth::custom(keys), ..Config::default() };
/// ```
pub trait Authenticate: Send + Sync + 'static {
    /// Who sends the request. Asked once for each handshake and each HTTP request, and for each `authenticate` of a
    /// session, which has only a [token](Credentials::token). After 10 s it counts as [`Denied::Unavailable`]; what holds
    /// a thread up, such as the hash of a password, belongs into `tokio::task::spawn_blocking`.
    ///
    /// # Errors
    /// Why the client is not let in.
    fn authenticate(&self, credentials: &Credentials<'_>) -> impl Future<Output = Result<Identity, Denied>> + Send;

    /// What a 401 says in `WWW-Authenticate`: the scheme, for instance `Basic realm="orders"`.
    fn challenge(&self) -> &'static str {
        "Bearer"
    }
}

/// Why a client is not let in. The client is told that much, and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Denied {
    /// It brings no credentials.
    Missing,
    /// Its credentials are not right, or not for this server.
    Invalid,
    /// They were right once.
    Expired,
    /// Nobody can tell now, for instance because a database does not answer: HTTP status 503, and the client may come
    /// back.
    Unavailable,
}

impl Denied {
    pub(super) fn said(self) -> &'static str {
        match self {
            Self::Missing => "credentials are needed, and none were sent",
            Self::Invalid => "the credentials are not valid here",
            Self::Expired => "the credentials have expired; get new ones",
            Self::Unavailable => "nobody can tell now who may come in; try again later",
        }
    }
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.said())
    }
}

impl std::error::Error for Denied {}

/// What a request says of who sends it. Shows no values, only their names.
#[derive(Clone)]
pub struct Credentials<'a> {
    pub(super) path: &'a str,
    pub(super) query: &'a str,
    pub(super) headers: Cow<'a, HeaderMap>,
    pub(super) token: Option<Cow<'a, str>>,
    pub(super) client: Option<SocketAddr>,
}

impl<'a> Credentials<'a> {
    /// Those of a request.
    pub(crate) fn of(path: &'a str, query: &'a str, headers: &'a HeaderMap, client: Option<SocketAddr>) -> Self {
        Self { path, query, headers: Cow::Borrowed(headers), token: credentials::token(headers, query), client }
    }

    /// Those of a session's `authenticate`.
    pub(crate) fn renewed(token: &'a str, client: Option<SocketAddr>) -> Self {
        let headers = Cow::Owned(HeaderMap::new());
        Self { path: "", query: "", headers, token: Some(Cow::Borrowed(token)), client }
    }

    /// A bearer token: in the header `Authorization`, as the subprotocol `bearer.<token>`, or as `token` in the query,
    /// the first that is there. In `authenticate` of a session the token that it brings.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Name and password of `Authorization: Basic`.
    #[must_use]
    pub fn basic(&self) -> Option<(String, String)> {
        let Authorization(basic) = self.headers.typed_get::<Authorization<Basic>>()?;
        Some((basic.username().to_owned(), basic.password().to_owned()))
    }

    /// The first value of a header, if it is text; its name in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The first value of a name in the query, decoded.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<String> {
        let pairs = percent::decode_query(self.query)?;
        pairs.into_iter().find_map(|(known, value)| (known == name).then_some(value))
    }

    /// A cookie. A browser sends cookies for pages of other origins too: see `Config::allowed_origins`.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.headers.typed_get::<Cookie>()?.get(name).map(str::to_owned)
    }

    /// The path of the request; empty in `authenticate` of a session.
    #[must_use]
    pub fn path(&self) -> &str {
        self.path
    }

    /// The client's address: the peer's, or what trusted proxies say of it.
    #[must_use]
    pub fn client_address(&self) -> Option<SocketAddr> {
        self.client
    }
}

impl fmt::Debug for Credentials<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("path", &self.path)
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// An application's way to know its clients. Clones share it.
#[derive(Clone)]
pub struct Custom(Arc<dyn Erased>);

/// [`Authenticate`], of whatever type.
trait Erased: Send + Sync {
    fn authenticate<'a>(&'a self, credentials: &'a Credentials<'a>) -> BoxFuture<'a, Result<Identity, Denied>>;
    fn challenge(&self) -> &'static str;
}

impl<A: Authenticate> Erased for A {
    fn authenticate<'a>(&'a self, credentials: &'a Credentials<'a>) -> BoxFuture<'a, Result<Identity, Denied>> {
        Box::pin(Authenticate::authenticate(self, credentials))
    }

    fn challenge(&self) -> &'static str {
        Authenticate::challenge(self)
    }
}

impl Custom {
    pub(super) fn new(authenticate: impl Authenticate) -> Self {
        Self(Arc::new(authenticate))
    }

    pub(super) async fn identify(&self, credentials: &Credentials<'_>) -> Result<Identity, Unauthorized> {
        let answer = tokio::time::timeout(WITHIN, self.0.authenticate(credentials)).await;
        answer.unwrap_or(Err(Denied::Unavailable)).map_err(|why| {
            let challenge = self.0.challenge();
            Unauthorized::Denied { why, challenge }
        })
    }
}

impl fmt::Debug for Custom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Custom").finish_non_exhaustive()
    }
}

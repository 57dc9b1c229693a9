//! Who sends an HTTP request, for routes: the server's own and the application's.

use std::convert::Infallible;
use std::sync::Arc;

use warp::filters::path::FullPath;
use warp::http::HeaderMap;
use warp::{Filter, Rejection};

use super::authenticate::Credentials;
use super::identity::Identity;
use super::unauthorized::Unauthorized;
use super::{Auth, Caller};
use crate::server::RemoteAddr;

impl Auth {
    /// A filter for the application's own routes, which lets through whom the server would let in. What it gives is who
    /// sends the request; `None` where nobody is asked. Everyone else is answered with 401 and `WWW-Authenticate`, unless
    /// another route takes the request.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use tightwire::warp::{self, Filter};
    /// use tightwire::{Auth, Identity, Jwt};
    ///
    /// let auth = Auth::Jwt(Jwt::secret(b"a secret of thirty-two bytes or more")?);
    /// let me = warp::path!("me").and(warp::get()).and(auth.filter()).map(|identity: Option<Arc<Identity>>| {
    ///     identity.map_or_else(|| "nobody".to_owned(), |identity| identity.subject().to_owned())
    /// });
    /// // Server::new(service, Config { auth, ..Config::default() }).with_routes(me)
    /// # let _ = me;
    /// # Ok::<(), tightwire::WeakSecret>(())
    /// ```
    pub fn filter(
        &self,
    ) -> impl Filter<Extract = (Option<Arc<Identity>>,), Error = Rejection> + Clone + Send + Sync + 'static {
        self.caller()
            .and_then(|caller: Caller| std::future::ready(caller.map_err(|why| warp::reject::custom(NotLetIn(why)))))
    }

    /// Who sends the request, or why nobody may.
    pub(crate) fn caller(
        &self,
    ) -> impl Filter<Extract = (Caller,), Error = Infallible> + Clone + Send + Sync + 'static {
        let auth = self.clone();
        let query = warp::query::raw().or(warp::any().map(String::new)).unify();
        warp::path::full().and(query).and(warp::header::headers_cloned()).and(warp::ext::optional::<RemoteAddr>()).then(
            move |path: FullPath, query: String, headers: HeaderMap, remote: Option<RemoteAddr>| {
                let auth = auth.clone();
                let client = remote.map(|RemoteAddr(address)| address);
                async move { auth.identify(&Credentials::of(path.as_str(), &query, &headers, client)).await }
            },
        )
    }
}

/// Why no route of the application took a request: the answer is a 401.
#[derive(Debug)]
pub(crate) struct NotLetIn(pub(crate) Unauthorized);

impl warp::reject::Reject for NotLetIn {}

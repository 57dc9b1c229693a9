//! How a connection to the server under test is opened, below WebSocket.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::Uri;
use tokio::net::TcpStream;

use crate::target::{Kind, Stream, Target};

/// Opens a connection to the server of that URL. The error says in words why not.
pub(super) type Opening = Box<dyn Fn(&str) -> BoxFuture<'static, Result<Target, String>> + Send + Sync>;

/// The way of `ws://`.
pub(super) fn over_tcp() -> Opening {
    Box::new(|url| {
        let url = url.to_owned();
        async move { Ok(Target::url(url)) }.boxed()
    })
}

/// The stream itself.
pub(super) async fn stream(target: Target) -> Result<Box<dyn Stream>, String> {
    let opened = match target.0 {
        Kind::Stream(stream) => return Ok(stream),
        Kind::Address(address) => TcpStream::connect(address).await,
        Kind::Url(url) => {
            let parsed: Uri = url.parse().map_err(|error| format!("`{url}` is not a URL: {error}"))?;
            if parsed.scheme_str() != Some("ws") {
                return Err(format!(
                    "`{url}` is not a `ws://` URL; other ways to the server are `Verifier::opened_by`"
                ));
            }
            let host = parsed.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
            TcpStream::connect((host, parsed.port_u16().unwrap_or(80))).await
        }
    };
    let stream = opened.map_err(|error| error.to_string())?;
    // The time counts: nothing waits for more to send. Where that cannot be had it is only slower.
    let _ = stream.set_nodelay(true);
    Ok(Box::new(stream))
}

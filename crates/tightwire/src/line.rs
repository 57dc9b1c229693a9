//! The HTTP connection under a request: an answer without an end must be able to cut it.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::{Notify, watch};

/// The HTTP connection under a request, in the request's extensions.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    cut: Arc<Notify>,
    /// Its sender lives as long as the connection.
    gone: watch::Receiver<()>,
}

/// The connection's own end of it.
#[derive(Debug)]
pub(crate) struct Held {
    cut: Arc<Notify>,
    _gone: watch::Sender<()>,
}

/// A new line.
pub(crate) fn line() -> (Held, Line) {
    let (cut, (sender, gone)) = (Arc::new(Notify::new()), watch::channel(()));
    (Held { cut: Arc::clone(&cut), _gone: sender }, Line { cut, gone })
}

impl Held {
    /// Waits until the connection is to be dropped.
    pub(crate) fn is_cut(&self) -> impl Future<Output = ()> {
        self.cut.notified()
    }
}

impl Line {
    /// Waits until the connection has ended.
    pub(crate) async fn ended(&mut self) {
        while self.gone.changed().await.is_ok() {}
    }

    /// Drops the connection, whatever is still to be written.
    pub(crate) fn cut(&self) {
        self.cut.notify_one();
    }
}

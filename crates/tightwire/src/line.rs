//! The HTTP connection under a request: an answer without an end must be able to cut it, and to give back its place among
//! those that speak plain HTTP.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Notify, OwnedSemaphorePermit, watch};

/// The HTTP connection under a request, in the request's extensions.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    cut: Arc<Notify>,
    /// Its sender lives as long as the connection.
    gone: watch::Receiver<()>,
    place: Place,
}

/// The connection's own end of it.
#[derive(Debug)]
pub(crate) struct Held {
    cut: Arc<Notify>,
    _gone: watch::Sender<()>,
    place: Place,
}

/// The connection's place among those that speak plain HTTP, where they are counted, until it is given back.
#[derive(Clone, Debug)]
struct Place(Arc<Mutex<Option<OwnedSemaphorePermit>>>);

impl Place {
    fn give_back(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// A new line, for a connection with this place.
pub(crate) fn line(place: Option<OwnedSemaphorePermit>) -> (Held, Line) {
    let (cut, (sender, gone)) = (Arc::new(Notify::new()), watch::channel(()));
    let place = Place(Arc::new(Mutex::new(place)));
    (Held { cut: Arc::clone(&cut), _gone: sender, place: place.clone() }, Line { cut, gone, place })
}

impl Drop for Held {
    fn drop(&mut self) {
        self.place.give_back();
    }
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

    /// The connection is counted elsewhere from now on, and nothing follows on it.
    pub(crate) fn give_back_place(&self) {
        self.place.give_back();
    }
}

//! How a connection ends: the closing handshake (RFC 6455, section 7), and what is left to do after it.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::ops::ControlFlow;
use std::task::Poll;

use tightwire_proto::frame::{close_frame, empty_close_frame};
use tracing::field::display;

use super::{Connection, End, NO_CODE};
use crate::connections::Place;
use crate::outbound::Outbound;
use crate::service::Service;
use crate::transport::{Incoming, Received};

impl<S: Service> Connection<S> {
    /// The end of a connection, and what is left to do after it.
    pub(super) async fn finish(mut self, mut incoming: Incoming, end: End, place: Place) {
        self.forget();
        let code = self.close(&mut incoming, end).await;
        place.leave(&self.peer, code);
        let acknowledged = self.acknowledged.map(display);
        tracing::debug!(connection_id = %self.peer.id(), code, acknowledged, "disconnected");
        if let Some(job) = self.job {
            // A handler is never cancelled half-way: what it does for others must not depend on its client staying.
            tokio::spawn(job);
        }
    }

    /// Takes the connection out of everything that would send to it or wake it.
    fn forget(&mut self) {
        self.cancel_alarm();
        self.inbox = VecDeque::new();
        let topics = self.peer.unsubscribe_all();
        for topic in topics {
            self.shared.hub.detach(&topic, &self.peer);
        }
    }

    /// The closing handshake, within its time. Returns the close code, 1006 where there was none.
    async fn close(&mut self, incoming: &mut Incoming, end: End) -> u16 {
        let outbound = self.peer.outbound();
        let (code, peer_closed) = match end {
            End::Ours(reason) => {
                let (notice, _) = self.shared.notice(reason);
                let words = outbound.words();
                let words = words.as_deref().unwrap_or_else(|| reason.meaning(self.shared.contract));
                outbound.end(notice, close_frame(reason.code(), words));
                (reason.code(), false)
            }
            End::Theirs(code) => {
                // Answers to what came just before the close go out, as far as the peer takes them at once; whoever
                // says goodbye does not wait for the rest.
                poll_fn(|cx| {
                    let _ = outbound.poll_write(cx);
                    Poll::Ready(())
                })
                .await;
                outbound.discard();
                outbound.end(None, if code == NO_CODE { empty_close_frame() } else { close_frame(code, "") });
                (code, true)
            }
            End::Broken(violation) => {
                outbound.end(None, close_frame(violation.code(), &violation.to_string()));
                (violation.code(), true)
            }
            End::Gone => {
                outbound.abort();
                return 1006;
            }
        };
        let farewell = async {
            let read = async {
                while !peer_closed && poll_fn(|cx| incoming.poll_receive(cx, until_closed)).await.is_none() {}
            };
            let (written, ()) = tokio::join!(drain(outbound), read);
            if written && poll_fn(|cx| outbound.poll_shutdown(cx)).await.is_ok() {
                incoming.linger().await;
            }
        };
        let complete = tokio::select! {
            () = farewell => true,
            () = tokio::time::sleep(self.shared.config.close_timeout) => false,
            () = poll_fn(|cx| outbound.poll_aborted(cx)) => false,
        };
        tracing::debug!(connection_id = %self.peer.id(), code, complete, "closed");
        outbound.abort();
        code
    }
}

/// Ignores what the peer still says, until it closes too.
fn until_closed(received: Received<'_>) -> ControlFlow<Option<()>> {
    match received {
        Received::Text(_) | Received::Binary(_) | Received::Ping(_) | Received::Pong => ControlFlow::Continue(()),
        Received::Close(_) | Received::Broken(_) | Received::Gone => ControlFlow::Break(Some(())),
    }
}

/// Writes what waits. False if that failed.
async fn drain(outbound: &Outbound) -> bool {
    while !outbound.is_drained() {
        if poll_fn(|cx| outbound.poll_write(cx)).await.is_err() {
            return false;
        }
    }
    true
}

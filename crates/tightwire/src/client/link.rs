//! The task of a connection: reads, writes, and keeps time until it ends.
//!
//! ```text
//!   ClientSender ── queue ──► write ──► socket ──► read ──► waiters (replies)
//!                               ▲                   │  └──► queue ──► Client::next
//!                               └── pings, pongs ───┘
//! ```

use std::future::poll_fn;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tightwire_proto::close::CloseReason;
use tightwire_proto::contract::{Contract, SessionRole};
use tightwire_proto::inbound::Inbound;
use tightwire_proto::session::messages::rfc3339;
use tightwire_proto::session::{Due, Heartbeat};
use tightwire_proto::websocket::{ClientFrame, Event};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use uuid::Uuid;

use super::config::ClientConfig;
use super::error::{ClientError, Closed, Side};
use super::protocol::ClientProtocol;
use super::queue::{Receiver, Sender, WeakSender, queue};
use super::sender::{ClientSender, Inner};
use super::socket::{self, FrameReader, FrameWriter};
use super::waiters::{Offered, Waiters};
use crate::clock;

/// Stands for a close without a code (RFC 6455, section 7.1.5); it never goes over the wire.
const NO_CODE: u16 = 1005;

/// What is to be written.
pub(super) enum Outgoing {
    /// A frame, as JSON.
    Text(Bytes),
    /// A ping of WebSocket itself.
    Ping,
    /// Close 1000, and nothing after it.
    Close,
}

/// The half of a connection that is written to.
type Writer<IO> = Mutex<FrameWriter<IO>>;

pub(super) type Received<P> = Result<Inbound<<P as ClientProtocol>::In>, ClientError>;

/// What the rest of the client has of a connection.
pub(super) struct Started<P: ClientProtocol> {
    pub(super) sender: ClientSender<P>,
    pub(super) received: Receiver<Received<P>>,
    pub(super) task: AbortHandle,
}

/// Starts the task of a connection, of which something may have been read already.
pub(super) fn spawn<P, IO>((stream, read): (IO, Bytes), config: ClientConfig) -> Started<P>
where
    P: ClientProtocol,
    IO: AsyncRead + AsyncWrite + Send + 'static,
{
    let (outgoing, to_write) = queue(config.buffered_frames, config.buffered_bytes);
    let (received, to_read) = queue(config.buffered_frames, config.buffered_bytes);
    let waiters = Arc::new(Waiters::new());
    let (ended, end) = watch::channel(None);
    let contract = P::contract();
    let heartbeat = config.heartbeat.unwrap_or(contract.heartbeat);
    let link = Link::<P> {
        contract,
        heartbeat: Mutex::new(Heartbeat::new(&heartbeat, u64::MAX, clock::now())),
        is_reading: AtomicBool::new(true),
        is_closing: AtomicBool::new(false),
        last_id: Mutex::new(None),
        control: outgoing.downgrade(),
        received,
        waiters: Arc::clone(&waiters),
        close_timeout: config.close_timeout,
        route: config.route,
    };
    let limits = config.limits.unwrap_or(contract.limits);
    let max_message = usize::try_from(limits.max_frame_bytes).unwrap_or(usize::MAX);
    let (mut incoming, writer) = socket::split(stream, &read, max_message);
    drop(read);
    let task = tokio::spawn(async move {
        let writer = Mutex::new(writer);
        let end = tokio::select! {
            end = link.read(&mut incoming, &writer) => end,
            end = link.write(&writer, to_write) => end,
            end = link.keep_time() => end,
        };
        // The application learns it at once; the last frames go to the server meanwhile.
        tracing::debug!(%end, "a client's connection has ended");
        ended.send_replace(Some(end));
        link.waiters.end();
        drop(link.received);
        let _ = tokio::time::timeout(link.close_timeout, finish(&mut incoming, &writer)).await;
    });
    let max_message_bytes = limits.max_message_bytes;
    let sender = ClientSender::new(Inner { outgoing, waiters, end, max_message_bytes, config });
    Started { sender, received: to_read, task: task.abort_handle() }
}

struct Link<P: ClientProtocol> {
    contract: &'static Contract,
    /// Only this task takes the lock, and never across an await.
    heartbeat: Mutex<Heartbeat>,
    /// False while a frame waits for the application: the server's silence proves nothing then.
    is_reading: AtomicBool,
    /// Whether our close is on its way: the server's is the answer then.
    is_closing: AtomicBool,
    /// The last frame, the session's pings aside; `None` without an envelope.
    last_id: Mutex<Option<Uuid>>,
    control: WeakSender<Outgoing>,
    received: Sender<Received<P>>,
    waiters: Arc<Waiters<P::In>>,
    close_timeout: Duration,
    route: Option<usize>,
}

impl<P: ClientProtocol> Link<P> {
    async fn read<IO>(&self, incoming: &mut FrameReader<IO>, writer: &Writer<IO>) -> ClientError
    where
        IO: AsyncRead + AsyncWrite,
    {
        loop {
            let event = match incoming.event() {
                Some(Ok(event)) => event,
                Some(Err(violation)) => return self.close(writer, violation.code(), &violation.to_string()),
                None => match incoming.fill().await {
                    Ok(0) => return ClientError::Lost("the server has gone without a close".into()),
                    Ok(_) => continue,
                    Err(error) => return lost(&error),
                },
            };
            match event {
                Event::Text(text) => self.receive(&text).await,
                Event::Binary(_) => {
                    let code = CloseReason::UnsupportedData.code();
                    return self.close(writer, code, "the server sent a binary message");
                }
                Event::Pong(_) => lock(&self.heartbeat).pong(),
                Event::Ping(payload) => {
                    lock(writer).push(ClientFrame::Pong(&payload));
                    // Nothing more is read before it is written, so that a server that sends pings and reads nothing
                    // cannot fill our memory.
                    if let Err(error) = flush(writer).await {
                        return lost(&error);
                    }
                }
                Event::Close { code, reason } => {
                    lock(writer).push(ClientFrame::Close(code));
                    let by = if self.is_closing.load(Ordering::Relaxed) { Side::Client } else { Side::Server };
                    return self.closed(code.unwrap_or(NO_CODE), &String::from_utf8_lossy(&reason), by);
                }
            }
        }
    }

    /// Closes because the server broke the rules. The close is written when the connection is finished.
    fn close<IO: AsyncWrite>(&self, writer: &Writer<IO>, code: u16, reason: &str) -> ClientError {
        lock(writer).push(ClientFrame::Close(Some(code)));
        self.closed(code, reason, Side::Client)
    }

    /// Gives a frame to whoever waits for it, or else to the application, as soon as it has room.
    async fn receive(&self, text: &[u8]) {
        let received = match P::decode_on(self.route, text) {
            Ok(inbound) => {
                if P::session_role(&inbound.frame) == Some(SessionRole::Ping) && self.answer_ping() {
                    return;
                }
                *lock(&self.last_id) = Some(inbound.id).filter(|id| !id.is_nil());
                match self.waiters.offer(inbound) {
                    Offered::Unwanted(inbound) => Ok(inbound),
                    Offered::Wanted(replies, inbound, matched) => {
                        // Whoever gave up in this very moment gave the reply up too.
                        self.hand_over(&replies, (inbound, matched), text.len()).await;
                        return;
                    }
                }
            }
            Err(rejection) => {
                let error = ClientError::Violation(rejection);
                tracing::warn!(%error, "a frame was dropped");
                Err(error)
            }
        };
        // Where nobody reads any more there may still be requests that wait for replies.
        self.hand_over(&self.received, received, text.len()).await;
    }

    /// Waits until the application has room.
    async fn hand_over<T>(&self, queue: &Sender<T>, item: T, bytes: usize) {
        self.is_reading.store(false, Ordering::Relaxed);
        queue.send(item, bytes).await;
        self.is_reading.store(true, Ordering::Relaxed);
        lock(&self.heartbeat).excuse(clock::now());
    }

    /// Answers a ping of the envelope's session, and says what was received last. False if the protocol has no message
    /// for it.
    fn answer_ping(&self) -> bool {
        let stamp = clock::stamp(None);
        let Some(pong) = P::pong(rfc3339(stamp.unix_ms), *lock(&self.last_id)) else { return false };
        if let Ok(json) = P::encode(&pong, &stamp) {
            // A queue that is full is full of frames that show as well that the client is alive.
            self.control.try_send(Outgoing::Text(Bytes::from(json)));
        }
        true
    }

    /// Writes what is sent, until a close is sent or nobody is left who could send.
    async fn write<IO: AsyncWrite>(&self, writer: &Writer<IO>, mut outgoing: Receiver<Outgoing>) -> ClientError {
        loop {
            match outgoing.receive().await {
                Some(Outgoing::Text(json)) => lock(writer).push(ClientFrame::Text(&json)),
                Some(Outgoing::Ping) => lock(writer).push(ClientFrame::Ping),
                Some(Outgoing::Close) | None => break,
            }
            let is_time = outgoing.is_empty() || lock(writer).is_full();
            if is_time && let Err(error) = flush(writer).await {
                return lost(&error);
            }
        }
        self.is_closing.store(true, Ordering::Relaxed);
        lock(writer).push(ClientFrame::Close(Some(1000)));
        if let Err(error) = flush(writer).await {
            return lost(&error);
        }
        // The answer is read by the other half.
        tokio::time::sleep(self.close_timeout).await;
        self.closed(1000, "the server did not answer the close", Side::Client)
    }

    async fn keep_time(&self) -> ClientError {
        loop {
            let deadline = lock(&self.heartbeat).deadline();
            tokio::time::sleep_until(deadline.into()).await;
            let now = clock::now();
            let due = {
                let mut heartbeat = lock(&self.heartbeat);
                if !self.is_reading.load(Ordering::Relaxed) {
                    heartbeat.excuse(now);
                }
                heartbeat.poll(now)
            };
            match due {
                // Where there is no room for a ping nothing is being written, and no pong will come.
                Some(Due::Ping) => drop(self.control.try_send(Outgoing::Ping)),
                Some(Due::Close(_)) => return ClientError::Lost("the server does not answer pings".into()),
                None => {}
            }
        }
    }

    fn closed(&self, code: u16, reason: &str, by: Side) -> ClientError {
        let known = self.contract.close_codes.iter().find(|info| info.code == code);
        let reconnect = known.map(|info| info.reconnect);
        ClientError::Closed(Closed { code, reason: reason.to_owned(), by, reconnect })
    }
}

/// Writes everything that waits.
async fn flush<IO: AsyncWrite>(writer: &Writer<IO>) -> io::Result<()> {
    poll_fn(|cx| lock(writer).poll_flush(cx)).await
}

/// Writes what is left, the close above all, and reads until the server has closed its side too: a socket that is closed
/// with unread data resets the connection, and the server may lose our close.
async fn finish<IO: AsyncRead + AsyncWrite>(incoming: &mut FrameReader<IO>, writer: &Writer<IO>) {
    let _ = poll_fn(|cx| lock(writer).poll_shutdown(cx)).await;
    while let Ok(1..) = incoming.fill().await {}
}

fn lost(error: &io::Error) -> ClientError {
    ClientError::Lost(error.to_string().into())
}

/// Only the connection's own task takes these locks, for the length of a poll.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

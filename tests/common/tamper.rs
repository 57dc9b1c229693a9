//! A server with a defect, made of a server without one: what goes over the wire between it and its clients passes a
//! [`Mutant`], which may alter, drop, repeat, delay, reorder and add messages, in both directions and on all connections.
//!
//! What a mutant lets pass goes on as it came, byte for byte: handshakes, pings and pongs of WebSocket, binary frames, and
//! what is not WebSocket at all. So [`Sound`], the mutant that changes nothing, cannot be told from the server alone. (Nor
//! can what a mutant does to a message whose fragments have a control frame between them: it is not asked about those.)
//!
//! ```text
//! client ──► Inlet ──► Mutant::inbound ──► Line ──► server
//!        ◄── Line ◄── Mutant::outbound ◄── Inlet ◄──
//! ```

mod inlet;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tightwire::proto::frame::{self, Opcode};
use tightwire::proto::websocket::{ClientFrame, Role};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::AbortHandle;

use self::inlet::{Inlet, Piece};

/// The mask of what a mutant sends to the server, which does not care.
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// How many bytes are read at once, and how many a stream in memory holds.
const BUFFER: usize = 64 * 1024;

/// What makes a defect of a server. Clients are numbered in the order in which they connect.
pub(crate) trait Mutant: Send + 'static {
    /// A client says this to the server.
    fn inbound(&mut self, client: usize, message: Message, line: &mut Line) {
        line.tell_server(client, message);
    }

    /// The server says this to a client.
    fn outbound(&mut self, client: usize, message: Message, line: &mut Line) {
        line.tell_client(client, message);
    }
}

impl Mutant for Box<dyn Mutant> {
    fn inbound(&mut self, client: usize, message: Message, line: &mut Line) {
        (**self).inbound(client, message, line);
    }

    fn outbound(&mut self, client: usize, message: Message, line: &mut Line) {
        (**self).outbound(client, message, line);
    }
}

/// No defect.
#[derive(Debug)]
pub(crate) struct Sound;

impl Mutant for Sound {}

/// A text message or a close frame.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    content: Content,
    /// As it came. What a mutant makes has no such form.
    wire: Option<Vec<u8>>,
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Text(String),
    Close(Option<u16>, String),
}

impl Message {
    /// A text message with that JSON.
    pub(crate) fn frame(value: &Value) -> Self {
        Self { content: Content::Text(value.to_string()), wire: None }
    }

    pub(crate) fn close(code: u16, reason: &str) -> Self {
        Self { content: Content::Close(Some(code), reason.to_owned()), wire: None }
    }

    pub(crate) fn content(&self) -> &Content {
        &self.content
    }

    /// The text's JSON, if it is any.
    pub(crate) fn json(&self) -> Option<Value> {
        match &self.content {
            Content::Text(text) => serde_json::from_str(text).ok(),
            Content::Close(..) => None,
        }
    }

    fn bytes(self, side: Side) -> Vec<u8> {
        if let Some(wire) = self.wire {
            return wire;
        }
        match (side, self.content) {
            (Side::Client, Content::Text(text)) => frame::message_frame(Opcode::Text, text.as_bytes()).to_vec(),
            (Side::Client, Content::Close(None, _)) => frame::empty_close_frame().to_vec(),
            (Side::Client, Content::Close(Some(code), reason)) => frame::close_frame(code, &reason).to_vec(),
            (Side::Server, content) => {
                let mut wire = Vec::new();
                match &content {
                    Content::Text(text) => ClientFrame::Text(text.as_bytes()),
                    Content::Close(code, _) => ClientFrame::Close(*code),
                }
                .write(MASK, &mut wire);
                wire
            }
        }
    }
}

/// Who gets something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Client,
    Server,
}

impl Side {
    /// How what is for this side is read.
    fn role(self) -> Role {
        match self {
            Self::Client => Role::Client,
            Self::Server => Role::Server,
        }
    }
}

/// What a mutant wants done, in that order. What it does not pass on is lost.
#[derive(Debug, Default)]
pub(crate) struct Line {
    orders: Vec<(usize, Side, Duration, Order)>,
}

impl Line {
    pub(crate) fn tell_client(&mut self, client: usize, message: Message) {
        self.tell_client_after(Duration::ZERO, client, message);
    }

    /// What is said meanwhile overtakes it.
    pub(crate) fn tell_client_after(&mut self, delay: Duration, client: usize, message: Message) {
        self.orders.push((client, Side::Client, delay, Order::Write(message.bytes(Side::Client))));
    }

    pub(crate) fn tell_server(&mut self, client: usize, message: Message) {
        self.orders.push((client, Side::Server, Duration::ZERO, Order::Write(message.bytes(Side::Server))));
    }

    /// Ends the client's connection without a close, as a server does that crashes.
    pub(crate) fn cut(&mut self, client: usize) {
        self.orders.push((client, Side::Client, Duration::ZERO, Order::End));
    }
}

/// What is done at one end of a connection.
#[derive(Debug)]
enum Order {
    Write(Vec<u8>),
    End,
}

/// A mutant and all connections to its server. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Tamper {
    state: Arc<Mutex<State>>,
}

struct State {
    mutant: Box<dyn Mutant>,
    /// The ends of every connection that there was.
    clients: Vec<Ends>,
}

struct Ends {
    client: UnboundedSender<Order>,
    server: UnboundedSender<Order>,
}

impl Ends {
    fn of(&self, side: Side) -> &UnboundedSender<Order> {
        match side {
            Side::Client => &self.client,
            Side::Server => &self.server,
        }
    }
}

impl Tamper {
    pub(crate) fn new(mutant: impl Mutant) -> Self {
        Self { state: Arc::new(Mutex::new(State { mutant: Box::new(mutant), clients: Vec::new() })) }
    }

    /// Stands between a client and the server until the server has ended the connection.
    pub(crate) async fn relay<C, S>(&self, client: C, server: S)
    where
        C: AsyncRead + AsyncWrite,
        S: AsyncRead + AsyncWrite,
    {
        let (from_client, to_client) = tokio::io::split(client);
        let (from_server, to_server) = tokio::io::split(server);
        let ((client_end, for_client), (server_end, for_server)) = (unbounded_channel(), unbounded_channel());
        let number = self.enter(Ends { client: client_end, server: server_end });
        let reading = async {
            tokio::join!(
                self.read(number, from_client, Side::Server),
                self.read(number, from_server, Side::Client),
                write(to_server, for_server)
            );
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = write(to_client, for_client) => {}
            () = reading => {}
        }
    }

    /// The client's end of a stream in memory, behind which the server's end is tampered with.
    pub(crate) fn before(&self, server: DuplexStream) -> DuplexStream {
        let (near, far) = tokio::io::duplex(BUFFER);
        let tamper = self.clone();
        tokio::spawn(async move { tamper.relay(far, server).await });
        near
    }

    /// Listens on a port of its own, in front of the server at that address.
    pub(crate) async fn listen(self, server: SocketAddr) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it listens");
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let tamper = self.clone();
                tokio::spawn(async move {
                    // Where the server is gone the client finds its connection ended, as it would without all this.
                    let Ok(server) = TcpStream::connect(server).await else { return };
                    // Small frames are to arrive when they are sent: the time counts.
                    let _ = (client.set_nodelay(true), server.set_nodelay(true));
                    tamper.relay(client, server).await;
                });
            }
        });
        Proxy { address, task: task.abort_handle() }
    }

    fn enter(&self, ends: Ends) -> usize {
        let clients = &mut self.lock().clients;
        clients.push(ends);
        clients.len() - 1
    }

    /// Reads what is for that side until there is no more.
    async fn read(&self, client: usize, mut from: impl AsyncRead + Unpin, to: Side) {
        let mut inlet = Inlet::new(to.role());
        let mut buffer = vec![0; BUFFER];
        while let Ok(length @ 1..) = from.read(&mut buffer).await {
            for piece in inlet.take(&mut buffer[..length]) {
                self.pass(client, to, piece);
            }
        }
        self.carry_out(client, to, Duration::ZERO, Order::End);
    }

    fn pass(&self, client: usize, to: Side, piece: Piece) {
        let message = match piece {
            Piece::Bytes(bytes) => return self.carry_out(client, to, Duration::ZERO, Order::Write(bytes)),
            Piece::Message(content, wire) => Message { content, wire: Some(wire) },
        };
        let mut line = Line::default();
        {
            let mutant = &mut self.lock().mutant;
            match to {
                Side::Server => mutant.inbound(client, message, &mut line),
                Side::Client => mutant.outbound(client, message, &mut line),
            }
        }
        for (client, to, delay, order) in line.orders {
            self.carry_out(client, to, delay, order);
        }
    }

    fn carry_out(&self, client: usize, to: Side, delay: Duration, order: Order) {
        let Some(end) = self.lock().clients.get(client).map(|ends| ends.of(to).clone()) else { return };
        // Where the connection is over nobody is there to get it.
        if delay.is_zero() {
            let _ = end.send(order);
        } else {
            tokio::spawn(async move {
                tokio::time::sleep(delay).await;
                let _ = end.send(order);
            });
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Carries out what is ordered, until the end is.
async fn write(mut to: impl AsyncWrite + Unpin, mut orders: UnboundedReceiver<Order>) {
    while let Some(Order::Write(bytes)) = orders.recv().await {
        if to.write_all(&bytes).await.is_err() || to.flush().await.is_err() {
            return;
        }
    }
    let _ = to.shutdown().await;
}

/// A server with a defect, on a port of its own. It takes no more connections when this is dropped.
#[derive(Debug)]
pub(crate) struct Proxy {
    address: SocketAddr,
    task: AbortHandle,
}

impl Proxy {
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

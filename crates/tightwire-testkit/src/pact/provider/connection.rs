//! A client's connection: bytes in and out, and nothing else. What to send, the session decides.

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio_websockets::{CloseCode, Message, ServerBuilder};

use super::session::Session;
use super::state::Out;

/// Serves a client until one of both closes.
pub(super) async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin + Send, session: &Session) {
    let Ok((_, mut socket)) = ServerBuilder::new().accept(stream).await else { return };
    let (out, mut commands) = mpsc::unbounded_channel();
    let connection = session.connect(out);
    loop {
        tokio::select! {
            // What is to be sent goes before what comes in.
            biased;
            command = commands.recv() => match command {
                Some(Out::Frame(frame)) => {
                    if socket.send(Message::text(frame.to_string())).await.is_err() {
                        break;
                    }
                }
                Some(Out::Close(code)) => {
                    let code = CloseCode::try_from(code).unwrap_or(CloseCode::NORMAL_CLOSURE);
                    let _ = socket.send(Message::close(Some(code), "")).await;
                    // Until the client has answered.
                    while let Some(Ok(_)) = socket.next().await {}
                    break;
                }
                None => break,
            },
            message = socket.next() => match message {
                Some(Ok(message)) => {
                    if let Some(text) = message.as_text() {
                        session.receive(connection, text);
                    } else if message.is_binary() {
                        session.receive_other("a binary message");
                    }
                }
                Some(Err(_)) | None => break,
            },
        }
    }
    session.disconnect(connection);
}

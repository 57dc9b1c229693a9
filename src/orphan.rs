//! Answers whose server is lost: somebody else ends them, so that their readers do not wait for ever.
//!
//! That server may be cut off only, and come back. So it is shut out from the answer before that is read and ended: what it
//! publishes later is refused, and it ends the answer without a word.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::Utc;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tightwire::Publisher;
use tightwire::proto::inbound::StreamPosition;
use uuid::Uuid;

use crate::answer::NO_ANSWER;
use crate::chat::{Author, AuthorKind, StreamChunk, StreamEnd, StreamEndFinishReason, ThreadMessage, ThreadTopic};
use crate::service::Chat;
use crate::threads::MESSAGES_PER_THREAD;

/// How many answers a server tells the others of. What is beyond ends with it, unsaid.
const MOST: usize = 200;

/// An answer that is being written.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Unfinished {
    pub(crate) thread_id: String,
    pub(crate) agent_id: String,
    pub(crate) stream_id: Uuid,
    /// The message that it will be.
    pub(crate) message_id: Uuid,
    /// Where its `stream_start` is.
    pub(crate) epoch: String,
    pub(crate) seq: u64,
}

/// The answers that this server is writing.
#[derive(Debug, Default)]
pub(crate) struct Answers(Mutex<BTreeMap<Uuid, Unfinished>>);

impl Answers {
    pub(crate) fn begin(&self, answer: Unfinished) {
        self.lock().insert(answer.stream_id, answer);
    }

    pub(crate) fn end(&self, stream_id: Uuid) {
        self.lock().remove(&stream_id);
    }

    pub(crate) fn told(&self) -> Vec<Unfinished> {
        self.lock().values().take(MOST).cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Uuid, Unfinished>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends the answers of a server that is lost.
pub(crate) async fn end_all(chat: Arc<Chat>, answers: Vec<Unfinished>) {
    for answer in answers {
        let (thread_id, stream_id) = (answer.thread_id.clone(), answer.stream_id);
        match end(&chat, answer).await {
            Ok(()) => tracing::info!(thread_id, %stream_id, "an answer was ended whose server is lost"),
            Err(error) => tracing::warn!(thread_id, %stream_id, error, "an answer could not be ended"),
        }
    }
}

async fn end(chat: &Chat, answer: Unfinished) -> Result<(), String> {
    let publisher = &chat.server().ok_or("there is no server")?.publisher;
    let topic = ThreadTopic::new(answer.thread_id.clone()).map_err(|error| error.to_string())?;
    // Nobody is shut out from what cannot be ended here, or has its end.
    if read(publisher, &topic, &answer).await?.is_none() {
        return Ok(());
    }
    let name = answer.stream_id.to_string();
    let stream = publisher.take_over(topic.clone(), &name).await.map_err(|error| error.to_string())?;
    // From here on nothing comes to it but what is published here.
    let Some(Written { mut text, mut chunks }) = read(publisher, &topic, &answer).await? else { return Ok(()) };
    if chunks == 0 {
        text.push_str(NO_ANSWER);
        let chunk = StreamChunk { delta: NO_ANSWER.to_owned(), index: 0, stream_id: answer.stream_id };
        stream.publish(&chunk).await.map_err(|error| error.to_string())?;
        chunks = 1;
    }
    let known = chat.threads().newest(&answer.thread_id, MESSAGES_PER_THREAD).await.map_err(|error| error.0)?;
    if known.iter().all(|message| message.message_id != answer.message_id) {
        let message = ThreadMessage {
            author: Author { id: answer.agent_id, kind: AuthorKind::Agent },
            content: text,
            created_at: Utc::now(),
            message_id: answer.message_id,
            metadata: None,
            thread_id: answer.thread_id,
        };
        chat.threads().append_answer(message, &stream).await.map_err(|error| error.0)?;
    }
    let (finish_reason, message_id) = (StreamEndFinishReason::Error, answer.message_id);
    let end = StreamEnd { chunks, finish_reason, message_id, stream_id: answer.stream_id };
    stream.publish(&end).await.map_err(|error| error.to_string())?;
    Ok(())
}

/// What was published of the answer, if it has no end.
async fn read(publisher: &Publisher, topic: &ThreadTopic, answer: &Unfinished) -> Result<Option<Written>, String> {
    let start = StreamPosition { epoch: answer.epoch.clone(), seq: answer.seq };
    let frames = publisher.published_since(topic, &start).await.map_err(|error| error.to_string())?;
    // Whoever reads it was told of the gap, too.
    let frames = frames.ok_or("its beginning is not kept any more")?;
    Ok(written(&frames, answer.stream_id))
}

/// What there is of an answer.
#[derive(Debug, PartialEq)]
struct Written {
    text: String,
    chunks: u64,
}

/// What was published of the answer, if it has no end.
fn written(frames: &[Value], stream_id: Uuid) -> Option<Written> {
    let mut written = Written { text: String::new(), chunks: 0 };
    let stream_id = stream_id.to_string();
    for frame in frames.iter().filter(|frame| frame["data"]["stream_id"] == *stream_id) {
        match frame["type"].as_str() {
            Some("stream_chunk") => {
                written.text.push_str(frame["data"]["delta"].as_str().unwrap_or_default());
                written.chunks += 1;
            }
            Some("stream_end") => return None,
            _ => {}
        }
    }
    Some(written)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_written_is_put_together_until_there_is_an_end() {
        let (ours, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let chunk = |id: Uuid, delta| json!({"type": "stream_chunk", "data": {"stream_id": id, "delta": delta}});
        let mut frames = vec![chunk(ours, "a "), chunk(other, "x"), chunk(ours, "b")];
        let expected = Written { text: "a b".to_owned(), chunks: 2 };
        assert_eq!(written(&frames, ours), Some(expected));
        frames.push(json!({"type": "stream_end", "data": {"stream_id": ours}}));
        assert_eq!(written(&frames, ours), None);
        assert_eq!(written(&frames, other).map(|written| written.chunks), Some(1));
    }
}

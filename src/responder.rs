//! Who answers in a thread: the seam where a real model is plugged in, and the built-in responder behind it.

use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use futures_util::stream::{self, Stream, StreamExt};

use crate::chat::{CONTRACT, ThreadMessage};

/// The pieces of an answer, as they come.
pub type Answer = Pin<Box<dyn Stream<Item = Result<String, ResponderError>> + Send>>;

/// Answers messages. An implementation is shared by all threads and must be able to answer many at once.
pub trait Responder: Send + Sync + 'static {
    /// The agent's id, as it stands in `agent:{agent_id}`.
    fn agent_id(&self) -> &str;

    /// The name people see.
    fn name(&self) -> &str;

    /// Begins an answer to `question`. `history` has the thread's newest messages, the question included.
    fn answer(&self, question: &ThreadMessage, history: &[ThreadMessage]) -> Answer;
}

/// Why an answer ended early. The text goes to the log, not to the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponderError(pub String);

impl fmt::Display for ResponderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The built-in responder: explains the protocol that it is spoken to in, from the contract itself.
#[derive(Clone, Debug)]
pub struct Guide {
    pause: Duration,
}

/// How many words make a piece.
const WORDS_PER_CHUNK: usize = 3;

impl Guide {
    /// A guide that waits `pause` between two pieces of an answer.
    pub fn new(pause: Duration) -> Self {
        Self { pause }
    }
}

impl Responder for Guide {
    fn agent_id(&self) -> &'static str {
        "guide"
    }

    fn name(&self) -> &'static str {
        "Guide"
    }

    fn answer(&self, question: &ThreadMessage, history: &[ThreadMessage]) -> Answer {
        let (text, fails) = if question.content.trim() == "/fail" {
            ("This answer breaks off, as you asked.".to_owned(), true)
        } else {
            (explain(&question.content, history.len()), false)
        };
        let mut pieces: Vec<Result<String, ResponderError>> = chunks(&text).into_iter().map(Ok).collect();
        if fails {
            pieces.push(Err(ResponderError("the message was /fail".to_owned())));
        }
        let pause = self.pause;
        Box::pin(stream::iter(pieces).then(move |piece| async move {
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
            piece
        }))
    }
}

/// What the guide has to say: about a close code, about a message, or in general.
fn explain(question: &str, messages: usize) -> String {
    let words: Vec<String> = question
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let code = CONTRACT.close_codes.iter().find(|code| words.contains(&code.code.to_string()));
    if let Some(code) = code {
        let then =
            if code.reconnect { "A client reconnects after it." } else { "A client does not reconnect after it." };
        return format!("Close code {} is {}. {} {then}", code.code, code.name, code.meaning);
    }
    for (side, messages) in [("Clients send", CONTRACT.to_server), ("The server sends", CONTRACT.to_client)] {
        if let Some(message) = messages.iter().find(|message| words.iter().any(|word| word == message.wire_type)) {
            return format!("{side} {}. Its schema and examples stand in asyncapi/chat.yml.", message.wire_type);
        }
    }
    format!(
        "You wrote {} words, and this thread has {messages} messages. Ask me about a close code such as 4408, \
         or about a message such as stream_chunk. Write /fail to see an answer break off.",
        words.len()
    )
}

/// The text in pieces of a few words; joined they give the text back.
fn chunks(text: &str) -> Vec<String> {
    let words: Vec<&str> = text.split_inclusive(' ').collect();
    words.chunks(WORDS_PER_CHUNK).map(<[&str]>::concat).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_give_the_text_back() {
        let text = explain("what does 4408 mean?", 1);
        assert_eq!(chunks(&text).concat(), text);
        assert!(chunks(&text).len() > 2);
    }

    #[track_caller]
    fn check(question: &str, expected: &str) {
        let answer = explain(question, 1);
        assert!(answer.contains(expected), "{question:?} was answered with {answer:?}");
    }

    #[test]
    fn it_answers_from_the_contract() {
        check("What does 4408 mean?", "pong_timeout");
        check("What does 1002 mean?", "does not reconnect");
        check("when does stream_chunk come?", "The server sends stream_chunk");
        check("and send_message?", "Clients send send_message");
        check("hello there", "You wrote 2 words");
    }
}

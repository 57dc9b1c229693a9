//! One answer: from `stream_start` over the chunks to `stream_end`, with the agent's events around it.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use futures_util::{FutureExt, StreamExt, stream};
use tightwire::proto::inbound::StreamPosition;
use tightwire::{FencedPublisher, PublishError, Publisher, ServerMessage};
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

use crate::agents::Outcome;
use crate::chat::{
    AgentActivity, AgentEvent, AgentEventEvent, AgentState, AgentTopic, AgentUpdate, Author, AuthorKind, CriticalAlert,
    CriticalAlertSeverity, DashboardTopic, StreamChunk, StreamEnd, StreamEndFinishReason, StreamStart, ThreadMessage,
    ThreadTopic,
};
use crate::dashboard::{self, ALERT_AFTER_FAILURES};
use crate::orphan::Unfinished;
use crate::responder::{Answer, ResponderError};
use crate::service::Chat;
use crate::system::System;
use crate::threads::MESSAGES_PER_THREAD;

/// What the client reads where an answer broke off before its first piece.
pub(crate) const NO_ANSWER: &str = "(no answer)";

/// How long a responder may leave its readers waiting for the next piece.
const SILENCE: Duration = Duration::from_secs(60);
/// How long an answer may take.
const LONGEST: Duration = Duration::from_secs(600);
/// How long an answer may be, in bytes and in pieces. It is kept in the thread's history.
const ANSWER_BYTES: usize = 256 * 1024;
const PIECES: u64 = 10_000;
/// How often it is said again how an agent is, where that changes all the time.
const ATTEMPTS: usize = 3;

/// Another server has ended the answer: it took this one for lost.
struct Overtaken;

/// An answer in the making.
pub(crate) struct Answering {
    pub(crate) chat: Arc<Chat>,
    /// Carries the id of the frame that is answered: every frame of the answer refers to it.
    pub(crate) publisher: Publisher,
    pub(crate) topic: ThreadTopic,
    pub(crate) question: ThreadMessage,
}

impl Answering {
    /// Streams the answer and stores it. A frame that cannot be published is logged; the rest goes on, because the
    /// answer still belongs into the history. Where another server has ended it nothing follows.
    pub(crate) async fn run(self) {
        let agent_id = self.chat.responder.agent_id().to_owned();
        let stream_id = Uuid::now_v7();
        let (in_reply_to, message_id) = (self.question.message_id, Uuid::now_v7());
        let stream = self.publisher.fenced(self.topic.clone(), &stream_id.to_string());
        let start = StreamStart { agent_id: agent_id.clone(), in_reply_to, stream_id };
        if let Ok(Some(StreamPosition { epoch, seq })) = self.write(&stream, &start).await {
            let (thread_id, agent_id) = (self.question.thread_id.clone(), agent_id.clone());
            self.chat.unfinished.begin(Unfinished { thread_id, agent_id, stream_id, message_id, epoch, seq });
        }

        // This tells the other servers of the answer, too: if this one is killed, they end it.
        if let Some(agent) = self.chat.agents.task_started(&agent_id) {
            self.agent(AgentEventEvent::TaskStarted, agent).await;
        }

        let end = self.stream(&stream, stream_id, message_id, &agent_id).await;
        let outcome = match end.as_ref().map(|end| &end.finish_reason) {
            Ok(StreamEndFinishReason::Stop | StreamEndFinishReason::Length) => Outcome::Completed,
            Ok(StreamEndFinishReason::Cancelled | StreamEndFinishReason::Error) | Err(Overtaken) => Outcome::Failed,
        };
        // Before the end is told: whoever sees it, and asks, is not told that the agent is busy with the answer.
        let ended = self.chat.agents.task_ended(&agent_id, outcome);
        let told = match end {
            Ok(end) => self.write(&stream, &end).await.map(drop),
            Err(overtaken) => Err(overtaken),
        };
        if let Err(Overtaken) = told {
            tracing::warn!(%stream_id, topic = %self.topic, "another server has ended an answer of this one");
        }
        self.chat.unfinished.end(stream_id);
        if let Some((agent, failures)) = ended {
            self.ended(outcome, agent, failures).await;
        }
    }

    /// Publishes all that comes after `stream_start`, and keeps it in the history. The end, which is still to be told.
    async fn stream(
        &self,
        stream: &FencedPublisher<ThreadTopic>,
        stream_id: Uuid,
        message_id: Uuid,
        agent_id: &str,
    ) -> Result<StreamEnd, Overtaken> {
        let history = self.history().await;
        let mut pieces = self.pieces(&history);
        let (mut text, mut index) = (String::new(), 0);
        let deadline = Instant::now() + LONGEST;
        let finish_reason = loop {
            // A responder is somebody's code: where it panics or falls silent, the answer ends, but it does end.
            let next = AssertUnwindSafe(pieces.next()).catch_unwind();
            let next = tokio::select! {
                next = timeout_at(deadline.min(Instant::now() + SILENCE), next) => next,
                () = self.chat.answers_end() => break StreamEndFinishReason::Cancelled,
            };
            let piece = match next {
                Ok(Ok(Some(piece))) => piece,
                Ok(Ok(None)) => break StreamEndFinishReason::Stop,
                Ok(Err(_)) => Err(panicked()),
                Err(_) => Err(ResponderError("the responder took too long".to_owned())),
            };
            match piece {
                Ok(delta) if text.len() + delta.len() > ANSWER_BYTES || index == PIECES => {
                    break StreamEndFinishReason::Length;
                }
                Ok(delta) => {
                    text.push_str(&delta);
                    self.write(stream, &StreamChunk { delta, index, stream_id }).await?;
                    index += 1;
                }
                Err(cause) => {
                    tracing::warn!(%cause, agent_id, topic = %self.topic, "an answer broke off");
                    break StreamEndFinishReason::Error;
                }
            }
        };
        drop(pieces);
        if index == 0 {
            // The contract promises at least one piece.
            text.push_str(NO_ANSWER);
            self.write(stream, &StreamChunk { delta: NO_ANSWER.to_owned(), index, stream_id }).await?;
            index += 1;
        }

        let message = ThreadMessage {
            author: Author { id: agent_id.to_owned(), kind: AuthorKind::Agent },
            content: text,
            created_at: Utc::now(),
            message_id,
            metadata: None,
            thread_id: self.question.thread_id.clone(),
        };
        if let Err(error) = self.chat.threads().append_answer(message, stream).await {
            tracing::warn!(%error, topic = %self.topic, "an answer could not be kept");
        }
        Ok(StreamEnd { chunks: index, finish_reason, message_id, stream_id })
    }

    /// What was said before. A responder that does not know it can still answer the question.
    async fn history(&self) -> Vec<ThreadMessage> {
        let history = self.chat.threads().newest(&self.question.thread_id, MESSAGES_PER_THREAD).await;
        history.unwrap_or_else(|error| {
            tracing::warn!(%error, topic = %self.topic, "the thread's history is not there for an answer");
            vec![self.question.clone()]
        })
    }

    /// The answer of the responder, or its failure to begin one.
    fn pieces(&self, history: &[ThreadMessage]) -> Answer {
        let answer = || self.chat.responder.answer(&self.question, history);
        std::panic::catch_unwind(AssertUnwindSafe(answer)).unwrap_or_else(|_| Box::pin(stream::iter([Err(panicked())])))
    }

    /// Tells agent topic and dashboard how it went, and raises an alert when it went wrong too often.
    async fn ended(&self, outcome: Outcome, agent: AgentState, failures: u64) {
        let agent_id = agent.agent_id.clone();
        let event = match outcome {
            Outcome::Completed => AgentEventEvent::TaskCompleted,
            Outcome::Failed => AgentEventEvent::TaskFailed,
        };
        self.agent(event, agent).await;
        let update = dashboard::update(&self.chat, &System::asked(&self.chat).await);
        self.publish(&DashboardTopic, &update).await;
        if failures == ALERT_AFTER_FAILURES {
            let alert = CriticalAlert {
                alert_id: Uuid::now_v7(),
                message: format!("The responder failed {failures} times in a row."),
                raised_at: Utc::now(),
                severity: CriticalAlertSeverity::Critical,
                source: format!("agent:{agent_id}"),
            };
            self.publish(&DashboardTopic, &alert).await;
        }
    }

    /// Tells what happened to the agent here, and how it is on all servers together.
    async fn agent(&self, event: AgentEventEvent, here: AgentState) {
        let everywhere = async || System::asked(&self.chat).await.agent(&here.agent_id).unwrap_or_else(|| here.clone());
        let mut agent = everywhere().await;
        let details = serde_json::Map::from_iter([("thread_id".to_owned(), self.question.thread_id.clone().into())]);
        let status: AgentActivity = agent.status;
        match AgentTopic::new(agent.agent_id.clone()) {
            Ok(topic) => {
                let event = AgentEvent { agent_id: agent.agent_id.clone(), details: Some(details), event, status };
                self.publish(&topic, &event).await;
            }
            Err(error) => tracing::error!(%error, agent_id = agent.agent_id, "an agent's id is not a topic"),
        }
        // Something may happen to it on two servers at the same moment, and the later truth be published first. Whoever finds
        // afterwards that it is not as it said says it again, so that what is said last is true.
        for _ in 0..ATTEMPTS {
            self.publish(&DashboardTopic, &AgentUpdate { agent: agent.clone() }).await;
            let said = std::mem::replace(&mut agent, everywhere().await);
            if said == agent {
                break;
            }
        }
    }

    /// Publishes a frame of the answer itself.
    async fn write<M: ServerMessage<Topic = ThreadTopic>>(
        &self,
        stream: &FencedPublisher<ThreadTopic>,
        message: &M,
    ) -> Result<Option<StreamPosition>, Overtaken> {
        match stream.publish(message).await {
            Err(PublishError::Fenced(_)) => Err(Overtaken),
            published => Ok(logged::<M>(&self.topic, published)),
        }
    }

    async fn publish<M: ServerMessage>(&self, topic: &M::Topic, message: &M) -> Option<StreamPosition> {
        let published = self.publisher.publish(topic, message).await;
        logged::<M>(topic, published)
    }
}

fn panicked() -> ResponderError {
    ResponderError("the responder panicked".to_owned())
}

/// What was published; what was not is logged.
fn logged<M: ServerMessage>(
    topic: &M::Topic,
    published: Result<StreamPosition, PublishError>,
) -> Option<StreamPosition> {
    published
        .inspect_err(|error| {
            tracing::warn!(%error, %topic, r#type = M::TYPE, "a frame could not be published");
        })
        .ok()
}

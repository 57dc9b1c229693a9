//! The handlers: what the server does for each operation of the contract.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chrono::Utc;
use tightwire::{Context, Stats};
use tokio::sync::{Semaphore, watch};
use uuid::Uuid;

use crate::agents::Agents;
use crate::answer::Answering;
use crate::chat::{
    Author, AuthorKind, CONTRACT_VERSION, ChatService, DashboardInitialized, DashboardTopic, DataError, DataResponse,
    DataType, ErrorCode, Failure, RequestData, RequestDataReply, SendMessage, SubscribeThread, ThreadHistory,
    ThreadMessage, ThreadMessageCreated, ThreadTopic, Topic,
};
use crate::dashboard;
use crate::responder::Responder;
use crate::threads::Threads;

/// Answers in the making at the same time, over all threads; beyond it `send_message` fails with `unavailable`.
const ANSWERS: u32 = 1000;
/// How long a shutdown waits for answers to say that they end.
const FAREWELL: Duration = Duration::from_secs(1);

/// The chat application.
pub struct Chat {
    pub(crate) threads: Threads,
    pub(crate) agents: Agents,
    pub(crate) responder: Box<dyn Responder>,
    answers: Arc<Semaphore>,
    /// True once no more answers are to be written. Every answer watches it.
    ending: watch::Sender<bool>,
    /// Set once the server exists: the dashboard shows what it counts, against the connections that it takes.
    server: OnceLock<(Stats, u64)>,
}

impl Chat {
    /// A chat in which `responder` answers.
    pub fn new(responder: impl Responder) -> Self {
        let agents = Agents::default();
        agents.register(responder.agent_id(), responder.name());
        Self {
            threads: Threads::default(),
            agents,
            responder: Box::new(responder),
            answers: Arc::new(Semaphore::new(ANSWERS as usize)),
            ending: watch::Sender::new(false),
            server: OnceLock::new(),
        }
    }

    /// Ends the answers that are being written, each with a `stream_end`, and lets none begin any more: before the server
    /// says goodbye to those who read them.
    pub async fn end_answers(&self) {
        self.ending.send_replace(true);
        let all = tokio::time::timeout(FAREWELL, self.answers.acquire_many(ANSWERS));
        if all.await.is_err() {
            tracing::warn!("answers are cut off at the shutdown");
        }
        self.answers.close();
    }

    /// Ready when answers are to end.
    pub(crate) async fn answers_end(&self) {
        // The sender lives as long as the chat, so there is no other way to be ready.
        let _ = self.ending.subscribe().wait_for(|ending| *ending).await;
    }

    /// Gives the chat the counters of the server that it runs in, and how many connections that takes at most.
    pub fn attach(&self, stats: Stats, most_connections: u64) {
        // A chat belongs to one server; the first one stays.
        let _ = self.server.set((stats, most_connections));
    }

    pub(crate) fn server(&self) -> Option<&(Stats, u64)> {
        self.server.get()
    }
}

/// The handlers share the chat with the tasks that stream answers.
#[derive(Clone)]
pub struct Handlers(pub Arc<Chat>);

impl ChatService for Handlers {
    async fn subscribe_thread(
        &self,
        cx: &Context<'_>,
        topic: ThreadTopic,
        data: SubscribeThread,
    ) -> Result<ThreadHistory, Failure> {
        let position = cx.subscribed_at().ok_or_else(|| {
            Failure::new(ErrorCode::InternalError, "The thread's position is not known.")
                .because("subscribe_thread ran without a subscription")
        })?;
        let messages =
            self.0.threads.newest(topic.thread_id(), usize::try_from(data.limit_or_default()).unwrap_or(usize::MAX));
        Ok(ThreadHistory {
            epoch: position.epoch,
            messages,
            seq: position.seq,
            thread_id: topic.thread_id().to_owned(),
        })
    }

    async fn send_message(&self, cx: &Context<'_>, topic: ThreadTopic, data: SendMessage) -> Result<(), Failure> {
        let permit = Arc::clone(&self.0.answers).try_acquire_owned().map_err(|_| {
            Failure::new(ErrorCode::Unavailable, "Too many answers are being written; try again in a moment.")
        })?;
        let message = ThreadMessage {
            author: Author { id: cx.connection_id().to_string(), kind: AuthorKind::User },
            content: data.content,
            created_at: Utc::now(),
            message_id: Uuid::now_v7(),
            metadata: data.metadata,
            thread_id: topic.thread_id().to_owned(),
        };
        // Stored first, published second: whoever subscribes in between sees the message twice, never not at all.
        self.0.threads.append(message.clone());
        cx.publish(&topic, &ThreadMessageCreated { message: message.clone() }).await.map_err(|error| {
            Failure::new(ErrorCode::Unavailable, "The message could not be published; try again in a moment.")
                .because(error)
        })?;
        let answering = Answering { chat: Arc::clone(&self.0), publisher: cx.publisher(), topic, question: message };
        tokio::spawn(async move {
            answering.run().await;
            drop(permit);
        });
        Ok(())
    }

    async fn request_data(
        &self,
        _cx: &Context<'_>,
        _topic: DashboardTopic,
        data: RequestData,
    ) -> Result<RequestDataReply, Failure> {
        let params = data.params.unwrap_or_default();
        Ok(match data.data_type {
            DataType::AgentStatus => match dashboard::agent_status(&self.0, params.agent_id.as_deref()) {
                Some(status) => DataResponse::AgentStatus(status).into(),
                None => DataError {
                    data_type: data.data_type,
                    error: "There is no agent with this id.".to_owned(),
                    timestamp: Utc::now(),
                }
                .into(),
            },
            DataType::CoordinationMetrics => {
                let window = params.window_s.map(Duration::from_secs);
                DataResponse::CoordinationMetrics(self.0.agents.metrics(window)).into()
            }
            DataType::SystemHealth => DataResponse::SystemHealth(dashboard::system_health(&self.0)).into(),
        })
    }

    async fn authorize(&self, _cx: &Context<'_>, topic: &Topic) -> Result<(), Failure> {
        match topic {
            Topic::Agent(topic) if self.0.agents.get(topic.agent_id()).is_none() => {
                Err(Failure::new(ErrorCode::InvalidTopic, "There is no agent with this id."))
            }
            _ => Ok(()),
        }
    }

    async fn subscribed(&self, cx: &Context<'_>, topic: &Topic) -> Result<(), Failure> {
        if let Topic::Dashboard(topic) = topic {
            let snapshot = dashboard::snapshot(&self.0);
            cx.reply(topic, &DashboardInitialized { contract_version: CONTRACT_VERSION.to_owned(), snapshot });
        }
        Ok(())
    }
}

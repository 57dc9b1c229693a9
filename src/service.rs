//! The handlers: what the server does for each operation of the contract.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chrono::Utc;
use tightwire::{Cluster, Context, Publisher, Server};
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
use crate::orphan::Answers;
use crate::responder::Responder;
use crate::system::System;
use crate::threads::{MemoryThreads, SharedThreads, StoreError, ThreadStore};

/// Answers in the making at the same time, over all threads; beyond it `send_message` fails with `unavailable`.
const ANSWERS: u32 = 1000;
/// How long a shutdown waits for answers to say that they end.
const FAREWELL: Duration = Duration::from_secs(1);

/// The chat application.
pub struct Chat {
    /// Set once the server exists; in memory before.
    threads: OnceLock<Box<dyn ThreadStore>>,
    pub(crate) agents: Agents,
    pub(crate) responder: Box<dyn Responder>,
    answers: Arc<Semaphore>,
    pub(crate) unfinished: Answers,
    /// True once no more answers are to be written. Every answer watches it.
    ending: watch::Sender<bool>,
    /// Set once the server exists.
    server: OnceLock<Attached>,
}

/// The server that the chat runs in.
pub(crate) struct Attached {
    pub(crate) cluster: Cluster,
    pub(crate) publisher: Publisher,
    /// How many connections it takes.
    pub(crate) most_connections: u64,
    /// Whether what is published goes through Redis.
    pub(crate) is_shared: bool,
}

impl Chat {
    /// A chat in which `responder` answers.
    pub fn new(responder: impl Responder) -> Self {
        let agents = Agents::default();
        agents.register(responder.agent_id(), responder.name());
        Self {
            threads: OnceLock::new(),
            agents,
            responder: Box::new(responder),
            answers: Arc::new(Semaphore::new(ANSWERS as usize)),
            unfinished: Answers::default(),
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

    /// Gives the chat the server that it runs in, and how many connections that takes at most. A chat belongs to one server;
    /// the first one stays.
    pub fn attach<S: tightwire::Service>(&self, server: &Server<S>, most_connections: u64) {
        let lists = server.shared_lists();
        let attached = Attached {
            cluster: server.cluster(),
            publisher: server.publisher(),
            most_connections,
            is_shared: lists.is_some(),
        };
        if self.server.set(attached).is_ok()
            && let Some(lists) = lists
        {
            let _ = self.threads.set(Box::new(SharedThreads(lists)));
        }
    }

    pub(crate) fn server(&self) -> Option<&Attached> {
        self.server.get()
    }

    /// The agents, as far as this server knows them.
    pub fn agents(&self) -> &Agents {
        &self.agents
    }

    /// Where the threads are.
    pub fn threads(&self) -> &dyn ThreadStore {
        &**self.threads.get_or_init(|| Box::new(MemoryThreads::default()))
    }
}

/// What a client is told when the threads cannot be had.
fn no_threads(error: StoreError) -> Failure {
    Failure::new(ErrorCode::Unavailable, "The thread cannot be had now; try again in a moment.").because(error)
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
            Failure::new(ErrorCode::Unavailable, "The thread's position is not known now; try again in a moment.")
                .because("the event bus does not tell it")
        })?;
        // Read after the position was: what the position covers is there, whichever server it was published on.
        let limit = usize::try_from(data.limit_or_default()).unwrap_or(usize::MAX);
        let messages = self.0.threads().newest(topic.thread_id(), limit).await.map_err(no_threads)?;
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
        self.0.threads().append(message.clone()).await.map_err(no_threads)?;
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
                DataResponse::CoordinationMetrics(System::now(&self.0).metrics(window)).into()
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

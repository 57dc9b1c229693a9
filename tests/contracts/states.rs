//! The provider states of the chat server, as docs/contracts.md lists them: what consumers ask for by name, and how it is done
//! through the server's library, or as another client.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::{Map, Value};
use tightwire::client::{Client, ClientConfig};
use tightwire_chat::agents::Outcome;
use tightwire_chat::chat::{
    ChatClient, SendMessage, SendMessageReply, ThreadMessage, ThreadMessageCreated, ThreadTopic,
};
use tightwire_testkit::pact::ProviderState;
use tightwire_testkit::pact::verify::{Action, StateChange, StateHandler};
use uuid::Uuid;

use crate::provider::Site;

/// Puts a chat server into states.
#[derive(Clone)]
pub(crate) struct States {
    site: Arc<Site>,
    /// How many threads there are in which only the states have something to say.
    threads: Arc<AtomicUsize>,
}

impl StateHandler for States {
    fn change(&self, StateChange { action, state }: StateChange) -> BoxFuture<'_, Result<Map<String, Value>, String>> {
        async move {
            match action {
                Action::SetUp => self.set_up(&state).await?,
                Action::TearDown => self.tear_down(&state).await?,
            }
            Ok(Map::new())
        }
        .boxed()
    }
}

impl States {
    pub(crate) fn new(site: Arc<Site>) -> Self {
        Self { site, threads: Arc::default() }
    }

    async fn set_up(&self, state: &ProviderState) -> Result<(), String> {
        match state.name.as_str() {
            "an empty thread" => self.empty_thread(text(state, "thread_id")?).await,
            "a thread with messages" => {
                let thread_id = text(state, "thread_id")?;
                self.empty_thread(thread_id).await?;
                self.fill(thread_id, number(state, "count")?).await
            }
            "an agent is working" => {
                let agent_id = text(state, "agent_id")?;
                self.site.chat().agents().task_started(agent_id).map(drop).ok_or_else(|| no_agent(agent_id))
            }
            "there is no agent" => match self.site.chat().agents().get(text(state, "agent_id")?) {
                Some(agent) => Err(format!("the agent `{}` is there, and agents do not go away", agent.agent_id)),
                None => Ok(()),
            },
            "somebody writes into the thread" => self.say(text(state, "thread_id")?, text(state, "content")?).await,
            "an agent answers" => {
                self.agent(state)?;
                self.say(&self.own_thread(), "hello").await
            }
            "an agent fails three times in a row" => {
                self.agent(state)?;
                for _ in 0..3 {
                    self.say(&self.own_thread(), "/fail").await?;
                }
                Ok(())
            }
            "the server shuts down" => {
                self.site.shut_down();
                Ok(())
            }
            name => Err(format!("there is no state \"{name}\"; docs/contracts.md lists those that there are")),
        }
    }

    async fn tear_down(&self, state: &ProviderState) -> Result<(), String> {
        match state.name.as_str() {
            "an agent is working" => {
                let agent_id = text(state, "agent_id")?;
                let ended = self.site.chat().agents().task_ended(agent_id, Outcome::Completed);
                ended.map(drop).ok_or_else(|| no_agent(agent_id))
            }
            "an agent fails three times in a row" => self.say(&self.own_thread(), "hello").await,
            "the server shuts down" => {
                self.site.replace().await;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    async fn empty_thread(&self, thread_id: &str) -> Result<(), String> {
        let messages = self.site.chat().threads().newest(thread_id, 1).await.map_err(|error| error.to_string())?;
        if messages.is_empty() {
            return Ok(());
        }
        Err(format!("somebody has written into `{thread_id}` already: every interaction needs a thread of its own"))
    }

    /// Messages of a user and an agent by turns, stored and published as the server does it.
    async fn fill(&self, thread_id: &str, count: u64) -> Result<(), String> {
        let topic = ThreadTopic::new(thread_id).map_err(|error| error.to_string())?;
        for number in 1..=count {
            let kind = if number % 2 == 1 { "user" } else { "agent" };
            let id = if number % 2 == 1 { "somebody" } else { "guide" };
            let message: ThreadMessage = serde_json::from_value(serde_json::json!({
                "author": {"kind": kind, "id": id},
                "content": format!("Message {number}"),
                "created_at": "2026-01-01T00:00:00Z",
                "message_id": Uuid::now_v7(),
                "thread_id": thread_id,
            }))
            .map_err(|error| error.to_string())?;
            self.site.chat().threads().append(message.clone()).await.map_err(|error| error.to_string())?;
            let published = self.site.publisher().publish(&topic, &ThreadMessageCreated { message }).await;
            published.map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    /// The agent that answers is the one that is meant.
    fn agent(&self, state: &ProviderState) -> Result<(), String> {
        let agent_id = text(state, "agent_id")?;
        self.site.chat().agents().get(agent_id).map(drop).ok_or_else(|| no_agent(agent_id))
    }

    /// Says something as another client, and waits until it is answered.
    async fn say(&self, thread_id: &str, content: &str) -> Result<(), String> {
        let topic = ThreadTopic::new(thread_id).map_err(|error| error.to_string())?;
        let url = format!("ws://{}/ws", self.site.address());
        let client = Client::connect(&url, ClientConfig::default()).await.map_err(|error| error.to_string())?;
        let client = ChatClient::from(client);
        let message = SendMessage { content: content.to_owned(), metadata: None };
        let mut answer = client.send_message(topic, message).await.map_err(|error| error.to_string())?;
        loop {
            match answer.next().await {
                Some(Ok(SendMessageReply::StreamEnd(_))) => return Ok(()),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error.to_string()),
                None => return Err("the answer has no end".to_owned()),
            }
        }
    }

    fn own_thread(&self) -> String {
        format!("provider-states-{}", self.threads.fetch_add(1, Ordering::Relaxed))
    }
}

fn text<'a>(state: &'a ProviderState, name: &str) -> Result<&'a str, String> {
    let value = state.params.get(name).and_then(Value::as_str);
    value.ok_or_else(|| format!("the state \"{}\" needs a text `{name}` among its `params`", state.name))
}

fn number(state: &ProviderState, name: &str) -> Result<u64, String> {
    let value = state.params.get(name).and_then(Value::as_u64);
    value.ok_or_else(|| format!("the state \"{}\" needs a number `{name}` among its `params`", state.name))
}

fn no_agent(agent_id: &str) -> String {
    format!("there is no agent `{agent_id}`; the server under test has `guide`")
}

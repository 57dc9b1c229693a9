//! Publishes what other programs publish on channels of Redis, under the contract.

use std::io;
use std::sync::{Arc, Weak};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use serde::Deserialize;
use serde_json::Value;
use tightwire_proto::contract::Framing;
use tightwire_proto::inbound::Violation;
use tokio::sync::watch;

use crate::admission::{self, Admission, Refused};
use crate::broker::redis::{Heard, listen};
use crate::config::RedisConfig;
use crate::noise::warn_limited;
use crate::publisher::Unpublished;
use crate::service::Service;
use crate::shared::Shared;

/// A message that says itself what it is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    topic: String,
    r#type: String,
    data: Value,
}

/// Whether the channels of the settings can be what they say, as far as that can be seen before a message comes.
pub(crate) fn check<S: Service>(shared: &Shared<S>) -> io::Result<()> {
    let channels = shared.config.redis.iter().flat_map(|redis| &redis.channels);
    for channel in channels {
        let wrong = |why: &str| {
            let text = format!("the channel `{channel}` (`redis_channels`): {why}");
            Err(io::Error::new(io::ErrorKind::InvalidInput, text))
        };
        if shared.contract.framing == Framing::Flat {
            return wrong("this protocol has no topics that its messages could be published to");
        }
        if let Some(wire_type) = channel.wire_type()
            && let Err(why) = admission::message(shared.contract, wire_type)
        {
            return wrong(&format!("`{wire_type}` {why}"));
        }
        if let Some(topic) = channel.only_topic()
            && shared.service.channel_of(&topic).is_none()
        {
            return wrong(&format!("there is no topic `{topic}`"));
        }
    }
    Ok(())
}

/// Publishes what is heard until the server ends, if there is anything to hear.
pub(crate) fn start<S: Service>(shared: &Arc<Shared<S>>, ending: watch::Receiver<bool>) {
    let Some(redis) = shared.config.redis.clone().filter(|redis: &RedisConfig| !redis.channels.is_empty()) else {
        return;
    };
    let admission = Admission::new(shared.contract);
    let shared = Arc::downgrade(shared);
    tokio::spawn(listen(redis, ending, move |heard| publish(&shared, &admission, &heard)));
}

fn publish<S: Service>(shared: &Weak<Shared<S>>, admission: &Admission, heard: &Heard<'_>) -> BoxFuture<'static, ()> {
    let Some(shared) = shared.upgrade() else { return ready(()).boxed() };
    shared.counters.channel_messages_total.increment();
    match read(&shared, admission, heard) {
        Ok(unpublished) => async move {
            if let Err(error) = shared.publisher.hand_over(unpublished).await {
                shared.counters.channel_messages_failed_total.increment();
                warn_limited!(%error, "a message of a channel was not published");
            }
        }
        .boxed(),
        Err(why) => {
            shared.counters.channel_messages_refused_total.increment();
            let (channel, bytes) = (heard.by.name(), heard.payload.len());
            warn_limited!(channel, bytes, why, "a message of a channel does not follow the contract");
            ready(()).boxed()
        }
    }
}

/// What is to be published; or why not, without any value of the message.
fn read<S: Service>(shared: &Shared<S>, admission: &Admission, heard: &Heard<'_>) -> Result<Unpublished, String> {
    if heard.payload.len() as u64 > shared.config.max_body_bytes {
        return Err(format!("it has more than {} bytes (`max_body_bytes`)", shared.config.max_body_bytes));
    }
    let misread = |error: serde_json::Error| {
        format!("it is not what it should be at line {}, column {}", error.line(), error.column())
    };
    let Message { topic, r#type, data } = match heard.by.wire_type() {
        None => serde_json::from_slice(heard.payload).map_err(misread)?,
        Some(wire_type) => Message {
            topic: heard.by.topic(heard.channel).ok_or("its channel names no topic")?,
            r#type: wire_type.to_owned(),
            data: serde_json::from_slice(heard.payload).map_err(misread)?,
        },
    };
    let message = admission.message(&r#type).map_err(|violation| violation.reason())?;
    if shared.service.channel_of(&topic).is_none() {
        return Err("there is no such topic".to_owned());
    }
    admission.admit(message, &topic, &data).map_err(|refused| match refused {
        Refused::Violations(violations) => violations.iter().map(Violation::reason).collect::<Vec<_>>().join("; "),
        Refused::Encode(error) => error.to_string(),
    })
}

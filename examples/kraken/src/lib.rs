//! Serves a protocol of others: Kraken's WebSocket API, from its AsyncAPI document.
//!
//! What is here answers; there is no market behind it. [`kraken`] is generated from `asyncapi/kraken.yml`.

use std::future::Future;
use std::io;
use std::sync::atomic::{AtomicI64, Ordering};

use tightwire::{Config, Context, Server};
use tokio::net::TcpListener;

use crate::kraken::{
    Failure, KrakenService, Name, Ping, Pong, PongEvent, Status, Subscribe, SubscribeReply, SubscriptionStatus,
    SubscriptionStatusError, SubscriptionStatusErrorEvent, SubscriptionStatusSuccess, SubscriptionStatusSuccessEvent,
    SystemStatus, SystemStatusEvent, Unsubscribe,
};

tightwire::include_protocol!("kraken");

/// The handlers.
#[derive(Debug, Default)]
pub struct Exchange {
    /// The last channel that was given to a subscription.
    channels: AtomicI64,
}

impl KrakenService for Exchange {
    async fn connected(&self, cx: &Context<'_>) -> Result<(), Failure> {
        cx.send(&SystemStatus {
            connection_id: None,
            event: Some(SystemStatusEvent::SystemStatus),
            status: Some(Status::Online),
            version: Some("1.8.0".to_owned()),
        });
        Ok(())
    }

    async fn receive_ping(&self, _cx: &Context<'_>, data: Ping) -> Result<Pong, Failure> {
        Ok(Pong { event: Some(PongEvent::Pong), reqid: data.reqid })
    }

    async fn subscribe(&self, _cx: &Context<'_>, data: Subscribe) -> Result<SubscribeReply, Failure> {
        let Some(subscription) = data.subscription else {
            return Ok(refused(data.reqid, data.pair, "Subscription is missing").into());
        };
        if matches!(subscription.name, Name::OpenOrders | Name::OwnTrades) {
            return Ok(refused(data.reqid, data.pair, "Private data is on another endpoint").into());
        }
        Ok(SubscriptionStatus::Success(SubscriptionStatusSuccess {
            channel_id: self.channels.fetch_add(1, Ordering::Relaxed) + 1,
            channel_name: subscription.name.to_string(),
            event: SubscriptionStatusSuccessEvent::SubscriptionStatus,
            pair: data.pair,
            reqid: data.reqid,
            status: Some(Status::Online),
            subscription: None,
        })
        .into())
    }

    async fn unsubscribe(&self, _cx: &Context<'_>, data: Unsubscribe) -> Result<SubscriptionStatus, Failure> {
        Ok(refused(data.reqid, data.pair, "Subscription not found"))
    }
}

fn refused(reqid: Option<i64>, pair: Option<Vec<String>>, why: &str) -> SubscriptionStatus {
    SubscriptionStatus::Error(SubscriptionStatusError {
        error_message: why.to_owned(),
        event: SubscriptionStatusErrorEvent::SubscriptionStatus,
        pair,
        reqid,
        status: None,
        subscription: None,
    })
}

/// Serves on `listener` until `shutdown` is ready.
///
/// # Errors
/// The listener's.
pub async fn run(listener: TcpListener, shutdown: impl Future<Output = ()>) -> io::Result<()> {
    let config = Config { docs: Some(tightwire::include_docs!("kraken")), ..Config::default() };
    Server::new(kraken::service(Exchange::default()), config).run(listener, shutdown).await
}

//! Threads, and what happens to agents who answer in them.

use serde_json::json;
use tightwire_chat::chat::{
    AgentActivity, AgentEventEvent, AgentTopic, SendMessage, SendMessageReply, ServerFrame, StreamEndFinishReason,
    SubscribeThread, Topic,
};
use tightwire_testkit::pact::provider::matchers::{each_like, instant, integer, like, regex, uuid};
use tightwire_testkit::pact::provider::{Consumer, Draft};
use uuid::Uuid;

use crate::{connect, id, next, thread};

pub(crate) async fn history(consumer: Consumer) {
    let topic = "thread:rust-history";
    let message = json!({
        "message_id": uuid(&id(2)),
        "thread_id": "rust-history",
        "author": {"kind": regex("^(user|agent)$", "user"), "id": like("ada")},
        "content": like("What does 4408 mean?"),
        "created_at": instant("2026-01-01T00:00:00Z"),
    });
    let history =
        json!({"thread_id": "rust-history", "messages": each_like(1, message), "epoch": like("e"), "seq": integer(2)});
    consumer.expect(
        &Draft::new("the Rust client is told the newest messages of a thread, as many as it asks for")
            .given("a thread with messages", json!({"thread_id": "rust-history", "count": 2}))
            .request("subscribe_thread", topic, json!({"limit": 1}))
            .response("thread_history", topic, history)
            .ws("deadline_ms", 1000),
    );
    let client = connect(&consumer).await;
    let asked = SubscribeThread { limit: Some(1) };
    let history = client.subscribe_thread(thread("rust-history"), asked).await.expect("a history");
    let [message] = history.messages.as_slice() else { panic!("{history:?}") };
    assert_eq!((message.author.id.as_str(), message.content.as_str()), ("ada", "What does 4408 mean?"));
    assert_eq!((history.epoch.as_str(), history.seq), ("e", 2));
    consumer.passed();
}

pub(crate) async fn answer(consumer: Consumer) {
    let topic = "thread:rust-answer";
    let created = json!({"message": {
        "message_id": uuid(&id(3)),
        "thread_id": "rust-answer",
        "author": {"kind": "user", "id": like("ada")},
        "content": like("What does 4408 mean?"),
        "created_at": instant("2026-01-01T00:00:00Z"),
    }});
    let chunk =
        |index: u64, delta: &str| json!({"stream_id": uuid(&id(4)), "index": integer(index), "delta": like(delta)});
    let end =
        json!({"stream_id": uuid(&id(4)), "finish_reason": "stop", "chunks": integer(2), "message_id": uuid(&id(5))});
    consumer.expect(
        &Draft::new("the Rust client's message is answered in a stream")
            .given("an empty thread", json!({"thread_id": "rust-answer"}))
            .request("send_message", topic, json!({"content": like("What does 4408 mean?")}))
            .response("thread_message_created", topic, created)
            .response(
                "stream_start",
                topic,
                json!({"stream_id": uuid(&id(4)), "agent_id": like("guide"), "in_reply_to": uuid(&id(3))}),
            )
            .response_times("+", "stream_chunk", topic, chunk(0, "No "))
            .response_times("+", "stream_chunk", topic, chunk(1, "pong."))
            .response("stream_end", topic, end)
            .ws("deadline_ms", 3000)
            .ws("first_ms", 1000)
            .ws("count", json!([{"index": "stream_chunk#/data/index", "total": "stream_end#/data/chunks"}]))
            .ws(
                "bind",
                json!({
                    "content": ["$request#/data/content", "thread_message_created#/data/message/content"],
                    "question": ["thread_message_created#/data/message/message_id", "stream_start#/data/in_reply_to"],
                    "stream": ["stream_start#/data/stream_id", "stream_chunk#/data/stream_id", "stream_end#/data/stream_id"],
                }),
            ),
    );
    let client = connect(&consumer).await;
    let message = SendMessage { content: "And 1002?".to_owned(), metadata: None };
    let answer = client.send_message(thread("rust-answer"), message).await.expect("sent");
    let steps = answer.collect().await.expect("an answer");
    let [
        SendMessageReply::ThreadMessageCreated(created),
        SendMessageReply::StreamStart(start),
        SendMessageReply::StreamChunk(first),
        SendMessageReply::StreamChunk(second),
        SendMessageReply::StreamEnd(end),
    ] = steps.as_slice()
    else {
        panic!("not the sequence of the contract: {steps:?}");
    };
    assert_eq!((created.message.content.as_str(), start.in_reply_to), ("And 1002?", created.message.message_id));
    assert_eq!(format!("{}{}", first.delta, second.delta), "No pong.");
    assert_eq!((end.stream_id, end.chunks, &end.finish_reason), (start.stream_id, 2, &StreamEndFinishReason::Stop));
    consumer.passed();
}

pub(crate) async fn events(consumer: Consumer) {
    let created = json!({"message": {
        "message_id": uuid(&id(6)),
        "thread_id": "rust-events",
        "author": {"kind": "user", "id": like("bob")},
        "content": "hello",
        "created_at": instant("2026-01-01T00:00:00Z"),
    }});
    let written = json!({
        "name": "somebody writes into the thread",
        "params": {"thread_id": "rust-events", "content": "hello"},
    });
    let message = consumer.expect(
        &Draft::new("the Rust client is told what others write")
            .push("thread_message_created", "thread:rust-events", created)
            .ws("deadline_ms", 2000)
            .ws("trigger", written),
    );
    let details = json!({"agent_id": "guide", "event": "task_completed", "status": "idle"});
    let work = consumer.expect(
        &Draft::new("the Rust client is told that an agent has answered")
            .push("agent_event", "agent:guide", details)
            .ws("deadline_ms", 2000)
            .ws("trigger", json!({"name": "an agent answers", "params": {"agent_id": "guide"}})),
    );
    let mut client = connect(&consumer).await;
    let topics = [Topic::from(thread("rust-events")), AgentTopic::new("guide").expect("an agent's id").into()];
    client.subscribe(topics).await.expect("subscribed");
    consumer.push(message).await;
    let event = client.next_inbound().await.expect("an event").expect("sound");
    assert_eq!(event.position.expect("it is kept").seq, 1);
    let ServerFrame::ThreadMessageCreated { topic, data, .. } = event.frame else { panic!("{:?}", event.frame) };
    assert_eq!((topic.thread_id(), data.message.content.as_str()), ("rust-events", "hello"));
    assert_eq!(data.message.message_id, id(6).parse::<Uuid>().expect("a UUID"));
    consumer.push(work).await;
    let ServerFrame::AgentEvent { data, .. } = next(&mut client).await else { panic!("not the event") };
    assert_eq!((data.event, data.status), (AgentEventEvent::TaskCompleted, AgentActivity::Idle));
    consumer.passed();
}

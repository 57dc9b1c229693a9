//! What a decoded and validated frame costs, side by side in one run:
//!
//! - `generated`: `ClientFrame::decode`, bytes to owned typed frames with every constraint checked;
//! - `view`: `ClientFrameView::read`, the same checks, and what is read borrows from the bytes;
//! - `pipeline`: what one would write by hand, bytes → `Value` → the validator of the message → `from_value` into the same
//!   types;
//! - `serde`: bare `serde_json` into the same types, no validation, the message known beforehand;
//! - `floor`: `serde_json` into `IgnoredAny`, which only looks whether it is JSON.
//!
//! `cargo bench --bench decode` prints ns per frame and the ratios at the end, and then what frames cost that are refused;
//! `-- reject` prints only that.

mod reject;

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group};
use jsonschema::Validator;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Value, json};
use tightwire::proto::inbound::{Inbound, Rejection};
use tightwire_chat::chat::{self, CONTRACT, ClientFrame, ClientFrameView, ServerFrame, ServerFrameView};
use uuid::Uuid;

/// The envelope as one would write it down, around data of type `T`.
#[derive(Deserialize)]
#[expect(dead_code, reason = "what counts is that the fields are made")]
struct Envelope<T> {
    v: u8,
    id: Uuid,
    #[serde(rename = "type")]
    wire_type: String,
    topic: String,
    ts: u64,
    correlation_id: Option<Uuid>,
    seq: Option<u64>,
    epoch: Option<String>,
    data: T,
}

/// A frame of the mix, with how to read it when its message is known.
struct Sample {
    text: String,
    serde: fn(&[u8]),
    from_value: fn(Value),
}

fn sample<T: DeserializeOwned>(frame: &Value) -> Sample {
    Sample {
        text: frame.to_string(),
        serde: |bytes| {
            black_box(serde_json::from_slice::<Envelope<T>>(bytes).expect("proper"));
        },
        from_value: |value| {
            let envelope: Envelope<Value> = serde_json::from_value(value).expect("proper");
            black_box(serde_json::from_value::<T>(envelope.data).expect("proper"));
        },
    }
}

const ID: &str = "0190b6a2-7c1e-7b6a-9a64-0d5a3c0f7e21";
const TIME: &str = "2026-01-01T12:34:56.789Z";

fn client(wire_type: &str, topic: &str, data: &Value) -> Value {
    json!({"v": 1, "id": ID, "type": wire_type, "topic": topic, "ts": 1_767_225_600_000_u64, "data": data})
}

fn server(wire_type: &str, topic: &str, data: &Value) -> Value {
    let mut frame = client(wire_type, topic, data);
    frame["correlation_id"] = "7b0f2c8e-3b64-4a52-8a0e-6b1f9f0d2c33".into();
    frame
}

fn published(wire_type: &str, topic: &str, data: &Value) -> Value {
    let mut frame = server(wire_type, topic, data);
    frame["seq"] = 4711.into();
    frame["epoch"] = "b1946ac92492d234".into();
    frame
}

const PROSE: &str = "The meeting moves to Thursday, half past ten; please bring the figures of the second quarter, and \
    tell Anna and José that the room is the small one next to the library. ";

/// What a server receives: about 303 bytes on average.
fn client_mix() -> Vec<Sample> {
    let send = |content: &str, metadata: Value| {
        client("send_message", "thread:plans-2026", &json!({"content": content, "metadata": metadata}))
    };
    vec![
        sample::<chat::SendMessage>(&send(&PROSE.repeat(3), json!({"client": "web", "locale": "en-GB"}))),
        sample::<chat::SendMessage>(&send(PROSE, json!({}))),
        sample::<chat::SendMessage>(&client(
            "send_message",
            "thread:welcome",
            &json!({"content": "Hello, is anybody here?"}),
        )),
        sample::<chat::SendMessage>(&send("Line one\n\"quoted\" line two\tüber 🦀", json!({"k": "v"}))),
        sample::<chat::ClientPing>(&client("ping", "system", &json!({"timestamp": TIME}))),
        sample::<chat::ClientPong>(&client("pong", "system", &json!({"timestamp": TIME, "last_id": ID}))),
        sample::<chat::SubscribeThread>(&client("subscribe_thread", "thread:plans-2026", &json!({"limit": 50}))),
        sample::<chat::RequestData>(&client(
            "request_data",
            "dashboard",
            &json!({"data_type": "agent_status", "params": {"agent_id": "guide", "window_s": 300}}),
        )),
        sample::<chat::Subscribe>(&client(
            "subscribe",
            "system",
            &json!({
                "topics": ["dashboard", "thread:welcome", "thread:plans-2026", "agent:guide", "agent:planner"],
                "after": {
                    "thread:welcome": {"epoch": "b1946ac92492d234", "seq": 41},
                    "thread:plans-2026": {"epoch": "b1946ac92492d234", "seq": 1207},
                    "agent:guide": ID,
                },
            }),
        )),
        sample::<chat::Authenticate>(&client(
            "authenticate",
            "system",
            &json!({"token": "eyJhbGciOiJFUzI1NiJ9.".repeat(16)}),
        )),
    ]
}

/// What a client receives.
fn server_mix() -> Vec<Sample> {
    let message = json!({
        "message_id": ID, "thread_id": "plans-2026", "author": {"kind": "agent", "id": "guide"},
        "content": PROSE, "created_at": TIME, "metadata": {},
    });
    let agent = json!({"agent_id": "guide", "name": "Guide", "status": "idle", "active_streams": 0, "completed": 12, "failed": 0});
    let health = json!({
        "overall_status": "healthy",
        "components": [{"name": "event_bus", "status": "healthy", "detail": "in-memory"}],
    });
    let chunk = |index: u32| {
        published(
            "stream_chunk",
            "thread:plans-2026",
            &json!({"stream_id": ID, "index": index, "delta": "a few more words "}),
        )
    };
    vec![
        sample::<chat::StreamChunk>(&chunk(0)),
        sample::<chat::StreamChunk>(&chunk(1)),
        sample::<chat::StreamChunk>(&chunk(2)),
        sample::<chat::ServerPing>(&server("ping", "system", &json!({"timestamp": TIME}))),
        sample::<chat::ThreadMessageCreated>(&published(
            "thread_message_created",
            "thread:plans-2026",
            &json!({"message": message}),
        )),
        sample::<chat::ThreadHistory>(&server(
            "thread_history",
            "thread:plans-2026",
            &json!({"thread_id": "plans-2026", "messages": [message, message, message], "epoch": "b1946ac92492d234", "seq": 9}),
        )),
        sample::<chat::AgentUpdate>(&published("agent_update", "dashboard", &json!({"agent": agent}))),
        sample::<chat::SystemUpdate>(&published(
            "system_update",
            "dashboard",
            &json!({"system_health": health, "coordination_metrics": {"success_rate": 0.98, "trend": "steady"}}),
        )),
        sample::<chat::DataResponse>(&server(
            "data_response",
            "dashboard",
            &json!({"data_type": "agent_status", "data": {"agents": [agent, agent]}}),
        )),
        sample::<chat::AgentEvent>(&published(
            "agent_event",
            "agent:guide",
            &json!({"agent_id": "guide", "event": "task_completed", "status": "idle", "details": {"task": "answer", "tokens": 412}}),
        )),
    ]
}

/// The validators by `type`, from the published schemas.
fn validators(direction: &str) -> HashMap<String, Validator> {
    let bundle: Value = serde_json::from_str(CONTRACT.schema_bundle).expect("JSON");
    let messages = bundle["x-messages"][direction].as_object().expect("messages");
    let validator = |schema: &Value| {
        jsonschema::draft7::options()
            .should_validate_formats(true)
            .with_format("uuid", |text: &str| Uuid::try_parse(text).is_ok())
            .with_pattern_options(jsonschema::PatternOptions::regex())
            .build(&json!({"allOf": [schema], "definitions": bundle["definitions"]}))
            .expect("a schema")
    };
    messages.iter().map(|(wire_type, schema)| (wire_type.clone(), validator(schema))).collect()
}

fn pipeline(validators: &HashMap<String, Validator>, Sample { text, from_value, .. }: &Sample) {
    let value: Value = serde_json::from_slice(text.as_bytes()).expect("JSON");
    let validator = &validators[value["type"].as_str().expect("a type")];
    assert!(validator.is_valid(&value));
    from_value(value);
}

/// Time and frames so far, by direction and name.
type Spent = BTreeMap<(&'static str, &'static str), (Duration, u64)>;

thread_local! {
    static SPENT: RefCell<Spent> = RefCell::default();
}

fn compare<F>(
    criterion: &mut Criterion,
    direction: &'static str,
    mix: &[Sample],
    decode: fn(&[u8]) -> Result<Inbound<F>, Rejection>,
    decode_fast: fn(&[u8]) -> Option<Inbound<F>>,
    view: fn(&[u8]) -> bool,
) {
    let validators = validators(direction);
    let bytes: usize = mix.iter().map(|sample| sample.text.len()).sum();
    for Sample { text, .. } in mix {
        assert!(decode_fast(text.as_bytes()).is_some(), "not on the fast path: {text}");
        assert!(view(text.as_bytes()), "no view: {text}");
    }
    let mut group = criterion.benchmark_group(format!("decode/{direction}, {} bytes per frame", bytes / mix.len()));
    group.throughput(Throughput::Elements(mix.len() as u64));
    let mut run = |name: &'static str, read: &dyn Fn(&Sample)| {
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|iterations| {
                let start = Instant::now();
                for _ in 0..iterations {
                    for sample in mix {
                        read(black_box(sample));
                    }
                }
                let elapsed = start.elapsed();
                SPENT.with_borrow_mut(|spent| {
                    let (time, frames) = spent.entry((direction, name)).or_default();
                    *time += elapsed;
                    *frames += iterations * mix.len() as u64;
                });
                elapsed
            });
        });
    };
    run("generated", &|sample| {
        black_box(decode(sample.text.as_bytes()).expect("proper"));
    });
    run("view", &|sample| {
        black_box(view(sample.text.as_bytes()));
    });
    run("pipeline", &|sample| pipeline(&validators, sample));
    run("serde", &|sample| (sample.serde)(sample.text.as_bytes()));
    run("floor", &|sample| {
        black_box(serde_json::from_slice::<IgnoredAny>(sample.text.as_bytes()).expect("JSON"));
    });
    group.finish();
}

fn decode(criterion: &mut Criterion) {
    compare(criterion, "to_server", &client_mix(), ClientFrame::decode, ClientFrame::decode_fast, |bytes| {
        black_box(ClientFrameView::read(bytes)).is_some()
    });
    compare(criterion, "to_client", &server_mix(), ServerFrame::decode, ServerFrame::decode_fast, |bytes| {
        black_box(ServerFrameView::read(bytes)).is_some()
    });
}

#[expect(clippy::print_stdout, reason = "the ratios are the point of the run")]
fn main() {
    let only_refused = std::env::args().any(|argument| argument == "reject");
    if only_refused {
        return reject::table();
    }
    benches();
    Criterion::default().configure_from_args().final_summary();
    SPENT.with_borrow(|spent| {
        let per_frame = |direction, name| {
            let (time, frames) = spent.get(&(direction, name)).copied().unwrap_or_default();
            time.as_nanos() as f64 / frames as f64
        };
        for direction in ["to_server", "to_client"] {
            let generated = per_frame(direction, "generated");
            let view = per_frame(direction, "view");
            println!("{direction}: generated {generated:.0} ns per frame, view {view:.0} ns");
            for other in ["pipeline", "serde", "floor"] {
                let time = per_frame(direction, other);
                let (generated, view) = (time / generated, time / view);
                println!("  {other} {time:.0} ns: {generated:.2} times generated, {view:.2} times view");
            }
        }
    });
    if std::env::args().any(|argument| argument == "--bench") {
        reject::table();
    }
}

criterion_group!(benches, decode);

//! A reproduction, as it is written. `tests/fuzz/reproductions.rs` compares it.

/// no-reply: the answer to `send_message` did not end. Found with the seed 7.
#[tokio::test(start_paused = true)]
async fn an_answer_ends() {
    let steps = r##"
{"format":"tightwire-fuzz/1","seed":7,"class":"no-reply","message":"the answer to `send_message` did not end","client":0,"step":0,"expected":"stream_chunk or stream_end","actual":"nothing for 5s"}
{"send":{"client":0,"message":"send_message","json":{"v":1,"id":"0f5ae2f4-6a3e-4c55-9d1c-2f6f0a4d8b11","type":"send_message","topic":"thread:fuzz-0000000.0","ts":0,"data":{"content":"\"#"}}}}
{"settle":{"sequences":true}}
"##;
    let reproduction = tightwire_testkit::fuzz::Reproduction::from_jsonl(steps).expect("steps");
    let outcome = crate::reproductions::memory_driver().await.run(&reproduction.plan).await;
    if let Some(finding) = outcome.finding {
        panic!("{finding}");
    }
}

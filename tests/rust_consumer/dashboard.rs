//! Data sets that are asked for.

use serde_json::json;
use tightwire_chat::chat::{DashboardTopic, DataParams, DataResponse, DataType, RequestData, RequestDataReply};
use tightwire_testkit::pact::provider::matchers::{instant, like, number, regex};
use tightwire_testkit::pact::provider::{Consumer, Draft};

use crate::connect;

pub(crate) async fn data(consumer: Consumer) {
    let metrics = json!({"success_rate": number(0.92), "trend": regex("^(rising|steady|falling)$", "steady")});
    consumer.expect(
        &Draft::new("the Rust client is told the metrics of a time")
            .request(
                "request_data",
                "dashboard",
                json!({"data_type": "coordination_metrics", "params": {"window_s": 60}}),
            )
            .response("data_response", "dashboard", json!({"data_type": "coordination_metrics", "data": metrics}))
            .ws("deadline_ms", 1000),
    );
    let client = connect(&consumer).await;
    let params = DataParams { window_s: Some(60), ..DataParams::default() };
    let asked = RequestData { data_type: DataType::CoordinationMetrics, params: Some(params) };
    let reply = client.request_data(DashboardTopic, asked).await.expect("a reply");
    let RequestDataReply::DataResponse(DataResponse::CoordinationMetrics(metrics)) = reply else {
        panic!("not what was asked for: {reply:?}");
    };
    assert!((metrics.success_rate - 0.92).abs() < f64::EPSILON, "{metrics:?}");
    consumer.passed();
}

pub(crate) async fn no_data(consumer: Consumer) {
    let error = json!({
        "data_type": "agent_status",
        "error": like("There is no agent with this id."),
        "timestamp": instant("2026-01-01T00:00:00Z"),
    });
    consumer.expect(
        &Draft::new("the Rust client is told that there is no such agent")
            .given("there is no agent", json!({"agent_id": "nobody"}))
            .request(
                "request_data",
                "dashboard",
                json!({"data_type": "agent_status", "params": {"agent_id": "nobody"}}),
            )
            .response("data_error", "dashboard", error)
            .ws("deadline_ms", 1000),
    );
    let client = connect(&consumer).await;
    let params = DataParams { agent_id: Some("nobody".to_owned()), ..DataParams::default() };
    let asked = RequestData { data_type: DataType::AgentStatus, params: Some(params) };
    let reply = client.request_data(DashboardTopic, asked).await.expect("a reply");
    let RequestDataReply::DataError(error) = reply else { panic!("there is one: {reply:?}") };
    assert_eq!(error.error, "There is no agent with this id.");
    consumer.passed();
}

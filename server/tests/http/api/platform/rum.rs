use serde_json::json;

use super::reports::broken_json;
use crate::test_app::{Log, TestApp};

#[tokio::test]
async fn measurements_are_taken_and_counted() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    let log = Log::keep();
    let list = json!([
        { "kind": "phase", "remote": "@acme/todos", "version": "1.2.0", "phase": "mount", "durationMs": 12.5 },
        { "kind": "error", "remote": "@acme/todos", "message": "no\nsuch\u{1b}[31m thing",
          "traceId": "4bf92f3577b34da6a3ce929d0e0e4736" },
        { "kind": "error", "traceId": "no trace id" },
        { "kind": "vital", "message": "LCP", "durationMs": 900 },
    ]);
    bob.post("/api/platform/rum").json(&list).send().await.expect(202);
    let text = log.text();
    assert!(text.contains("nosuch[31m thing"), "control characters do not reach the log: {text}");
    assert!(text.contains("4bf92f3577b34da6a3ce929d0e0e4736") && !text.contains("no trace id"), "{text}");
    let metrics = app.admin("/metrics").await;
    for remote in ["acme.todos", ""] {
        let counted = format!("portico_browser_errors_total{{portico_remote=\"{remote}\"}} 1\n");
        assert!(metrics.text().contains(&counted), "{counted} in {}", metrics.text());
    }
}

#[tokio::test]
async fn case_75_a_flood_of_measurements_is_bounded_and_broken_ones_are_4xx() {
    let app = TestApp::configured(|config| config.limits.session_per_minute = 60).await;
    let bob = app.signed_in("bob").await;
    let too_many = json!(vec![json!({ "kind": "phase" }); 101]);
    bob.post("/api/platform/rum").json(&too_many).send().await.problem(400);
    for broken in broken_json().into_iter().chain(
        ["{}", "[{}]", "[{\"kind\":7}]", "[{\"kind\":\"x\",\"durationMs\":\"1\"}]"]
            .map(|text| text.as_bytes().to_vec()),
    ) {
        let answer = bob.post("/api/platform/rum").body("application/json", broken.clone()).send().await;
        assert!(
            matches!(answer.status.as_u16(), 400 | 413),
            "{} for {:.40}",
            answer.status,
            String::from_utf8_lossy(&broken)
        );
        answer.problem(answer.status.as_u16());
    }
    let mut statuses = Vec::new();
    for _ in 0..60 {
        statuses.push(bob.post("/api/platform/rum").json(&json!([])).send().await.status.as_u16());
    }
    assert!(statuses.contains(&429), "{statuses:?}");
    app.signed_in("alice").await.post("/api/platform/rum").json(&json!([])).send().await.expect(202);
    app.browser().post("/api/platform/rum").json(&json!([])).send().await.problem(401);
}

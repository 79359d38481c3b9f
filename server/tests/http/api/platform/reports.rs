use serde_json::json;

use crate::test_app::{Log, TestApp};

#[tokio::test]
async fn reports_of_both_forms_are_logged_without_what_a_url_may_carry() {
    let app = TestApp::start().await;
    let log = Log::keep();
    let legacy = json!({ "csp-report": { "effective-directive": "script-src", "blocked-uri": "https://evil.test/x.js?token=geheim", "document-uri": "http://127.0.0.1/todos?q=geheim#geheim" } });
    let modern = json!([{ "type": "integrity-violation", "body": { "blockedURL": "https://evil.test/y.js?geheim", "documentURL": "http://127.0.0.1/" } }]);
    let browser = app.browser();
    browser
        .post("/api/platform/reports")
        .body("application/csp-report", legacy.to_string())
        .send()
        .await
        .expect(204);
    browser
        .post("/api/platform/reports")
        .body("application/reports+json", modern.to_string())
        .send()
        .await
        .expect(204);
    let text = log.text();
    assert!(text.contains("https://evil.test/x.js") && text.contains("integrity-violation"), "{text}");
    assert!(!text.contains("geheim"), "{text}");
}

#[tokio::test]
async fn case_75_a_flood_of_reports_is_bounded_and_broken_ones_are_4xx() {
    let app = TestApp::configured(|config| config.limits.anonymous_per_minute = 40).await;
    let browser = app.browser();
    let many =
        json!(vec![json!({ "type": "x".repeat(500), "body": { "blockedURL": "y".repeat(5000) } }); 60]);
    let log = Log::keep();
    browser.post("/api/platform/reports").json(&many).send().await.expect(204);
    assert!(
        log.text().matches("\"report\"").count() <= 50 && log.text().len() < 100_000,
        "the log is bounded too"
    );
    drop(log);
    for broken in broken_json() {
        let answer = browser
            .post("/api/platform/reports")
            .body("application/reports+json", broken.clone())
            .send()
            .await;
        assert!(
            matches!(answer.status.as_u16(), 400 | 413),
            "{} for {:.40}",
            answer.status,
            String::from_utf8_lossy(&broken)
        );
        answer.problem(answer.status.as_u16());
    }
    let mut limited = None;
    for _ in 0..60 {
        let answer = browser.post("/api/platform/reports").json(&json!([])).send().await;
        if answer.status.as_u16() == 429 {
            limited = Some(answer);
            break;
        }
    }
    let limited = limited.expect("a flood ends in 429");
    limited.problem(429);
    assert!(limited.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0));
}

/// Bodies that look like JSON to nobody, or to nobody sensible.
pub fn broken_json() -> Vec<Vec<u8>> {
    let mut broken: Vec<Vec<u8>> = [
        "",
        "{",
        "[",
        "\"",
        "nul",
        "7",
        "\"text\"",
        "true",
        "{}{}",
        "{\"a\":1,}",
        "[1,]",
        "{'a':1}",
        "NaN",
        "\u{feff}{}",
        "{\"a\":\"\\u12\"}",
        "{\"a\":\"\\ud800\"}x",
    ]
    .iter()
    .map(|text| text.as_bytes().to_vec())
    .collect();
    broken.push("[".repeat(100_000).into_bytes());
    broken.push("{\"a\":".repeat(50_000).into_bytes());
    broken.push(vec![0xff; 100]);
    broken.push(vec![0; 100]);
    broken.push(vec![b' '; 600 * 1024]);
    broken
}

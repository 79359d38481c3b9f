//! Traces as a collector gets them, over OTLP.

use std::time::Duration;

use portico::config::Config;
use portico_dev_idp::{Endpoint, Failure};
use serde_json::{Value, json};

use crate::test_app::{Log, Reply, TestApp, Upstream, eventually};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

/// A collector that keeps what it gets.
struct Collector(Upstream);

impl Collector {
    async fn start() -> Self {
        Self(Upstream::start().await)
    }

    /// A portal that tells this collector of as much as `ratio` of its requests.
    async fn portal(&self, ratio: f64) -> TestApp {
        self.portal_with(ratio, |_| {}).await
    }

    /// The same, with some of its configuration changed.
    async fn portal_with(&self, ratio: f64, change: impl FnOnce(&mut Config)) -> TestApp {
        let endpoint = self.0.url().parse().expect("a URL");
        TestApp::configured(|config| {
            config.telemetry.otlp_endpoint = Some(endpoint);
            config.telemetry.sample_ratio = ratio;
            change(config);
        })
        .await
    }

    /// Every span so far, once there is one that `is_last`.
    async fn spans(&self, what: &str, is_last: impl Fn(&Value) -> bool) -> Vec<Value> {
        eventually(what, || self.now().iter().any(&is_last)).await;
        self.now()
    }

    fn now(&self) -> Vec<Value> {
        let mut spans = Vec::new();
        for seen in self.0.seen() {
            assert_eq!(seen.line, "POST /v1/traces HTTP/1.1");
            assert_eq!(seen.header("content-type"), "application/json");
            let message: Value = serde_json::from_slice(&seen.body).expect("JSON");
            for resource in message["resourceSpans"].as_array().expect("resource spans") {
                let attributes = resource["resource"]["attributes"].to_string();
                assert!(attributes.contains("service.name"), "{attributes}");
                for scope in resource["scopeSpans"].as_array().expect("scope spans") {
                    spans.extend(scope["spans"].as_array().expect("spans").iter().cloned());
                }
            }
        }
        spans.iter().for_each(check);
        spans
    }
}

/// What OTLP's JSON encoding asks of every span.
fn check(span: &Value) {
    let hex = |name: &str, digits: usize| {
        let text = span[name].as_str().unwrap_or_default();
        assert!(
            text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit()),
            "{name} of {span:#}"
        );
    };
    hex("traceId", 32);
    hex("spanId", 16);
    if !span["parentSpanId"].is_null() {
        hex("parentSpanId", 16);
    }
    let nanos =
        |name: &str| span[name].as_str().and_then(|text| text.parse::<u64>().ok()).expect("nanoseconds");
    assert!(nanos("startTimeUnixNano") <= nanos("endTimeUnixNano") && nanos("startTimeUnixNano") > 1 << 60);
    assert!((1..=5).contains(&span["kind"].as_u64().expect("a kind")), "{span:#}");
    for attribute in span["attributes"].as_array().expect("attributes") {
        let value = attribute["value"].as_object().expect("a value");
        assert!(value.len() == 1 && (value.contains_key("stringValue") || value["intValue"].is_string()));
    }
}

fn attribute(span: &Value, name: &str) -> Value {
    let all = span["attributes"].as_array().into_iter().flatten();
    let found = all.filter(|attribute| attribute["key"] == name).map(|attribute| &attribute["value"]);
    found
        .map(|value| value.get("stringValue").unwrap_or(&value["intValue"]))
        .next()
        .cloned()
        .unwrap_or_default()
}

/// The one span of a trace with this name.
fn only<'a>(spans: &'a [Value], trace: &str, name: &str) -> &'a Value {
    let found: Vec<_> =
        spans.iter().filter(|span| span["traceId"] == trace && span["name"] == name).collect();
    let [span] = found[..] else { panic!("one span {name}: {found:#?} of {spans:#?}") };
    span
}

#[tokio::test]
async fn a_call_is_one_trace_from_the_caller_through_the_portal_to_the_upstream() {
    let collector = Collector::start().await;
    let app = collector.portal_with(0.0, |config| config.telemetry.follow_parent = true).await;
    let bob = app.signed_in("bob").await;
    let log = Log::keep();
    let call = bob.get("/bff/acme.todos/todos/7?q=a-secret");
    let call =
        call.header("traceparent", format!("00-{TRACE}-{CALLER}-01")).header("tracestate", "vendor=data");
    assert_eq!(call.send().await.expect(200).header("x-trace-id"), TRACE);
    let server_name = "GET /bff/acme.todos/todos/**";
    let spans = collector.spans("the call's span arrives", |span| span["name"] == server_name).await;
    let server = only(&spans, TRACE, server_name);
    assert_eq!((&server["parentSpanId"], &server["kind"]), (&json!(CALLER), &json!(2)));
    assert_eq!(server["traceState"], "vendor=data");
    for (name, value) in [
        ("http.request.method", json!("GET")),
        ("http.route", json!("/bff/acme.todos/todos/**")),
        ("http.response.status_code", json!("200")),
        ("url.path", json!("/bff/acme.todos/todos/7")),
        ("client.address", json!("127.0.0.1")),
        ("portico.remote", json!("acme.todos")),
    ] {
        assert_eq!(attribute(server, name), value, "{name} of {server:#}");
    }
    for name in ["decide", "exchange token", "GET"] {
        assert_eq!(
            only(&spans, TRACE, name)["parentSpanId"],
            server["spanId"],
            "{name} is a child of the request"
        );
    }
    let client = only(&spans, TRACE, "GET");
    assert_eq!((&client["kind"], attribute(client, "server.address")), (&json!(3), json!("127.0.0.1")));
    assert_eq!(attribute(client, "http.response.status_code"), "200");
    let sent = app.todos.last();
    let client_id = client["spanId"].as_str().expect("an id");
    assert_eq!(
        sent.header("traceparent"),
        format!("00-{TRACE}-{client_id}-01"),
        "the upstream goes on from the attempt"
    );
    assert_eq!(sent.header("tracestate"), "vendor=data");
    assert!(log.requests().iter().any(|line| line["trace_id"] == TRACE));
    assert!(spans.iter().all(|span| !span.to_string().contains("a-secret")), "a query is in no span");
    let others = spans.iter().filter(|span| span["traceId"] != TRACE).count();
    assert_eq!(others, 0, "of traces that begin here none was asked for");
}

#[tokio::test]
async fn what_fails_says_so_in_its_span_and_in_the_problem_under_one_trace_id() {
    let collector = Collector::start().await;
    let app = collector.portal(1.0).await;
    let bob = app.signed_in("bob").await;
    app.todos.answers(|_| Reply::Hangup);
    let problem = bob.get("/bff/acme.todos/todos").send().await;
    assert_eq!(problem.problem_kind(502), "upstream-reset");
    let trace = problem.header("x-trace-id").to_owned();
    let server_name = "GET /bff/acme.todos/todos/**";
    let is_last = |span: &Value| span["name"] == server_name && span["traceId"] == *trace;
    let spans = collector.spans("the call's span arrives", is_last).await;
    let attempts: Vec<_> =
        spans.iter().filter(|span| span["traceId"] == *trace && span["name"] == "GET").collect();
    assert_eq!(attempts.len(), 2, "the call was repeated once: {attempts:#?}");
    for attempt in &attempts {
        assert_eq!(attempt["status"]["code"], 2);
        assert_eq!(attribute(attempt, "error.type"), "upstream-reset");
    }
    assert!(attempts.iter().any(|attempt| attribute(attempt, "http.request.resend_count") == "1"));
    assert_ne!(attempts[0]["spanId"], attempts[1]["spanId"]);
    let server = only(&spans, &trace, server_name);
    assert_eq!(
        (&server["status"]["code"], attribute(server, "error.type")),
        (&json!(2), json!("upstream-reset"))
    );
    app.dev_idp().fail_next(Endpoint::Token, Failure::OAuth("invalid_target"));
    let refused = bob.get("/bff/acme.insights/figures").send().await;
    let trace = refused.header("x-trace-id").to_owned();
    let is_last = |span: &Value| span["name"] == "exchange token" && span["traceId"] == *trace;
    let spans = collector.spans("the exchange's span arrives", is_last).await;
    assert_eq!(only(&spans, &trace, "exchange token")["status"]["code"], 2);
}

/// The flag that the upstream was told, and whether the call's span arrived, for a call that came with this flag.
async fn recorded(ratio: f64, follow: bool, flag: &str) -> (String, bool) {
    let collector = Collector::start().await;
    let app = collector.portal_with(ratio, |config| config.telemetry.follow_parent = follow).await;
    let bob = app.signed_in("bob").await;
    let call = bob.get("/bff/acme.todos/todos").header("traceparent", format!("00-{TRACE}-{CALLER}-{flag}"));
    assert_eq!(call.send().await.expect(200).header("x-trace-id"), TRACE, "the trace goes on in any case");
    let sent = app.todos.last().header("traceparent").to_owned();
    let told = sent
        .strip_prefix(&format!("00-{TRACE}-"))
        .expect("the same trace")
        .split_once('-')
        .expect("a flag")
        .1;
    app.state.tracer.clone().expect("there is a collector").flush().await;
    let arrived = collector.now().iter().any(|span| span["traceId"] == TRACE);
    (told.to_owned(), arrived)
}

#[tokio::test]
async fn a_browser_has_nothing_recorded_and_nothing_kept_from_being_recorded() {
    for flag in ["00", "01"] {
        assert_eq!(recorded(0.0, false, flag).await, ("00".to_owned(), false), "{flag}");
        assert_eq!(recorded(1.0, false, flag).await, ("01".to_owned(), true), "{flag}");
    }
    // Not even by a trace id that a ratio of nearly nothing would take.
    let collector = Collector::start().await;
    let app = collector.portal(0.000_001).await;
    let bob = app.signed_in("bob").await;
    let lucky = format!("00-4bf92f3577b34da6a3c0000000000000-{CALLER}-01");
    for _ in 0..20 {
        bob.get("/bff/acme.todos/todos").header("traceparent", &lucky).send().await.expect(200);
    }
    assert!(app.todos.seen().iter().all(|seen| seen.header("traceparent").ends_with("-00")));
}

#[tokio::test]
async fn all_calls_of_one_action_in_a_browser_are_recorded_or_none() {
    let collector = Collector::start().await;
    let app = collector.portal(0.5).await;
    let bob = app.signed_in("bob").await;
    let mut recorded = [0, 0];
    for action in 1..=24 {
        let trace = format!("{action:032x}");
        for call in 1..=4 {
            let parent = format!("00-{trace}-{call:016x}-01");
            bob.get("/bff/acme.todos/todos").header("traceparent", parent).send().await.expect(200);
        }
        let seen = app.todos.seen();
        let flags: Vec<_> = seen[seen.len() - 4..].iter().map(|seen| seen.header("traceparent")).collect();
        let is_in = flags[0].ends_with("-01");
        assert!(
            flags.iter().all(|flag| flag.contains(&trace) && flag.ends_with("-01") == is_in),
            "{flags:?}"
        );
        recorded[usize::from(is_in)] += 1;
    }
    // Of 24 actions all would be on one side once in eight million runs.
    assert!(recorded[0] > 0 && recorded[1] > 0, "{recorded:?}");
    app.state.tracer.clone().expect("there is a collector").flush().await;
    let spans = collector.now();
    let calls = spans.iter().filter(|span| span["name"] == "GET /bff/acme.todos/todos/**").count();
    assert_eq!(calls, 4 * recorded[1]);
}

#[tokio::test]
async fn where_the_flag_is_followed_whoever_calls_decides() {
    for ratio in [0.0, 1.0] {
        assert_eq!(recorded(ratio, true, "00").await, ("00".to_owned(), false));
        assert_eq!(recorded(ratio, true, "01").await, ("01".to_owned(), true));
    }
}

#[tokio::test]
async fn an_answer_that_is_fetched_behind_somebodys_back_is_a_trace_of_its_own_that_names_the_cause() {
    let collector = Collector::start().await;
    let app = collector
        .portal_with(1.0, |config| {
            let manifest = config.registry.directories[0].join("todos/dist/remote.json");
            let read = std::fs::read(&manifest).expect("the manifest can be read");
            let mut written: Value = serde_json::from_slice(&read).expect("a manifest is JSON");
            written["backend"]["routes"][0]["cache"] =
                json!({ "maxAgeSeconds": 60, "staleWhileRevalidateSeconds": 600 });
            std::fs::write(&manifest, written.to_string()).expect("the manifest can be written");
        })
        .await;
    let bob = app.signed_in("bob").await;
    bob.get("/bff/acme.todos/todos").send().await.expect(200);
    app.pass(time::Duration::seconds(61));
    let stale = bob.get("/bff/acme.todos/todos").header("tracestate", "vendor=data");
    let stale = stale.header("traceparent", format!("00-{TRACE}-{CALLER}-01")).send().await;
    assert_eq!(stale.expect(200).header("cache-status"), "portico; hit; fwd=stale");
    let name = "refresh /bff/acme.todos/todos/**";
    eventually("the refresh's span arrives", || {
        let spans = collector.now();
        spans.iter().any(|span| span["name"] == name)
            && spans.iter().any(|span| span["traceId"] == TRACE && span["kind"] == 2)
    })
    .await;
    let spans = collector.now();
    let refresh = spans.iter().find(|span| span["name"] == name).expect("it is there");
    let trace = refresh["traceId"].as_str().expect("an id");
    assert_ne!(trace, TRACE);
    assert_eq!((&refresh["kind"], &refresh["parentSpanId"]), (&json!(1), &Value::Null));
    assert_eq!(attribute(refresh, "portico.outcome"), "kept");
    let cause = only(&spans, TRACE, "GET /bff/acme.todos/todos/**");
    assert_eq!(refresh["links"], json!([{ "traceId": TRACE, "spanId": cause["spanId"] }]));
    let attempt = only(&spans, trace, "GET");
    assert_eq!(attempt["parentSpanId"], refresh["spanId"]);
    let seen = app.todos.seen();
    assert_eq!(seen.len(), 2, "fetched at first, and behind the second's back");
    let id = attempt["spanId"].as_str().expect("an id");
    assert_eq!(seen[1].header("traceparent"), format!("00-{trace}-{id}-01"));
    assert!(seen[1].values("tracestate").is_empty(), "that is of the trace that was left");
    assert!(spans.iter().all(|span| span["traceId"] != TRACE || span["name"] != "GET"));
}

#[tokio::test]
async fn a_published_event_names_the_span_that_published_it() {
    let collector = Collector::start().await;
    let app = collector.portal(1.0).await;
    app.events_ready().await;
    let bob = app.signed_in("bob").await;
    let mut stream = bob.get("/stream").open().await.expect("a stream");
    stream.opened().await;
    let event = json!({ "specversion": "1.0", "type": "echo.request", "source": "@acme/echo", "data": 1 });
    let published = bob.post("/events").body("application/cloudevents+json", event.to_string()).send().await;
    let trace = published.expect(202).header("x-trace-id").to_owned();
    let arrived = stream.next_event().await.json();
    let spans = collector.spans("the publish's span arrives", |span| span["name"] == "send echo.loop").await;
    let producer = only(&spans, &trace, "send echo.loop");
    assert_eq!((&producer["kind"], attribute(producer, "messaging.system")), (&json!(4), json!("kafka")));
    assert_eq!(producer["parentSpanId"], only(&spans, &trace, "POST /events")["spanId"]);
    let id = producer["spanId"].as_str().expect("an id");
    assert_eq!(arrived["traceparent"], format!("00-{trace}-{id}-01"));
}

#[tokio::test]
async fn a_collector_that_is_away_costs_requests_nothing_and_the_lost_spans_are_counted() {
    let collector = Collector::start().await;
    let app = collector.portal(1.0).await;
    collector.0.answers(|_| Reply::status(400));
    app.browser().get("/healthz").send().await.expect(200);
    let tracer = app.state.tracer.clone().expect("there is a collector");
    tracer.flush().await;
    let failed = |text: &str| text.contains("portico_spans_total{result=\"failed\"} 1");
    let metrics = app.admin("/metrics").await;
    assert!(failed(metrics.text()), "{}", metrics.text());
    collector.0.answers(|_| Reply::status(200));
    let started = std::time::Instant::now();
    app.browser().get("/healthz").send().await.expect(200);
    tracer.flush().await;
    assert!(started.elapsed() < Duration::from_secs(5), "the end waits for nothing but the collector");
    assert!(app.admin("/metrics").await.text().contains("portico_spans_total{result=\"exported\"} 1"));
}

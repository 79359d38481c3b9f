//! `GET /metrics`: in the form that Prometheus reads, and bounded whatever clients make up.

use std::collections::{BTreeMap, BTreeSet};

use http::Method;
use serde_json::json;

use crate::test_app::{Reply, TestApp};

/// The text format, read strictly: what is not allowed fails the test.
#[derive(Debug, Default)]
struct Scrape {
    kinds: BTreeMap<String, String>,
    /// By name and labels, as they are written.
    samples: BTreeMap<String, f64>,
}

impl Scrape {
    async fn of(app: &TestApp) -> Self {
        let answer = app.admin("/metrics").await;
        assert_eq!(answer.expect(200).header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
        Self::parse(answer.text())
    }

    fn parse(text: &str) -> Self {
        let mut scrape = Self::default();
        let (mut family, mut helped) = (String::new(), String::new());
        assert!(text.ends_with('\n'), "the last line ends as well");
        for line in text.lines() {
            if let Some(help) = line.strip_prefix("# HELP ") {
                let (name, words) = help.split_once(' ').expect("a name and its help");
                assert!(words.ends_with('.') && !words.contains('\\'), "{line}");
                helped = name.to_owned();
            } else if let Some(kind) = line.strip_prefix("# TYPE ") {
                let (name, kind) = kind.split_once(' ').expect("a name and its kind");
                assert_eq!(name, helped, "help stands before the type");
                assert!(matches!(kind, "counter" | "gauge" | "histogram"), "{line}");
                assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
                assert_eq!(kind == "histogram", name.ends_with("_duration_seconds"), "{line}");
                family = name.to_owned();
                let again = scrape.kinds.insert(family.clone(), kind.to_owned());
                assert!(again.is_none(), "{name} stands in two places");
            } else {
                scrape.sample(&family, line);
            }
        }
        scrape.check_histograms();
        scrape
    }

    fn sample(&mut self, family: &str, line: &str) {
        let (series, value) = line.rsplit_once(' ').expect("a series and its value");
        let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
        let suffix = name.strip_prefix(family).unwrap_or_else(|| panic!("{line} stands under {family}"));
        let histogram = self.kinds[family] == "histogram";
        assert_eq!(histogram, matches!(suffix, "_bucket" | "_sum" | "_count"), "{line}");
        assert!(suffix.is_empty() || histogram, "{line}");
        let mut labels = labels.strip_suffix('}').expect("labels end");
        while !labels.is_empty() {
            let (name, rest) = labels.split_once("=\"").expect("a label and its value");
            assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{line}");
            let (value, rest) = rest.split_once('"').expect("a value ends");
            assert!(!value.contains('\\'), "nothing here needs an escape: {line}");
            labels = rest.strip_prefix(',').unwrap_or(rest);
            assert_eq!(labels.is_empty(), rest.is_empty(), "{line}");
        }
        let value: f64 = value.parse().unwrap_or_else(|_| panic!("{line}: a number"));
        assert!(self.samples.insert(series.to_owned(), value).is_none(), "{series} is there twice");
    }

    /// Buckets grow, and the last of them holds as many as are counted.
    fn check_histograms(&self) {
        for (series, count) in &self.samples {
            let Some((name, labels)) = series.split_once("_count{") else { continue };
            let labels = labels.trim_end_matches('}');
            let prefix = format!("{name}_bucket{{{labels},le=\"");
            let buckets = self.samples.iter().filter(|(series, _)| series.starts_with(&prefix));
            let mut buckets: Vec<(f64, f64)> = buckets
                .map(|(series, value)| {
                    let bound = series[prefix.len()..].trim_end_matches("\"}");
                    (bound.replace("+Inf", "inf").parse().expect("a bound"), *value)
                })
                .collect();
            buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
            assert!(buckets.is_sorted_by(|one, other| one.1 <= other.1), "{series}: {buckets:?}");
            assert_eq!(buckets.last().map(|(_, value)| value), Some(count), "{series}");
        }
    }

    fn value(&self, series: &str) -> f64 {
        *self
            .samples
            .get(series)
            .unwrap_or_else(|| panic!("{series} is not among {:#?}", self.samples.keys().collect::<Vec<_>>()))
    }

    fn series(&self) -> BTreeSet<String> {
        self.samples.keys().cloned().collect()
    }
}

#[tokio::test]
async fn calls_are_measured_by_route_remote_upstream_and_outcome() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    for _ in 0..3 {
        bob.get("/bff/acme.todos/todos/1?token=secret").send().await.expect(200);
    }
    bob.get("/bff/acme.todos/nothing").send().await.problem(404);
    bob.get("/bff/acme.todos/admin/users").send().await.problem(403);
    app.todos.answers(|_| Reply::Hangup);
    bob.post("/bff/acme.todos/todos").json(&json!({})).send().await.problem(502);
    let scrape = Scrape::of(&app).await;
    let (remote, pattern) = ("portico_remote=\"acme.todos\"", "http_route=\"/bff/acme.todos/todos/**\"");
    let server = |route: &str, method: &str, status: u16| {
        scrape.value(&format!(
            "http_server_request_duration_seconds_count{{{remote},{route},http_request_method=\"{method}\",http_response_status_code=\"{status}\"}}"
        ))
    };
    assert_eq!(server(pattern, "GET", 200), 3.0);
    assert_eq!(server(pattern, "POST", 502), 1.0);
    assert_eq!(server("http_route=\"/bff/acme.todos/{*path}\"", "GET", 404), 1.0);
    let calls = |route: &str, outcome: &str| {
        scrape.value(&format!("portico_calls_total{{{remote},{route},outcome=\"{outcome}\"}}"))
    };
    assert_eq!(calls(pattern, "answered"), 3.0);
    assert_eq!(calls(pattern, "upstream-reset"), 1.0);
    assert_eq!(calls("http_route=\"/bff/acme.todos/admin/**\"", "forbidden"), 1.0);
    assert_eq!(calls("http_route=\"/bff/acme.todos/{*path}\"", "route-not-declared"), 1.0);
    let port = app.todos.url().rsplit(':').next().expect("a port").trim_end_matches('/').to_owned();
    let upstream = format!("{remote},server_address=\"127.0.0.1\",server_port=\"{port}\"");
    let client = |rest: &str| {
        scrape.value(&format!("http_client_request_duration_seconds_count{{{upstream},{rest}}}"))
    };
    assert_eq!(client("http_request_method=\"GET\",http_response_status_code=\"200\""), 3.0);
    assert_eq!(client("error_type=\"upstream-reset\""), 1.0);
    assert_eq!(scrape.value("portico_tokens_total{result=\"exchanged\"}"), 1.0);
    assert_eq!(scrape.value("portico_tokens_total{result=\"cached\"}"), 3.0);
    assert_eq!(scrape.value("portico_decisions_total{action=\"call\",decision=\"allow\"}"), 4.0);
    assert_eq!(scrape.value("portico_decisions_total{action=\"call\",decision=\"deny\"}"), 2.0);
    assert_eq!(scrape.value("http_server_active_requests"), 0.0);
    assert!(!scrape.series().iter().any(|series| series.contains("secret") || series.contains("/1")));
}

/// One of each thing that a client, an upstream or a browser can make up.
async fn make_up(app: &TestApp, browser: &crate::test_app::Browser, number: usize) {
    for path in [
        format!("/made-up-{number}"),
        format!("/api/made-up-{number}"),
        format!("/api/fn/made_up_{number}"),
        format!("/bff/made.up-{number}/todos"),
        format!("/bff/acme.todos/made-up-{number}"),
        format!("/bff/acme.todos/todos/{number}"),
        format!("/remotes/made.up-{number}/1.0.0/index.js"),
        format!("/pkg/made-up-{number}.js"),
        format!("/invitations/made-up-{number}"),
        format!("/dev/idp/made-up-{number}"),
    ] {
        browser.get(&path).send().await;
    }
    let method = Method::from_bytes(format!("MADEUP{number}").as_bytes()).expect("a token");
    browser.request(method.clone(), "/bff/acme.todos/todos").send().await;
    browser.request(method, "/healthz").send().await;
    app.todos.answers(move |_| Reply::status(u16::try_from(452 + number).expect("a status")));
    browser.get("/bff/acme.todos/todos").send().await;
    let measured = json!([
        { "kind": format!("kind-{number}"), "remote": "@acme/todos", "phase": "mount", "durationMs": 1 },
        { "kind": "phase", "remote": "@acme/todos", "phase": format!("phase-{number}"), "durationMs": 1e300 },
        { "kind": "phase", "remote": format!("@acme/made-up-{number}"), "phase": "mount", "durationMs": 1 },
        { "kind": "error", "remote": format!("@acme/made-up-{number}"), "message": "x" },
    ]);
    browser.post("/api/platform/rum").json(&measured).send().await.expect(202);
    app.todos.answers(|_| Reply::status(200));
}

#[tokio::test]
async fn case_75_whatever_is_made_up_makes_no_series() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    make_up(&app, &bob, 0).await;
    let before = Scrape::of(&app).await;
    for number in 1..40 {
        make_up(&app, &bob, number).await;
    }
    let after = Scrape::of(&app).await;
    let fresh: Vec<_> = after.series().difference(&before.series()).cloned().collect();
    assert_eq!(fresh, Vec::<String>::new());
    let counted = |scrape: &Scrape| {
        let counts = scrape.samples.iter();
        counts
            .filter(|(name, _)| name.starts_with("http_server_request_duration_seconds_count"))
            .map(|(_, n)| n)
            .sum::<f64>()
    };
    assert_eq!(counted(&after) - counted(&before), 39.0 * 14.0, "and yet each request is counted");
}

#[tokio::test]
async fn kept_answers_are_counted_by_where_they_came_from_and_what_they_take() {
    let app = TestApp::configured(|config| {
        config.gateway.cache.bytes = 64 * 1024;
        let manifest = config.registry.directories[0].join("todos/dist/remote.json");
        let read = std::fs::read(&manifest).expect("the manifest can be read");
        let mut written: serde_json::Value = serde_json::from_slice(&read).expect("a manifest is JSON");
        written["backend"]["routes"][0]["cache"] = json!({ "maxAgeSeconds": 60, "staleIfErrorSeconds": 600 });
        std::fs::write(&manifest, written.to_string()).expect("the manifest can be written");
    })
    .await;
    let bob = app.signed_in("bob").await;
    app.todos.answers(|_| Reply::Response(200, Vec::new(), vec![b'x'; 4_000]));
    for _ in 0..3 {
        bob.get("/bff/acme.todos/todos").send().await.expect(200);
    }
    app.pass(time::Duration::seconds(61));
    app.todos.answers(|_| Reply::status(503));
    bob.get("/bff/acme.todos/todos").send().await.expect(200);
    let scrape = Scrape::of(&app).await;
    let answers = |result: &str| scrape.value(&format!("portico_cache_answers_total{{result=\"{result}\"}}"));
    assert_eq!(["hit", "miss", "stale", "coalesced"].map(answers), [2.0, 2.0, 1.0, 0.0]);
    let bytes = scrape.value("portico_cache_bytes");
    assert!((4_000.0..8_000.0).contains(&bytes), "{bytes}");
    assert_eq!(scrape.value("portico_cache_evictions_total"), 0.0);
    app.todos.answers(|_| Reply::Response(200, Vec::new(), vec![b'x'; 4_000]));
    for number in 0..60 {
        bob.get(&format!("/bff/acme.todos/todos/{number}")).send().await.expect(200);
    }
    let scrape = Scrape::of(&app).await;
    assert!(scrape.value("portico_cache_evictions_total") >= 40.0);
    assert!(scrape.value("portico_cache_bytes") <= 65_536.0);
}

//! `kill -9`, to the program itself, in the middle of something: what is found afterwards is whole.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use http::StatusCode;
use parking_lot::Mutex;
use portico_ports::{Clock as _, OsRandom, SystemClock};
use portico_stream::{EmbeddedKafka, EventLog as _, KafkaConfig, KafkaLog, LogRange, ReadLimit, TopicSpec};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use url::form_urlencoded;

use crate::test_app::{Browser, CLIENT_ID, FakeProvider, Program, in_time, json_response};

/// What becomes of the next refresh at a [`RotatingProvider`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refresh {
    /// It is answered.
    Answered,
    /// It is read, and nothing comes of it.
    Ignored,
    /// The old token is spent, and the new one never arrives.
    Lost,
}

/// A provider behind a socket, whose refresh tokens are good for one refresh each.
struct RotatingProvider {
    provider: FakeProvider,
    refreshes: Mutex<Refreshes>,
}

struct Refreshes {
    /// The number of the refresh token that is good.
    current: u32,
    /// How many refreshes were asked for.
    asked: u32,
    next: Refresh,
}

impl RotatingProvider {
    async fn start() -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let issuer = format!("http://{}", listener.local_addr().expect("a bound socket has an address"));
        let refreshes = Mutex::new(Refreshes { current: 1, asked: 0, next: Refresh::Answered });
        let world = Arc::new(Self { provider: FakeProvider::at(&issuer), refreshes });
        let router = axum::Router::new().fallback(answer).with_state(world.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        world
    }

    /// The tokens of one answer. They are about to end, so that they are refreshed at the next opportunity.
    fn tokens(&self) -> Value {
        let current = self.refreshes.lock().current;
        json!({
            "access_token": format!("access-{current}"), "token_type": "Bearer", "expires_in": 20,
            "refresh_token": format!("refresh-{current}"),
        })
    }

    async fn refresh(&self, token: &str) -> http::Response<Bytes> {
        let next = {
            let mut refreshes = self.refreshes.lock();
            refreshes.asked += 1;
            if token != format!("refresh-{}", refreshes.current) {
                return json_response(400, &json!({ "error": "invalid_grant" }));
            }
            refreshes.current += u32::from(refreshes.next != Refresh::Ignored);
            refreshes.next
        };
        if next != Refresh::Answered {
            std::future::pending::<()>().await;
        }
        json_response(200, &self.tokens())
    }

    async fn login(&self, browser: &Browser) {
        let now = SystemClock.now().unix_timestamp();
        self.provider.login_at(now, browser, "/auth/login", |_| {}).await.expect(303);
        browser.get("/api/platform/session").send().await.expect(200);
    }

    fn settings(&self) -> [(&'static str, String); 3] {
        [
            ("PORTICO_IDENTITY__ISSUER", self.provider.issuer().to_owned()),
            ("PORTICO_IDENTITY__CLIENT_ID", CLIENT_ID.to_owned()),
            // It waits longer for the provider than the test does for it.
            ("PORTICO_IDENTITY__TIMEOUT_MS", "60000".to_owned()),
        ]
    }
}

async fn answer(State(world): State<Arc<RotatingProvider>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 64 * 1024).await.expect("a small body");
    let form: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
    let field = |name: &str| form.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value.as_str());
    if field("grant_type") == "refresh_token" {
        return world.refresh(field("refresh_token")).await.map(Body::from);
    }
    let is_login = field("grant_type") == "authorization_code";
    let answered = world.provider.answer(&http::Request::from_parts(parts, body));
    if !is_login {
        return answered.map(Body::from);
    }
    let given: Value = serde_json::from_slice(answered.body()).expect("JSON");
    let mut tokens = world.tokens();
    tokens["id_token"] = given["id_token"].clone();
    json_response(200, &tokens).map(Body::from)
}

/// Signs in, has the provider swallow a refresh, and kills the program in it. Returns the browser whose session that was.
async fn killed_in_a_refresh(provider: &RotatingProvider, swallow: Refresh) -> (Program, Browser) {
    let settings = provider.settings();
    let settings = settings.each_ref().map(|(name, value)| (*name, value.as_str()));
    let mut program = Program::start(&settings, |_| {}).await;
    let browser = Browser::at(&program.origin);
    provider.login(&browser).await;
    provider.refreshes.lock().next = swallow;
    // Sessions behind open streams are refreshed without being asked.
    let mut stream = browser.get("/stream").open().await.expect("a stream");
    stream.opened().await;
    in_time("the refresh began", async || provider.refreshes.lock().asked == 1).await;
    program.kill_and_restart(&settings).await;
    provider.refreshes.lock().next = Refresh::Answered;
    browser.get("/api/platform/session").send().await.expect(200);
    (program, browser)
}

async fn status(browser: &Browser) -> StatusCode {
    browser.get("/api/platform/session").send().await.status
}

#[tokio::test]
async fn case_77_killed_in_a_refresh_that_the_provider_never_made_the_session_goes_on() {
    let provider = RotatingProvider::start().await;
    let (_program, browser) = killed_in_a_refresh(&provider, Refresh::Ignored).await;
    let mut stream = browser.get("/stream").open().await.expect("a stream");
    stream.opened().await;
    in_time("it was refreshed", async || provider.refreshes.lock().current > 1).await;
    assert_eq!(status(&browser).await, StatusCode::OK);
    // What came of it is kept: the next refresh spends the new token.
    in_time("it was refreshed again", async || provider.refreshes.lock().current > 2).await;
    assert_eq!(status(&browser).await, StatusCode::OK);
}

#[tokio::test]
async fn case_77_killed_with_the_rotated_token_on_its_way_one_clean_login_is_enough() {
    let provider = RotatingProvider::start().await;
    let (_program, browser) = killed_in_a_refresh(&provider, Refresh::Lost).await;
    let mut stream = browser.get("/stream").open().await.expect("a stream");
    stream.opened().await;
    in_time("the spent token was noticed", async || status(&browser).await == StatusCode::UNAUTHORIZED).await;
    let bye = stream.rest().await;
    assert!(bye.iter().any(|event| event.kind == "bye"), "the open page is told: {bye:?}");

    provider.login(&browser).await;
    let before = provider.refreshes.lock().current;
    let mut stream = browser.get("/stream").open().await.expect("a stream");
    stream.opened().await;
    in_time("the new session is refreshed", async || provider.refreshes.lock().current > before).await;
    assert_eq!(status(&browser).await, StatusCode::OK);
}

const TOPIC: &str = "portico.audit";

/// A broker that takes connections and never says a word.
async fn silent_broker() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let addr = listener.local_addr().expect("a bound socket has an address");
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((socket, _)) = listener.accept().await {
            held.push(socket);
        }
    });
    addr.to_string()
}

async fn audited(kafka: &KafkaLog) -> Vec<Value> {
    let partitions = kafka.partitions(&[Arc::from(TOPIC)]).await.unwrap_or_default();
    let ranges = partitions.into_iter().filter(|state| state.high > state.low).map(|state| LogRange {
        topic: state.topic,
        partition: state.partition,
        from: state.low,
        to: state.high,
    });
    let limit = ReadLimit { records: 1_000, bytes: 1 << 20, patience: Duration::from_secs(2) };
    let records = kafka.read(ranges.collect(), limit).await.map(|batch| batch.records).unwrap_or_default();
    let bodies = records.iter().filter_map(|record| record.value.as_deref());
    bodies.map(|body| serde_json::from_slice(body).expect("JSON")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn case_77_killed_while_audit_events_are_delivered_all_of_them_arrive_after_the_restart() {
    let brokers = |addr: &str| format!("[\"{addr}\"]");
    let silent = brokers(&silent_broker().await);
    let settings = [("PORTICO_AUDIT__TOPIC", TOPIC), ("PORTICO_EVENTS__BROKERS", silent.as_str())];
    let mut program = Program::start_unready(&settings, |_| {}).await;
    let browser = Browser::at(&program.origin);
    let traces = [1, 2, 3].map(|n| format!("4bf92f3577b34da6a3ce929d0e0e473{n}"));
    for trace in &traces {
        let callback = browser.get("/auth/callback?state=x&code=y");
        let traced = callback.header("traceparent", format!("00-{trace}-00f067aa0ba902b7-01"));
        traced.sent_from("cross-site").send().await.page(400);
    }
    let spool = program.directory().join("data/audit");
    in_time("the events are on disk", async || {
        let files = std::fs::read_dir(&spool).into_iter().flatten().flatten();
        let text: String = files.filter_map(|file| std::fs::read_to_string(file.path()).ok()).collect();
        traces.iter().all(|trace| text.contains(trace))
    })
    .await;

    let kafka = EmbeddedKafka::start(&OsRandom).await.expect("it starts");
    let topic = TopicSpec { name: TOPIC.into(), partitions: 1 };
    kafka.ensure_topics(&[topic]).await.expect("the topic is made");
    let found = brokers(kafka.bootstrap_servers());
    program.kill_and_restart(&[("PORTICO_AUDIT__TOPIC", TOPIC), ("PORTICO_EVENTS__BROKERS", &found)]).await;
    let reader = KafkaLog::new(KafkaConfig::new(kafka.bootstrap_servers())).expect("a client");
    in_time("every event arrived", async || audited(&reader).await.len() >= traces.len()).await;
    let events = audited(&reader).await;
    for trace in &traces {
        let of_it = events.iter().filter(|event| event["data"]["traceId"] == json!(trace));
        let ids: std::collections::BTreeSet<_> = of_it.map(|event| event["id"].to_string()).collect();
        assert_eq!(ids.len(), 1, "one event of {trace}, however often it was sent: {events:#?}");
    }
}

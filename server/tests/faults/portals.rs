//! Two instances of one portal, as processes of their own, that share PostgreSQL, keys and the event log.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::postgres::Postgres;
use crate::signing;
use crate::test_app::{CLIENT_ID, Program, remote_manifest, write_remote};

/// What people publish, and what services write.
pub const TOPICS: [&str; 2] = ["faults.requests", "faults.replies"];
pub const REMOTE: &str = "@acme/echo";
pub const SERVICE: &str = "/services/test";
pub const REQUEST: &str = "echo.request";
pub const REPLY: &str = "echo.reply";

/// The instances.
pub struct Portals {
    programs: [Mutex<Program>; 2],
    pub origins: [String; 2],
    /// How many streams clients have open at each.
    pub streams: [AtomicUsize; 2],
    settings: Vec<(String, String)>,
    _postgres: Postgres,
}

impl Portals {
    /// Starts both on brokers at `bootstrap_servers` and waits until they are ready.
    pub async fn start(issuer: &str, bootstrap_servers: &str) -> Self {
        let postgres = Postgres::start().await;
        let many = "100000000";
        let settings = [
            ("PORTICO_LOG", "warn,portico_stream=info"),
            ("PORTICO_DATABASE_URL", &postgres.url("postgres")),
            ("PORTICO_IDENTITY__ISSUER", issuer),
            ("PORTICO_IDENTITY__CLIENT_ID", CLIENT_ID),
            ("PORTICO_EVENTS__BROKERS", &json!([bootstrap_servers]).to_string()),
            ("PORTICO_SESSION__MAX_STREAMS", "1000"),
            ("PORTICO_LIMITS__ANONYMOUS_PER_MINUTE", many),
            ("PORTICO_LIMITS__SESSION_PER_MINUTE", many),
            ("PORTICO_LIMITS__ORGANIZATION_PER_MINUTE", many),
            ("PORTICO_LIMITS__REMOTE_PER_MINUTE", many),
        ];
        let mut settings: Vec<_> =
            settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let one = Program::start(&borrowed(&settings), prepare).await;
        // Behind a load balancer both are one origin.
        settings.push(("PORTICO_PUBLIC_URL".to_owned(), one.origin.clone()));
        let two = Program::start(&borrowed(&settings), prepare).await;
        let origins = [one.origin.clone(), two.origin.clone()];
        let programs = [one, two].map(Mutex::new);
        Self { programs, origins, streams: Default::default(), settings, _postgres: postgres }
    }

    /// Kills one, leaves it away for `down`, and starts it again.
    pub async fn kill(&self, portal: usize, down: Duration) {
        let mut program = self.programs[portal].lock().await;
        program.kill().await;
        tokio::time::sleep(down).await;
        program.start_again(&borrowed(&self.settings));
    }

    /// Waits until both are ready.
    pub async fn become_ready(&self) {
        let begun = Instant::now();
        for program in &self.programs {
            let program = program.lock().await;
            while program.readiness().await.is_none_or(|status| !status.is_success()) {
                assert!(
                    begun.elapsed() < Duration::from_secs(180),
                    "a portal is ready again: {}",
                    log(&program)
                );
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }

    /// The end of what each of them logged.
    pub async fn logs(&self) -> String {
        let mut logs = String::new();
        for program in &self.programs {
            logs += &log(&*program.lock().await);
        }
        logs
    }

    /// How many streams are open at one of them.
    pub fn streams(&self, portal: usize) -> usize {
        self.streams[portal].load(Ordering::Relaxed)
    }
}

fn borrowed(settings: &[(String, String)]) -> Vec<(&str, &str)> {
    settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

fn log(program: &Program) -> String {
    let log = std::fs::read_to_string(program.directory().join("portico.log")).unwrap_or_default();
    let lines: Vec<_> = log.lines().rev().take(60).collect();
    let lines: Vec<_> = lines.into_iter().rev().collect();
    format!("\n{} says:\n{}\n", program.origin, lines.join("\n"))
}

/// Keys, grants and the one remote, the same for both.
fn prepare(directory: &Path) {
    write_remote(&directory.join("remotes/echo"), &manifest());
    let write =
        |name: &str, text: &str| std::fs::write(directory.join(name), text).expect("it can be written");
    let base64 = |byte| base64::Engine::encode(&base64::engine::general_purpose::STANDARD, [byte; 32]);
    for (name, byte) in
        [("ids.key", 1), ("events.key", 2), ("sessions.key", 3), ("service.key", signing::KEY[0])]
    {
        write(name, &base64(byte));
    }
    let [requests, replies] = TOPICS;
    let configuration = format!(
        r#"
        [session]
        key_files = ["sessions.key"]
        [events]
        create_topics = true
        partitions = 3
        ping_seconds = 1
        publish_per_minute = 100000000
        remote_publish_per_minute = 100000000
        id_key_file = "ids.key"
        signing_keys = [{{ id = "portal-1", secret = {{ file = "events.key" }} }}]
        [events.producers."{SERVICE}"]
        topics = ["{replies}"]
        keys = [{{ id = "{key}", secret = {{ file = "service.key" }} }}]
        [registry.grants."{REMOTE}"]
        topics = ["{requests}", "{replies}"]
        publish = ["{REQUEST}"]
        subscribe = ["{REQUEST}", "{REPLY}"]
        [policy]
        default_plan = "standard"
        roles.member = ["echo.use"]
        plans.standard = "all"
        "#,
        key = signing::KEY_ID
    );
    write("portico.toml", &configuration);
}

fn manifest() -> Value {
    let mut echo = remote_manifest(REMOTE, "Echo", "/echo", "echo.use");
    let event =
        |kind: &str, topic: &str| json!({ "type": kind, "topic": topic, "permissions": ["echo.use"] });
    let [requests, replies] = TOPICS;
    let request = event(REQUEST, requests);
    echo["events"] = json!({ "publish": [request], "subscribe": [request, event(REPLY, replies)] });
    echo
}

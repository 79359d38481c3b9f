//! The portal as a whole: real sockets, the embedded provider, the in-process Kafka, remotes on disk and upstreams that
//! keep what they are sent. Time and outbound HTTP are under the test's control.

mod answer;
mod browser;
mod http2;
mod live_stream;
mod log;
mod outbound;
mod program;
mod provider;
mod raw;
mod remotes;
mod request;
mod site;
mod smtp;
mod upstream;
mod vault;
mod web_socket;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use portico::config::{Config, Environment};
use portico::embedded::Embedded;
use portico::start::{Parts, start};
use portico::state::AppState;
use portico::{app, serve};
use portico_dev_idp::DevIdp;
use portico_ports::{Clock as _, OsRandom, TestClock};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use answer::Answer;
pub use browser::Browser;
pub use http2::Http2Connection;
pub use live_stream::LiveStream;
pub use log::Log;
pub use outbound::{TestOutbound, json_response, unsigned_jwt};
pub use program::Program;
pub use provider::{
    CLIENT_ID, FakeProvider, FakeProviders, ISSUER, IdToken, PublicKeyForm, RsaKey, Signature,
    private_key_pem,
};
pub use raw::parse as parse_response;
pub use remotes::{
    INSIGHTS_AUDIENCE, TODOS_AUDIENCE, integrity, remote_manifest, todos_manifest, write_remote,
};
pub use request::RequestBuilder;
pub use site::write as write_site;
pub use smtp::MailServer;
pub use upstream::{Reply, Seen, Upstream};
pub use vault::FakeVault;
pub use web_socket::{WebSocket, accept_for, agree, agree_to_any};

/// One portal with everything around it. All of it ends with the test's runtime.
pub struct TestApp {
    /// `http://127.0.0.1:port`.
    pub origin: String,
    pub addr: SocketAddr,
    pub admin_addr: SocketAddr,
    pub state: AppState,
    pub clock: Arc<TestClock>,
    /// Every request the portal made to a provider or manifest host.
    pub outbound: Arc<TestOutbound>,
    /// Behind `@acme/todos`.
    pub todos: Upstream,
    /// Behind `@acme/insights`, a remote in token mode.
    pub insights: Upstream,
    directory: TempDir,
    parts: Parts,
    serving: Serving,
}

/// The listeners of a portal, and what stops them.
struct Serving {
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

/// Another instance of the same portal: same public URL, same clock, same provider and event log.
pub struct Instance {
    /// Where it listens, `http://127.0.0.1:port`, as a load balancer would reach it.
    pub origin: String,
    pub state: AppState,
}

impl TestApp {
    /// A portal in development, as `make run` starts it.
    pub async fn start() -> Self {
        Self::configured(|_| {}).await
    }

    /// The same, with some of its configuration changed.
    pub async fn configured(change: impl FnOnce(&mut Config)) -> Self {
        Self::build(TestOutbound::real(), change).await
    }

    /// A portal whose provider is under the test's control.
    pub async fn with_provider(provider: &FakeProvider) -> Self {
        Self::with_provider_and(provider, |_| {}).await
    }

    /// The same, with some of its configuration changed.
    pub async fn with_provider_and(provider: &FakeProvider, change: impl FnOnce(&mut Config)) -> Self {
        Self::build(TestOutbound::only(provider.clone()), |config| {
            config.identity.issuer = Some(ISSUER.parse().expect("a URL"));
            config.identity.client_id = CLIENT_ID.to_owned();
            change(config);
        })
        .await
    }

    /// The same, with the provider listed among `identity.providers`, where more can be said of it.
    pub async fn with_listed(
        provider: &FakeProvider,
        change: impl FnOnce(&mut Config, &mut serde_json::Value),
    ) -> Self {
        Self::with_provider_and(provider, |config| {
            let mut settings = serde_json::json!({
                "name": "staff", "issuer": provider.issuer(), "client_id": CLIENT_ID, "client_auth": "none",
            });
            change(config, &mut settings);
            config.identity.issuer = None;
            config.identity.providers =
                vec![serde_json::from_value(settings).expect("settings of a provider")];
        })
        .await
    }

    /// A portal with several providers under the test's control, each listed by the first label of its host; the first is
    /// for people of `acme.example`, the second for the organization `globex`.
    pub async fn with_providers(providers: &[&FakeProvider]) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let secret = directory.path().join("client-secret");
        std::fs::write(&secret, "a-client-secret\n").expect("the secret can be written");
        let settings = |(place, provider): (usize, &&FakeProvider)| {
            let host = provider.issuer().trim_start_matches("https://");
            let name = host.split('.').next().unwrap_or_default();
            let own = |at, value| if place == at { vec![value] } else { Vec::new() };
            serde_json::from_value(serde_json::json!({
                "name": name, "label": name.to_uppercase(), "issuer": provider.issuer(),
                "client_id": CLIENT_ID, "client_secret_file": secret,
                "email_domains": own(0, "Acme.example"), "organizations": own(1, "globex"),
            }))
            .expect("settings of a provider")
        };
        let listed = providers.iter().enumerate().map(settings).collect();
        let all = providers.iter().map(|provider| (*provider).clone()).collect();
        Self::build(TestOutbound::only(FakeProviders(all)), |config| config.identity.providers = listed).await
    }

    /// A portal in production: a provider of its own, a broker that nobody runs, keys from files, no demo data.
    pub async fn production() -> Self {
        Self::production_with(|_| {}).await
    }

    /// The same, with some of its configuration changed.
    pub async fn production_with(change: impl FnOnce(&mut Config)) -> Self {
        Self::build(TestOutbound::only(FakeProvider::new()), |config| {
            let key = config.data_dir.with_extension("key");
            std::fs::write(&key, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").expect("the key can be written");
            config.environment = Environment::Production;
            config.public_url = Some("https://portal.test".parse().expect("a URL"));
            config.identity.issuer = Some(ISSUER.parse().expect("a URL"));
            config.events.brokers = vec!["127.0.0.1:9".into()];
            config.events.id_key_file = Some(key.clone());
            config.events.signing_keys = vec![
                serde_json::from_value(serde_json::json!({ "id": "portal-1", "secret": { "file": key } }))
                    .expect("a key"),
            ];
            config.session.key_files = vec![key];
            config.registry.trusted_keys = vec![serde_json::from_value(serde_json::json!({
                "id": "acme-2026", "public_key": "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", "names": ["@acme/*"],
            }))
            .expect("a key")];
            change(config);
        })
        .await
    }

    async fn build(outbound: TestOutbound, change: impl FnOnce(&mut Config)) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let (todos, insights) = (Upstream::start().await, Upstream::start().await);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let admin = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let (addr, admin_addr) = (local(&listener), local(&admin));
        let mut config = configuration(directory.path(), addr);
        remotes::publish(&mut config, &directory.path().join("remotes"), &todos.url(), &insights.url());
        site::write(&config.site_dir);
        change(&mut config);
        let (clock, outbound) = (Arc::new(TestClock::default()), Arc::new(outbound));
        let parts = Parts {
            clock: clock.clone(),
            random: Arc::new(OsRandom),
            http: outbound.clone(),
            embedded: Embedded::default(),
            log: None,
        };
        let state =
            start(config, parts.clone()).await.unwrap_or_else(|error| panic!("the portal starts: {error}"));
        let problems = state.registry.snapshot().problems().to_vec();
        let sound = problems.is_empty() || !state.config.is_development();
        assert!(sound, "every remote of a test is sound: {problems:?}");
        let serving = Serving::start(&state, listener, admin);
        let origin = format!("http://{addr}");
        Self { origin, addr, admin_addr, state, clock, outbound, todos, insights, directory, parts, serving }
    }

    /// Ends the portal as the program does, and starts it again: what was in memory is gone.
    pub async fn restart(&mut self) {
        self.parts.embedded.flush().await;
        self.serving.stop.send_replace(true);
        for task in self.serving.tasks.drain(..) {
            task.await.expect("the listener ends");
        }
        self.parts.embedded = Embedded::default();
        let listener = TcpListener::bind(self.addr).await.expect("the port is free again");
        let admin = TcpListener::bind(self.admin_addr).await.expect("the port is free again");
        let started = start(self.state.config.clone(), self.parts.clone()).await;
        self.state = started.unwrap_or_else(|error| panic!("the portal starts again: {error}"));
        self.serving = Serving::start(&self.state, listener, admin);
    }

    /// A second instance behind the same public URL. The store must be one that instances share.
    pub async fn second_instance(&self) -> Instance {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let addr = local(&listener);
        let mut config = self.state.config.clone();
        config.public_url = Some(self.state.config.public_url());
        config.listen.addr = addr;
        let started = start(config, self.parts.clone()).await;
        let state = started.unwrap_or_else(|error| panic!("the second instance starts: {error}"));
        drop(spawn(listener, app::app(state.clone()), &state, std::future::pending()));
        eventually("the second instance follows the log", || state.events.ready().is_ok()).await;
        Instance { origin: format!("http://{addr}"), state }
    }

    /// A browser with nothing in it.
    pub fn browser(&self) -> Browser {
        Browser::new(&self.origin)
    }

    /// A browser in which this demo account is signed in.
    pub async fn signed_in(&self, account: &str) -> Browser {
        let browser = self.browser();
        browser.login(account).await;
        browser
    }

    /// The development IdP of this portal.
    pub fn dev_idp(&self) -> &DevIdp {
        self.state.dev_idp.as_deref().expect("this portal has the development IdP")
    }

    /// Where the portal keeps its files.
    pub fn data_dir(&self) -> &Path {
        &self.state.config.data_dir
    }

    /// The directory of the remote with this folder name.
    pub fn remote_dir(&self, folder: &str) -> std::path::PathBuf {
        self.directory.path().join("remotes").join(folder)
    }

    /// Lets time pass, for everything that asks the portal's clock.
    pub fn pass(&self, time: time::Duration) {
        self.clock.advance(time);
    }

    /// Now, by the portal's clock, in seconds since 1970.
    pub fn now(&self) -> i64 {
        self.clock.now().unix_timestamp()
    }

    /// Sends bytes over a connection of their own and reads what comes back until the server closes it.
    pub async fn raw(&self, request: impl AsRef<[u8]>) -> Answer {
        raw::exchange(self.addr, request.as_ref()).await
    }

    /// Asks the admin listener.
    pub async fn admin(&self, path: &str) -> Answer {
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.admin_addr);
        raw::exchange(self.admin_addr, request.as_bytes()).await
    }

    /// Waits until streams can be opened: the event log is followed a moment after the start.
    pub async fn events_ready(&self) {
        eventually("the event log is followed", || self.state.events.ready().is_ok()).await;
    }
}

impl Serving {
    fn start(state: &AppState, listener: TcpListener, admin: TcpListener) -> Self {
        let (stop, stopped) = watch::channel(false);
        let until = |mut stopped: watch::Receiver<bool>| async move {
            if stopped.wait_for(|stop| *stop).await.is_err() {
                // Nobody stops it any more: it ends with the test.
                std::future::pending::<()>().await;
            }
        };
        let tasks = vec![
            spawn(listener, app::app(state.clone()), state, until(stopped.clone())),
            spawn(admin, app::admin(state.clone()), state, until(stopped)),
        ];
        Self { stop, tasks }
    }
}

fn spawn(
    listener: TcpListener,
    answers: impl serve::Answer,
    state: &AppState,
    stop: impl Future<Output = ()> + Send + 'static,
) -> JoinHandle<()> {
    let limits = state.config.limits.clone();
    let (_, answers) = watch::channel(answers);
    tokio::spawn(serve::serve(listener, None, answers, limits, Duration::ZERO, stop))
}

/// Waits until `condition` holds, for at most ten seconds.
pub async fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    for _ in 0..500 {
        if condition() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it never happened that {what}");
}

/// Waits until `condition` holds, for longer than an instance that died in a refresh holds up the next one (20 s).
pub async fn in_time(what: &str, condition: impl AsyncFn() -> bool) {
    let begun = Instant::now();
    while !condition().await {
        assert!(begun.elapsed() < Duration::from_secs(50), "it never happened that {what}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Takes the table of sessions away under the portal, as a store that has broken down.
pub async fn break_session_store(app: &TestApp) {
    let file = app.data_dir().join("portico.db");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
    let pool = sqlx::SqlitePool::connect_with(options).await.expect("the file opens");
    sqlx::query("ALTER TABLE portal_sessions RENAME TO gone")
        .execute(&pool)
        .await
        .expect("the table can be renamed");
}

fn local(listener: &TcpListener) -> SocketAddr {
    listener.local_addr().expect("a bound socket has an address")
}

/// Development defaults in a directory of their own, with limits that no test reaches by accident.
fn configuration(directory: &Path, addr: SocketAddr) -> Config {
    let mut config =
        Config { data_dir: directory.join("data"), site_dir: directory.join("site"), ..Config::default() };
    config.listen.addr = addr;
    config.limits.anonymous_per_minute = 100_000;
    config.limits.session_per_minute = 100_000;
    config.limits.organization_per_minute = 100_000;
    config.limits.remote_per_minute = 100_000;
    config.events.publish_per_minute = 100_000;
    config.events.remote_publish_per_minute = 100_000;
    config.registry.reload_seconds = 0;
    config
}

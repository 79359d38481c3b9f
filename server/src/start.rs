//! Puts the portal together from a configuration: real parts in production, embedded ones where development has none.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use parking_lot::RwLock;
use portico_audit::{AuditSink, AuditTrail, LogOnly, SpoolLimits};
use portico_dev_idp::{DevIdp, DevIdpError};
use portico_directory::Directory;
use portico_gateway::{Bounds, Gateway, MemoryStore, PublicOrigin, ResponseCache, ResponseStore};
use portico_identity::seal::Sealer;
use portico_identity::session::{Lifetimes, Sessions, SharedSessionStore};
use portico_ports::{Clock, HttpClient, OsRandom, Random, SystemClock};
use portico_registry::{Registry, RegistryPorts};
use portico_stream::{EventGateway, EventLog, IdKey, KafkaConfig, KafkaLog, SharedClaims, StreamConfig};
use portico_telemetry::trace::IdSource;
use thiserror::Error;
use time::Duration as Span;
use url::Url;

use crate::assets::Assets;
use crate::audit::Audit;
use crate::config::Config;
use crate::credentials::EventKeys;
use crate::dev::{KeyError, generated_key, key_from_file};
use crate::embedded::Embedded;
use crate::limits::{Limits, SharedBuckets};
use crate::log::BatchWriter;
use crate::mail::{Mailer, SmtpMailer};
use crate::metrics::Metrics;
use crate::outbound::Outbound;
use crate::providers::TokenSharing;
use crate::services::events::{Events, topic_specs};
use crate::services::policy::{self, PolicyReloads, policy_config};
use crate::services::{Backends, Catalogue, EntitlementService, KafkaDelivery, OpenCalls};
use crate::state::{AppState, Portal};
use crate::storage::{
    Database, DatabaseDirectory, PostgresClaims, PostgresSessionStore, RedisBuckets, RedisClaims, RedisError,
    RedisResponses, RedisSessionStore, RedisTokens, SqliteSessionStore,
};
use crate::telemetry::{self, OtelEnvironment};
use crate::{credentials, providers, tls, upkeep};

/// The outside world: real in the program, under control in tests.
#[derive(Clone)]
pub struct Parts {
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Unpredictable bytes.
    pub random: Arc<dyn Random>,
    /// Outbound HTTP to providers and manifest hosts.
    pub http: Arc<dyn HttpClient>,
    /// Embedded defaults, kept across reloads.
    pub embedded: Embedded,
    /// What writes the log, for what it had to drop.
    pub log: Option<BatchWriter>,
}

impl Parts {
    /// The machine's own.
    pub fn real(config: &Config) -> Self {
        let timeout = Duration::from_millis(config.identity.timeout_ms);
        Self {
            clock: Arc::new(SystemClock),
            random: Arc::new(OsRandom),
            http: Arc::new(Outbound::new(timeout, tls::own_root(config))),
            embedded: Embedded::default(),
            log: None,
        }
    }
}

/// Why the portal did not start. Each message says what to do.
#[derive(Debug, Error)]
pub enum StartError {
    /// The address is taken, or not this machine's.
    #[error(
        "{key} = {addr} cannot be listened on: {error}. Is the portal running already? PORTICO_ADDR sets another one"
    )]
    Listen {
        /// The address.
        addr: SocketAddr,
        /// The key that names it.
        key: String,
        /// What the system said.
        error: std::io::Error,
    },
    /// A key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The browser's files.
    #[error(transparent)]
    Assets(#[from] crate::assets::AssetsError),
    /// The SQLite file.
    #[error("the SQLite file {0} cannot be used: {1}")]
    Sqlite(String, sqlx::Error),
    /// PostgreSQL.
    #[error("the PostgreSQL database that storage.database_url_file or PORTICO_DATABASE_URL names: {0}")]
    Postgres(sqlx::Error),
    /// Redis.
    #[error("the Redis server that storage.redis_url_file or PORTICO_REDIS_URL names: {0}")]
    Redis(RedisError),
    /// The development IdP.
    #[error(transparent)]
    DevIdp(#[from] DevIdpError),
    /// The registry.
    #[error("registry: {0}")]
    Registry(#[from] portico_registry::OpenError),
    /// Kafka.
    #[error("events: {0}")]
    Events(String),
    /// The policies.
    #[error("policy: {0}")]
    Policy(String),
    /// A value that no single check names.
    #[error("{0}")]
    Other(String),
}

/// Puts the portal together. Background work (reloads, sweeps) ends when the last handle is dropped.
pub async fn start(config: Config, parts: Parts) -> Result<AppState, StartError> {
    let public_url = config.public_url();
    let session_keys = session_keys(&config, &parts)?;
    let no_key = || StartError::Other("session.key_files names no key".into());
    let sampling = config.telemetry.sampling(session_keys.first().ok_or_else(no_key)?);
    let sealer = Sealer::new(&session_keys).ok_or_else(no_key)?;
    let redis = redis(&config).await?;
    let sharing = redis.as_ref().map(|redis| TokenSharing {
        tokens: Arc::new(RedisTokens::new(redis.client().clone())),
        sealer: sealer.clone(),
    });
    let (github_keys, mut keepers) = credentials::github_keys(&config, &parts)?;
    let (providers, dev_idp) = providers::build(&config, &parts, sharing.as_ref(), &github_keys)?;
    let buckets = redis.as_ref().map(|redis| -> Arc<dyn SharedBuckets> {
        Arc::new(RedisBuckets::new(redis.client().clone(), parts.random.as_ref()))
    });
    let answers = answers(&config, &parts, &sealer, redis.as_deref());
    let database = database(&config).await?;
    let claims = claims(&database, redis.as_deref());
    let sessions = sessions(&config, &parts, sealer.clone(), &database, redis).await;
    let directory: Arc<dyn Directory> = Arc::new(DatabaseDirectory::new(database));
    if let Some(idp) = &dev_idp {
        tell_memberships(idp, directory.as_ref()).await?;
    }
    let mailer = mailer(&config)?;
    let registry = registry(&config, &parts).await?;
    let (event_log, brokers) = event_log(&config, &parts).await?;
    let audit = audit(&config, &parts, &public_url, event_log.clone())?;
    let (access, upstream_keepers) = credentials::build(&config.gateway, &parts)?;
    let mut event_keys = credentials::event_keys(&config, &parts)?;
    keepers.extend(upstream_keepers);
    keepers.append(&mut event_keys.keepers);
    credentials::first_turn(&mut keepers, &audit, &*parts.clock).await?;
    let events = events(&config, &parts, &registry, (event_log, brokers), (event_keys, claims))?;
    let tracer = telemetry::tracer(&config, &OtelEnvironment::read(), &parts)?;
    let policy_config = policy_config(&config);
    let engine = policy::engine(&policy_config, &parts.http)?;
    let policy = policy::recorded(engine, &policy_config, &parts.clock)?;
    let origin = PublicOrigin::of(&public_url).map_err(|error| StartError::Other(error.to_string()))?;
    let gateway = Gateway::new(policy.clone(), origin).with_bounds(Bounds {
        validated_body: config.gateway.validated_body_bytes,
        view_leg: config.gateway.view_leg_bytes,
    });
    let state = AppState::new(Portal {
        origin: public_url.origin().ascii_serialization(),
        entitlements: EntitlementService::new(policy_config),
        gateway: match answers {
            Some(answers) => gateway.with_cache(answers),
            None => gateway,
        },
        backends: Backends::new(config.gateway.clone(), access),
        limits: Limits::new(&config, buckets.as_ref()),
        credentials: keepers.iter().map(|keeper| Arc::clone(keeper.standing())).collect(),
        open_calls: OpenCalls::new(config.limits.upgrades_per_session),
        metrics: Metrics::default(),
        ids: IdSource::default(),
        tracer,
        sampling,
        log: parts.log,
        started_at: parts.clock.now(),
        assets: RwLock::new(Arc::new(Assets::load(&config.site_dir)?)),
        draining: AtomicBool::new(false),
        clock: parts.clock,
        random: parts.random,
        sealer,
        sessions,
        providers,
        directory,
        mailer,
        policy,
        policy_reloads: PolicyReloads::default(),
        catalogue: Catalogue::default(),
        registry,
        events,
        audit,
        dev_idp,
        config,
    });
    upkeep::spawn(&state);
    credentials::spawn(keepers, &state);
    Ok(state)
}

/// A secret from the file that `key` names, or else from the environment.
pub(crate) fn secret(key: &str, file: Option<&Path>, variable: &str) -> Result<Option<String>, StartError> {
    if let Some(file) = file {
        let text = std::fs::read_to_string(file)
            .map_err(|error| StartError::Other(format!("{key} {}: {error}", file.display())))?;
        return Ok(Some(text.trim().to_owned()));
    }
    Ok(std::env::var(variable).ok().filter(|text| !text.is_empty()))
}

/// The keys that sessions are sealed with, newest first; all instances have the same.
fn session_keys(config: &Config, parts: &Parts) -> Result<Vec<[u8; 32]>, StartError> {
    let files = &config.session.key_files;
    if files.is_empty() {
        return Ok(vec![generated_key(&config.data_dir.join("keys/session"), parts.random.as_ref())?]);
    }
    Ok(files.iter().map(|file| key_from_file(file)).collect::<Result<_, _>>()?)
}

/// The relational store that the configuration names, or the SQLite file.
async fn database(config: &Config) -> Result<Database, StartError> {
    let storage = &config.storage;
    if let Some(url) =
        secret("storage.database_url_file", storage.database_url_file.as_deref(), "PORTICO_DATABASE_URL")?
    {
        let opened = Database::open_postgres(&url).await;
        return opened.map_err(StartError::Postgres);
    }
    let file = config.data_dir.join("portico.db");
    let problem = |error: sqlx::Error| StartError::Sqlite(file.display().to_string(), error);
    std::fs::create_dir_all(&config.data_dir).map_err(|error| problem(error.into()))?;
    Database::open_sqlite(&file).await.map_err(problem)
}

/// The Redis server that the configuration names, if any.
async fn redis(config: &Config) -> Result<Option<Arc<RedisSessionStore>>, StartError> {
    let file = config.storage.redis_url_file.as_deref();
    let Some(url) = secret("storage.redis_url_file", file, "PORTICO_REDIS_URL")? else { return Ok(None) };
    Ok(Some(Arc::new(RedisSessionStore::connect(&url).await.map_err(StartError::Redis)?)))
}

/// Where answers of upstreams are kept, unless none are: in Redis where there is one, since instances answer for one another
/// and have to hear of changes, or else in memory.
fn answers(
    config: &Config,
    parts: &Parts,
    sealer: &Sealer,
    redis: Option<&RedisSessionStore>,
) -> Option<Arc<ResponseCache>> {
    let cache = &config.gateway.cache;
    if cache.bytes == 0 {
        return None;
    }
    let store: Arc<dyn ResponseStore> = match redis {
        Some(redis) => {
            Arc::new(RedisResponses::new(redis.client().clone(), sealer.clone(), parts.random.clone()))
        }
        None => Arc::new(MemoryStore::new(cache.bytes)),
    };
    Some(Arc::new(ResponseCache::new(store, parts.clock.clone(), cache.entry_bytes)))
}

async fn sessions(
    config: &Config,
    parts: &Parts,
    sealer: Sealer,
    database: &Database,
    redis: Option<Arc<RedisSessionStore>>,
) -> Sessions {
    let lifetimes = Lifetimes {
        idle: Span::minutes(config.session.idle_minutes.into()),
        absolute: Span::minutes(config.session.absolute_minutes.into()),
    };
    let store = session_store(database, redis);
    let sessions = Sessions::new(store, sealer, lifetimes, parts.clock.clone(), parts.random.clone());
    if let Err(error) = sessions.remove_expired().await {
        tracing::warn!(error.message = %error, "old sessions could not be removed");
    }
    sessions
}

/// What the portal keeps itself, its development provider has to know too: then tokens for it carry the right `org_id`.
async fn tell_memberships(idp: &DevIdp, directory: &dyn Directory) -> Result<(), StartError> {
    let kept = directory.kept_memberships(idp.issuer()).await;
    for member in kept.map_err(|error| StartError::Other(error.to_string()))? {
        idp.grant_membership(&member.person.sub, &member.org_id, &member.roles);
    }
    Ok(())
}

fn mailer(config: &Config) -> Result<Option<Arc<dyn Mailer>>, StartError> {
    let mail = &config.mail;
    let Some(url) = secret("mail.smtp_url_file", mail.smtp_url_file.as_deref(), "PORTICO_SMTP_URL")? else {
        return Ok(None);
    };
    let mailer = SmtpMailer::new(&url, mail.from.as_deref(), Duration::from_millis(mail.timeout_ms));
    let mailer = mailer.map_err(|error| StartError::Other(error.to_string()))?;
    Ok(Some(Arc::new(mailer)))
}

/// Redis where there is one, or else the relational store.
fn session_store(database: &Database, redis: Option<Arc<RedisSessionStore>>) -> Arc<dyn SharedSessionStore> {
    match (redis, database) {
        (Some(redis), _) => {
            tracing::info!("sessions are kept in Redis, which serves any number of instances");
            redis
        }
        (None, Database::Postgres(pool)) => {
            tracing::info!("sessions are kept in PostgreSQL, which serves any number of instances");
            Arc::new(PostgresSessionStore::new(pool.clone()))
        }
        (None, Database::Sqlite(pool)) => {
            tracing::info!("sessions are kept in SQLite, which serves one instance");
            Arc::new(SqliteSessionStore::new(pool.clone()))
        }
    }
}

/// Where several instances tell each other what they publish: as their sessions are shared.
fn claims(database: &Database, redis: Option<&RedisSessionStore>) -> Option<Arc<dyn SharedClaims>> {
    match (redis, database) {
        (Some(redis), _) => Some(Arc::new(RedisClaims::new(redis.client().clone()))),
        (None, Database::Postgres(pool)) => Some(Arc::new(PostgresClaims::new(pool.clone()))),
        (None, Database::Sqlite(_)) => None,
    }
}

async fn registry(config: &Config, parts: &Parts) -> Result<Registry, StartError> {
    let development_key = config.is_development().then(|| config.data_dir.join("registry/development.key"));
    let ports =
        RegistryPorts { clock: parts.clock.clone(), random: parts.random.clone(), http: parts.http.clone() };
    let registry_config = config.registry.for_registry(development_key);
    let registry = Registry::open(registry_config, portico_contracts::SHELL_VERSION, ports).await?;
    upkeep::tell_problems(registry.snapshot().problems());
    Ok(registry)
}

/// Kafka, or the cluster in this process, and where it is.
async fn event_log(config: &Config, parts: &Parts) -> Result<(Arc<dyn EventLog>, String), StartError> {
    let events = &config.events;
    if events.brokers.is_empty() {
        let embedded = parts.embedded.kafka(parts.random.as_ref()).await;
        return embedded.map_err(|error| StartError::Events(error.to_string()));
    }
    let brokers = events.brokers.join(",");
    let security = credentials::broker_security(config, parts).await?;
    let create_topics = events.create_topics;
    let kafka = KafkaConfig { create_topics, security, ..KafkaConfig::new(brokers.clone()) };
    let log = KafkaLog::new(kafka).map_err(|error| StartError::Events(error.to_string()))?;
    Ok((Arc::new(log), brokers))
}

fn events(
    config: &Config,
    parts: &Parts,
    registry: &Registry,
    (log, brokers): (Arc<dyn EventLog>, String),
    (keys, claims): (EventKeys, Option<Arc<dyn SharedClaims>>),
) -> Result<Events, StartError> {
    let events = &config.events;
    let key = match &events.id_key_file {
        Some(file) => key_from_file(file)?,
        None => generated_key(&config.data_dir.join("keys/stream"), parts.random.as_ref())?,
    };
    let id_key = IdKey::new(&key).map_err(|error| StartError::Events(error.to_string()))?;
    let mut stream = StreamConfig::new(id_key, keys.ring);
    stream.ping_interval = Duration::from_secs(events.ping_seconds.max(1));
    stream.repeats.window = Duration::from_secs(events.repeat_seconds);
    stream.claims = claims;
    stream.limits.per_session = config.session.max_streams;
    stream.limits.per_organization = events.streams_per_organization;
    stream.limits.per_instance = events.streams;
    let snapshot = registry.snapshot();
    let topics = topic_specs(upkeep::topics(&snapshot).into_iter(), events.partitions);
    let gateway = EventGateway::start(log, parts.clock.clone(), parts.random.clone(), topics, stream);
    Ok(Events::new(gateway, brokers, events.partitions, keys.generated))
}

/// The log alone, or Kafka behind a spool as well.
fn audit(
    config: &Config,
    parts: &Parts,
    public_url: &Url,
    event_log: Arc<dyn EventLog>,
) -> Result<Arc<Audit>, StartError> {
    let Some(topic) = &config.audit.topic else {
        return Ok(Arc::new(Audit::new(Arc::new(LogOnly), parts.clock.clone(), parts.random.clone())));
    };
    let sink = parts.embedded.audit(|| {
        let total_bytes = config.audit.spool_bytes;
        let limits = SpoolLimits { segment_bytes: total_bytes / 16, total_bytes };
        let delivery = Arc::new(KafkaDelivery::new(event_log, topic, config.events.partitions));
        let source = public_url.origin().ascii_serialization();
        let trail = AuditTrail::start(&config.data_dir.join("audit"), limits, &source, delivery);
        trail
            .map(|trail| Arc::new(trail) as Arc<dyn AuditSink>)
            .map_err(|error| StartError::Other(error.to_string()))
    })?;
    Ok(Arc::new(Audit::new(sink, parts.clock.clone(), parts.random.clone())))
}

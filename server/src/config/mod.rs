//! Configuration: defaults, then a TOML file, then the environment; one struct per concern.
//!
//! Every key is described in `docs/configuration.md`, which a test holds to these structs.

mod answer_cache;
mod audit;
mod brokers;
mod credentials;
mod development;
mod environment;
mod events;
mod gateway;
mod github_app;
mod identity;
mod identity_provider;
mod invitations;
mod limits;
mod listen;
mod load;
mod mail;
mod quota;
mod registry;
mod resilience;
mod session;
mod storage;
mod telemetry;
mod upstream;

use std::path::PathBuf;

use portico_policy::PolicyConfig;
use serde::{Deserialize, Serialize};
use url::Url;

pub use answer_cache::AnswerCacheConfig;
pub use audit::AuditConfig;
pub use brokers::{BrokerSecurityConfig, SaslMechanismSetting};
pub use credentials::{
    AppRoleSettings, CredentialKind, CredentialSettings, KubernetesSettings, SecretSettings,
    VaultPlaceSettings, VaultSettings,
};
pub use development::{DevelopmentConfig, ServiceConfig};
pub use environment::Environment;
pub use events::{EventKeySettings, EventsConfig, ProducerSettings};
pub use gateway::GatewayConfig;
pub use github_app::{GitHubAppSettings, InstallationSettings};
pub use identity::IdentityConfig;
pub use identity_provider::{
    ActorSettings, AssertionAudienceSetting, ClientAuthMethod, ExchangeSetting, IntrospectionSetting,
    OrganizationClaimsSetting, ParSetting, ProviderSettings,
};
pub use invitations::InvitationsConfig;
pub use limits::LimitsConfig;
pub use listen::{ListenConfig, TlsMode};
pub use load::{ConfigError, file, load, load_from};
pub use mail::MailConfig;
pub use quota::{QuotaConfig, QuotaOverrides};
pub use registry::RegistryConfig;
pub use resilience::ResilienceConfig;
pub use session::SessionConfig;
pub use storage::StorageConfig;
pub use telemetry::TelemetryConfig;
pub use upstream::{HealthConfig, UpstreamConfig};

/// Everything an operator can set.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// `development` or `production`. Production has no embedded defaults and no demo data.
    pub environment: Environment,
    /// The one origin that people use: redirect URIs, the development IdP's issuer and same-origin checks come from it,
    /// never from a request header. By default it follows from `listen.addr`.
    pub public_url: Option<Url>,
    /// Where the embedded defaults keep their files.
    pub data_dir: PathBuf,
    /// Where the built browser files are (`cargo leptos build` puts them there).
    pub site_dir: PathBuf,
    /// Sockets.
    pub listen: ListenConfig,
    /// The OpenID provider.
    pub identity: IdentityConfig,
    /// Session lifetimes and keys.
    pub session: SessionConfig,
    /// Databases that several instances share.
    pub storage: StorageConfig,
    /// Roles, plans, organizations.
    pub policy: PolicyConfig,
    /// Invitations into organizations.
    pub invitations: InvitationsConfig,
    /// How the portal sends mail.
    pub mail: MailConfig,
    /// Remotes, their signatures and grants.
    pub registry: RegistryConfig,
    /// The proxy to upstreams.
    pub gateway: GatewayConfig,
    /// Kafka.
    pub events: EventsConfig,
    /// Where audit events go.
    pub audit: AuditConfig,
    /// Traces for a collector.
    pub telemetry: TelemetryConfig,
    /// Bounds on what a client may send.
    pub limits: LimitsConfig,
    /// What only development has.
    pub development: DevelopmentConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            environment: Environment::default(),
            public_url: None,
            data_dir: "data".into(),
            site_dir: "target/site".into(),
            listen: ListenConfig::default(),
            identity: IdentityConfig::default(),
            session: SessionConfig::default(),
            storage: StorageConfig::default(),
            policy: PolicyConfig::default(),
            invitations: InvitationsConfig::default(),
            mail: MailConfig::default(),
            registry: RegistryConfig::default(),
            gateway: GatewayConfig::default(),
            events: EventsConfig::default(),
            audit: AuditConfig::default(),
            telemetry: TelemetryConfig::default(),
            limits: LimitsConfig::default(),
            development: DevelopmentConfig::default(),
        }
    }
}

impl Config {
    /// The portal's origin, always with a trailing slash as `Url` writes it.
    pub fn public_url(&self) -> Url {
        self.public_url.clone().unwrap_or_else(|| {
            let scheme = if self.listen.tls == TlsMode::Off { "http" } else { "https" };
            let addr = self.listen.addr;
            Url::parse(&format!("{scheme}://{addr}/")).expect("a socket address makes a valid URL")
        })
    }

    /// Whether this is development.
    pub fn is_development(&self) -> bool {
        self.environment == Environment::Development
    }
}

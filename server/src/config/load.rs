use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use figment::Figment;
use figment::providers::{Format, Serialized, Toml};
use figment::value::Value;
use portico_app::Locale;
use thiserror::Error;

use super::{Config, DevelopmentConfig, TlsMode};

/// Why the configuration cannot be used. Each message names the key and what is expected there.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file that `PORTICO_CONFIG` names cannot be read.
    #[error("the configuration file {0} is not there; PORTICO_CONFIG must name a readable TOML file")]
    Missing(PathBuf),
    /// Unknown keys, wrong types, values out of range.
    #[error("the configuration cannot be used:\n{0}")]
    Invalid(String),
}

/// Names without `__` that set a key of their own.
const SHORT_NAMES: [(&str, &str); 6] = [
    ("PORTICO_ADDR", "listen.addr"),
    ("PORTICO_ADMIN_ADDR", "listen.admin_addr"),
    ("PORTICO_PUBLIC_URL", "public_url"),
    ("PORTICO_ENVIRONMENT", "environment"),
    ("PORTICO_DATA_DIR", "data_dir"),
    ("PORTICO_SITE_DIR", "site_dir"),
];

/// Names that are not settings of the server: the set-up's own and secrets, which are read where they are used.
const OTHER_NAMES: [&str; 9] = [
    "PORTICO_CONFIG",
    "PORTICO_CLIENT_SECRET",
    "PORTICO_DATABASE_URL",
    "PORTICO_REDIS_URL",
    "PORTICO_SMTP_URL",
    "PORTICO_TOOLS",
    "PORTICO_STAGES",
    "PORTICO_LOG",
    "PORTICO_LOG_FORMAT",
];

/// Reads the configuration from the file that `PORTICO_CONFIG` names, or from `portico.toml` in the working directory
/// where there is one, and from the process's environment.
pub fn load() -> Result<Config, ConfigError> {
    let environment: BTreeMap<String, String> = std::env::vars().collect();
    load_from(file().as_deref(), &environment)
}

/// The file that is read: what `PORTICO_CONFIG` names, or `portico.toml` where there is one, which in a checkout sets up
/// the example remotes.
pub fn file() -> Option<PathBuf> {
    let named = std::env::var_os("PORTICO_CONFIG").map(PathBuf::from);
    named.or_else(|| Some(PathBuf::from("portico.toml")).filter(|file| file.is_file()))
}

/// Reads the configuration from `file` and `environment`: `PORTICO_LISTEN__ADDR` sets `listen.addr`, and so on.
pub fn load_from(file: Option<&Path>, environment: &BTreeMap<String, String>) -> Result<Config, ConfigError> {
    let mut figment = Figment::from(Serialized::defaults(Config::default()));
    if let Some(file) = file {
        if !file.is_file() {
            return Err(ConfigError::Missing(file.to_owned()));
        }
        figment = figment.merge(Toml::file_exact(file));
    }
    for (key, value) in settings(environment)? {
        figment = figment.merge(Serialized::default(&key, value));
    }
    let config: Config = figment.extract().map_err(|errors| {
        let lines: Vec<_> = errors.into_iter().map(|error| format!("  {error}")).collect();
        ConfigError::Invalid(lines.join("\n"))
    })?;
    check(&config)?;
    Ok(config)
}

/// The settings among the environment's variables, as dotted keys. A name that begins with `PORTICO_` and sets nothing
/// is an error: it is a misspelled setting far more often than somebody else's variable.
fn settings(environment: &BTreeMap<String, String>) -> Result<Vec<(String, Value)>, ConfigError> {
    let mut settings = Vec::new();
    for (name, text) in environment.iter().filter(|(name, _)| name.starts_with("PORTICO_")) {
        let value = || Value::from_str(text).unwrap_or_else(|never| match never {});
        if OTHER_NAMES.contains(&name.as_str()) || name.starts_with("PORTICO_TEST_") {
            continue;
        }
        if let Some((_, key)) = SHORT_NAMES.iter().find(|(short, _)| short == name) {
            settings.push(((*key).to_owned(), Value::from(text.as_str())));
        } else if name == "PORTICO_FIXTURES" {
            settings.push(("registry.fixtures".into(), Value::from(switch(name, text)?)));
        } else if name == "PORTICO_TLS" {
            let mode = if switch(name, text)? { "generated" } else { "off" };
            settings.push(("listen.tls".into(), Value::from(mode)));
        } else if name.contains("__") {
            let key = name["PORTICO_".len()..].to_lowercase().replace("__", ".");
            settings.push((key, value()));
        } else {
            return Err(ConfigError::Invalid(format!(
                "  {name} is not a setting; a nested key is written like PORTICO_LISTEN__ADDR, for listen.addr"
            )));
        }
    }
    Ok(settings)
}

fn switch(name: &str, text: &str) -> Result<bool, ConfigError> {
    match text {
        "1" | "true" => Ok(true),
        "" | "0" | "false" => Ok(false),
        other => Err(ConfigError::Invalid(format!("  {name} is \"{other}\"; it must be 1 or 0"))),
    }
}

/// What types cannot say: values that contradict one another or would be unsafe.
fn check(config: &Config) -> Result<(), ConfigError> {
    let mut problems = Vec::new();
    let public_url = config.public_url();
    if !matches!(public_url.scheme(), "http" | "https")
        || public_url.path() != "/"
        || public_url.query().is_some()
    {
        problems
            .push("public_url must be an origin, such as https://portal.example, without a path".to_owned());
    }
    if config.listen.tls == TlsMode::Files
        && (config.listen.tls_certificate.is_none() || config.listen.tls_key.is_none())
    {
        problems.push("listen.tls = \"files\" needs listen.tls_certificate and listen.tls_key".to_owned());
    }
    let session = &config.session;
    if session.idle_minutes == 0 || session.absolute_minutes < session.idle_minutes {
        problems
            .push("session.idle_minutes must be at least 1 and at most session.absolute_minutes".to_owned());
    }
    problems.extend(config.identity.problems(!config.is_development()));
    if config.invitations.valid_days == 0 {
        problems.push("invitations.valid_days must be at least 1".to_owned());
    }
    problems.extend(config.mail.problem());
    problems.extend(config.gateway.problems());
    problems.extend(config.events.problems(!config.is_development()));
    problems.extend(config.telemetry.problem());
    problems.extend(config.policy.problems().iter().map(ToString::to_string));
    for (role, words) in &config.policy.role_descriptions {
        let foreign = words.languages().filter(|language| Locale::parse(language).is_none());
        problems.extend(foreign.map(|language| {
            format!("policy.role_descriptions.{role}.{language}: the portal does not speak {language:?}")
        }));
    }
    if !config.is_development() {
        production(config, &mut problems);
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(ConfigError::Invalid(format!("  {}", problems.join("\n  "))))
    }
}

/// Production has no embedded defaults: each one that is still in place is named.
fn production(config: &Config, problems: &mut Vec<String>) {
    let required = [
        (config.public_url.is_none(), "public_url must be set"),
        (
            config.identity.issuer.is_none() && config.identity.providers.is_empty(),
            "identity.issuer or identity.providers must name an OpenID provider: the development IdP is for development",
        ),
        (config.events.brokers.is_empty(), "events.brokers must name Kafka's bootstrap servers"),
        (config.events.id_key_file.is_none(), "events.id_key_file must name a key that all instances share"),
        (
            config.events.signing_keys.is_empty(),
            "events.signing_keys must name the key that signs events, shared by all instances",
        ),
        (config.session.key_files.is_empty(), "session.key_files must name at least one key"),
        (config.registry.trusted_keys.is_empty(), "registry.trusted_keys must name whose signatures count"),
        (config.registry.fixtures, "registry.fixtures is for development"),
        (config.listen.tls == TlsMode::Generated, "listen.tls = \"generated\" is for development"),
        (config.development != DevelopmentConfig::default(), "development.* is for development"),
    ];
    let unsafe_url = config.public_url().scheme() != "https";
    problems.extend(required.iter().filter(|(broken, _)| *broken).map(|(_, why)| (*why).to_owned()));
    if unsafe_url {
        problems.push("public_url must be https in production: the session cookie is Secure".to_owned());
    }
}

#[cfg(test)]
#[path = "load_tests.rs"]
mod tests;

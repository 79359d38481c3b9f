use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use portico_secrets::{Apply, Kept};
use portico_stream::{KeyId, Keyring, Producer, SigningKey};

use super::sources::Sources;
use super::{CredentialStanding, Keeper};
use crate::config::{Config, EventKeySettings, ProducerSettings};
use crate::dev::generated_key;
use crate::start::{Parts, StartError};

/// The keys by which events are signed and verified.
pub struct EventKeys {
    /// Filled as the keepers read what the configuration names.
    pub ring: Arc<Keyring>,
    /// Keep it current.
    pub keepers: Vec<Keeper>,
    /// Of each producer for which the configuration names no key, in development: the generated one's id and itself, in base64.
    pub generated: BTreeMap<String, (String, String)>,
}

/// Whose key it is.
#[derive(Clone)]
enum Owner {
    /// The portal's own, which signs.
    Signer,
    /// One that only verifies.
    Verifier(Producer),
}

/// The portal's keys and those of every producer. Development generates those that are not named.
pub fn event_keys(config: &Config, parts: &Parts) -> Result<EventKeys, StartError> {
    let mut keys = EventKeys { ring: Arc::default(), keepers: Vec::new(), generated: BTreeMap::new() };
    let sources = Sources::new(config.gateway.vault.as_ref(), parts);
    let interval = Duration::from_secs(config.gateway.credential_seconds.max(1));
    for (at, settings) in config.events.signing_keys.iter().enumerate() {
        let owner = if at == 0 { Owner::Signer } else { Owner::Verifier(Producer::Portal) };
        let key = format!("events.signing_keys[{at}]");
        keys.keepers.push(keeper(
            &key,
            "the portal's events",
            settings,
            owner,
            &keys.ring,
            &sources,
            interval,
        )?);
    }
    if config.events.signing_keys.is_empty() {
        let (id, key) = keys.generate(config, parts, "portal")?;
        keys.ring.sign_with(id, key);
    }
    for (source, settings) in &config.events.producers {
        let producer = producer(source, settings);
        for (at, key) in settings.keys.iter().enumerate() {
            let name = format!("events.producers.{source:?}.keys[{at}]");
            let owner = Owner::Verifier(producer.clone());
            let purpose = format!("events of {source}");
            keys.keepers.push(keeper(&name, &purpose, key, owner, &keys.ring, &sources, interval)?);
        }
        if settings.keys.is_empty() {
            let (id, key) = keys.generate(config, parts, source)?;
            keys.ring.trust(producer, id, key);
        }
    }
    Ok(keys)
}

impl EventKeys {
    /// A key that is generated once and kept.
    fn generate(
        &mut self,
        config: &Config,
        parts: &Parts,
        source: &str,
    ) -> Result<(KeyId, SigningKey), StartError> {
        let plain = |character: char| if character.is_ascii_alphanumeric() { character } else { '.' };
        let name = source.trim_start_matches('/').chars().map(plain).collect::<String>();
        let bytes = generated_key(&config.data_dir.join("keys/events").join(&name), parts.random.as_ref())?;
        let id = format!("development.{name:.50}");
        self.generated.insert(source.to_owned(), (id.clone(), STANDARD.encode(bytes)));
        let other = |error: String| StartError::Other(error);
        let id = id.parse().map_err(|error: portico_stream::KeyIdError| other(error.to_string()))?;
        Ok((id, SigningKey::new(&bytes).map_err(|error| other(error.to_string()))?))
    }
}

fn producer(source: &str, settings: &ProducerSettings) -> Producer {
    let topics = settings.topics.iter().map(|topic| topic.as_str().into()).collect();
    Producer::Service { source: source.into(), topics }
}

fn keeper(
    key: &str,
    purpose: &str,
    settings: &EventKeySettings,
    owner: Owner,
    ring: &Arc<Keyring>,
    sources: &Sources<'_>,
    interval: Duration,
) -> Result<Keeper, StartError> {
    let id: KeyId = settings.id.parse().map_err(|error| StartError::Other(format!("{key}.id: {error}")))?;
    let source = sources.of(&format!("{key}.secret"), Some(&settings.secret))?;
    let ring = ring.clone();
    let apply: Apply = Box::new(move |secrets| {
        let [secret] = secrets else { return Err("one key is needed".to_owned()) };
        let key = SigningKey::from_base64(secret.expose()).map_err(|error| error.to_string())?;
        match &owner {
            Owner::Signer => ring.sign_with(id.clone(), key),
            Owner::Verifier(producer) => ring.trust(producer.clone(), id.clone(), key),
        }
        Ok(())
    });
    let kept = Kept::new(vec![source], interval, apply);
    Ok(Keeper {
        key: key.to_owned(),
        standing: CredentialStanding::new(purpose.to_owned(), kept.names()),
        kept,
        refused: None,
        must_be_there: settings.secret.vault.is_none(),
    })
}

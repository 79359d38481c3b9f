//! What a reload of the configuration must not lose: who is signed in, the event log, and the audit trail.

use std::path::PathBuf;
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use portico_audit::AuditSink;
use portico_dev_idp::{DevIdp, DevIdpConfig, DevIdpError};
use portico_ports::{Clock, HttpClient, Random, token};
use portico_stream::{EmbeddedKafka, EmbeddedKafkaError, EventLog};

/// Made when first asked for, and kept.
#[derive(Clone, Default)]
pub struct Embedded(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    client_secret: Option<String>,
    idp: Option<Arc<DevIdp>>,
    kafka: Option<(Arc<dyn EventLog>, String)>,
    audit: Option<Arc<dyn AuditSink>>,
}

impl Embedded {
    /// The secret that the portal has at its own development IdP.
    pub fn client_secret(&self, random: &dyn Random) -> String {
        self.0.lock().client_secret.get_or_insert_with(|| token::<32>(random)).clone()
    }

    /// The development IdP, which posts logout tokens over `http`, and keeps in `file` what a restart must not lose. It
    /// stays the same when the configuration changes, and then exchanges tokens for other audiences.
    pub fn idp(
        &self,
        config: DevIdpConfig,
        file: PathBuf,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        http: Arc<dyn HttpClient>,
    ) -> Result<Arc<DevIdp>, DevIdpError> {
        let mut kept = self.0.lock();
        if let Some(idp) = &kept.idp {
            idp.set_audiences(config.audiences);
            return Ok(idp.clone());
        }
        let idp = Arc::new(DevIdp::new(config, clock, random)?.with_http_client(http).remembering(file));
        tokio::spawn(keep(Arc::downgrade(&idp)));
        kept.idp = Some(idp.clone());
        Ok(idp)
    }

    /// Writes what would otherwise wait for a moment. For the end of the process.
    pub async fn flush(&self) {
        let idp = self.0.lock().idp.clone();
        if let Some(idp) = idp {
            save(&idp).await;
        }
    }

    /// The audit trail. There is one for each process, since two would write into one spool.
    pub fn audit<E>(
        &self,
        start: impl FnOnce() -> Result<Arc<dyn AuditSink>, E>,
    ) -> Result<Arc<dyn AuditSink>, E> {
        let mut kept = self.0.lock();
        let sink = kept.audit.clone().map_or_else(start, Ok)?;
        kept.audit = Some(sink.clone());
        Ok(sink)
    }

    /// The event log in this process, and where it is reached over TCP.
    pub async fn kafka(
        &self,
        random: &dyn Random,
    ) -> Result<(Arc<dyn EventLog>, String), EmbeddedKafkaError> {
        if let Some(kept) = &self.0.lock().kafka {
            return Ok(kept.clone());
        }
        let started = EmbeddedKafka::start(random).await?;
        let brokers = started.bootstrap_servers().to_owned();
        let made: (Arc<dyn EventLog>, String) = (Arc::new(started), brokers);
        self.0.lock().kafka = Some(made.clone());
        Ok(made)
    }
}

/// What happened in this time before the process is killed is lost: at worst one has to sign in again.
const KEPT_EVERY: Duration = Duration::from_millis(500);

/// Writes what the IdP has to keep, for as long as it is there.
async fn keep(idp: Weak<DevIdp>) {
    loop {
        tokio::time::sleep(KEPT_EVERY).await;
        let Some(idp) = idp.upgrade() else { return };
        save(&idp).await;
    }
}

/// Writes what the IdP has to keep. Where that is not possible, a restart will ask for a sign-in.
async fn save(idp: &Arc<DevIdp>) {
    let idp = idp.clone();
    let saved = tokio::task::spawn_blocking(move || idp.save()).await;
    if let Ok(Err(error)) = saved {
        tracing::warn!(error.message = %error, "what the development IdP has to keep could not be written");
    }
}

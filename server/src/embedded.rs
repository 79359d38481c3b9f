//! What a reload of the configuration must not lose: who is signed in, the event log, and the audit trail.

use std::sync::Arc;

use parking_lot::Mutex;
use portico_audit::AuditSink;
use portico_dev_idp::{Audience, DevIdp, DevIdpConfig, DevIdpError};
use portico_ports::{Clock, HttpClient, Random, token};
use portico_stream::{EmbeddedKafka, EmbeddedKafkaError, EventLog};

/// Made when first asked for, and kept.
#[derive(Clone, Default)]
pub struct Embedded(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    client_secret: Option<String>,
    idp: Option<(Audiences, Arc<DevIdp>)>,
    kafka: Option<(Arc<dyn EventLog>, String)>,
    audit: Option<Arc<dyn AuditSink>>,
}

impl Embedded {
    /// The secret that the portal has at its own development IdP.
    pub fn client_secret(&self, random: &dyn Random) -> String {
        self.0.lock().client_secret.get_or_insert_with(|| token::<32>(random)).clone()
    }

    /// The development IdP, which posts logout tokens over `http`. Another set of audiences makes another one, which nobody has signed in to yet.
    pub fn idp(
        &self,
        config: DevIdpConfig,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        http: Arc<dyn HttpClient>,
    ) -> Result<Arc<DevIdp>, DevIdpError> {
        let audiences = key(&config.audiences);
        let mut kept = self.0.lock();
        if let Some((of, idp)) = &kept.idp
            && *of == audiences
        {
            return Ok(idp.clone());
        }
        let idp = Arc::new(DevIdp::new(config, clock, random)?.with_http_client(http));
        kept.idp = Some((audiences, idp.clone()));
        Ok(idp)
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

/// Names and their scopes.
type Audiences = Vec<(String, Vec<String>)>;

fn key(audiences: &[Audience]) -> Audiences {
    audiences.iter().map(|audience| (audience.audience.clone(), audience.scopes.clone())).collect()
}

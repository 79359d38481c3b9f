use std::sync::Arc;
use std::time::Duration;

use portico_ports::Clock;
use portico_secrets::{Kept, Turn};
use tokio::sync::Notify;

use super::CredentialStanding;
use crate::audit::Audit;
use crate::start::StartError;
use crate::state::{AppState, WeakState};

/// After the other side refused a credential it is read again, but not more often than this.
const AFTER_REFUSAL: Duration = Duration::from_secs(1);

/// Keeps one credential current: an upstream's, the authorities that it may be certified by, a GitHub App's key, or a key of
/// events.
#[derive(Debug)]
pub struct Keeper {
    /// The key of the configuration that names it.
    pub(super) key: String,
    /// What it is for, and how it is.
    pub(super) standing: Arc<CredentialStanding>,
    pub(super) kept: Kept,
    /// Notified when the other side refused it.
    pub(super) refused: Option<Arc<Notify>>,
    /// Whether the portal does not start without it: a file or variable that is not there is a mistake, a server that does
    /// not answer is not.
    pub(super) must_be_there: bool,
}

/// Reads every credential for the first time.
///
/// # Errors
/// Names the one that is not where the configuration says.
pub async fn first_turn(keepers: &mut [Keeper], audit: &Audit, clock: &dyn Clock) -> Result<(), StartError> {
    for keeper in keepers {
        let turn = keeper.turn(audit, clock).await;
        if let (Turn::Failed(error), true) = (turn, keeper.must_be_there) {
            return Err(StartError::Other(format!("{}: {error}", keeper.key)));
        }
    }
    Ok(())
}

/// Goes on reading them, until the portal ends.
pub fn spawn(keepers: Vec<Keeper>, state: &AppState) {
    for keeper in keepers {
        tokio::spawn(keep(keeper, state.downgrade()));
    }
}

async fn keep(mut keeper: Keeper, state: WeakState) {
    loop {
        let next = keeper.kept.next();
        let refused = async {
            match &keeper.refused {
                Some(refused) => refused.notified().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = tokio::time::sleep(next) => {}
            () = refused => tokio::time::sleep(AFTER_REFUSAL.min(next)).await,
        }
        let Some(state) = state.upgrade() else { return };
        let (audit, clock) = (Arc::clone(&state.audit), Arc::clone(&state.clock));
        // The portal may go while a server is waited for.
        drop(state);
        keeper.turn(&audit, &*clock).await;
    }
}

impl Keeper {
    /// What is known of it.
    pub fn standing(&self) -> &Arc<CredentialStanding> {
        &self.standing
    }

    async fn turn(&mut self, audit: &Audit, clock: &dyn Clock) -> Turn {
        let turn = self.kept.turn().await;
        self.standing.note(&turn, clock.now());
        self.tell(&turn, audit);
        turn
    }

    /// What happened is told once, to log and audit trail. A fetch that changed nothing is neither.
    fn tell(&self, turn: &Turn, audit: &Audit) {
        let CredentialStanding { purpose, source: names, .. } = &*self.standing;
        let resource = format!("{purpose} from {names}");
        match turn {
            Turn::Same | Turn::StillFailing => {}
            Turn::Rotated { version, first } => {
                let what = if *first { "read" } else { "rotated" };
                let version = version.map_or_else(String::new, |version| format!(", version {version}"));
                tracing::info!(
                    credential.purpose = purpose,
                    secret.source = names,
                    "a credential was {what}{version}"
                );
                audit.by_itself("credential", &resource, true, &format!("{what}{version}"));
            }
            Turn::Recovered => {
                tracing::info!(
                    credential.purpose = purpose,
                    secret.source = names,
                    "a credential can be read again"
                );
                audit.by_itself("credential", &resource, true, "can be read again");
            }
            Turn::Failed(error) => {
                tracing::error!(
                    credential.purpose = purpose,
                    secret.source = names,
                    error.message = %error,
                    "a credential cannot be read; what was read last stays in use"
                );
                audit.by_itself("credential", &resource, false, &error.to_string());
            }
        }
    }
}

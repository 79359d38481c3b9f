//! What every request can reach.

use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::RwLock;
use portico_contracts::Application;
use portico_contracts::manifest::Backend;
use portico_dev_idp::DevIdp;
use portico_directory::Directory;
use portico_gateway::{Gateway, RemoteBackend, TunnelEnd};
use portico_identity::seal::Sealer;
use portico_identity::session::{EndReason, SessionError, SessionId, Sessions};
use portico_policy::{Basis, Decision, PolicyEngine};
use portico_ports::{Clock, Random};
use portico_registry::{CspSources, Registry, Remote};
use portico_stream::CloseReason;
use portico_telemetry::trace::{IdSource, Sampling, Tracer};

use time::OffsetDateTime;

use crate::assets::Assets;
use crate::audit::Audit;
use crate::config::Config;
use crate::credentials::CredentialStanding;
use crate::http::Authenticated;
use crate::limits::Limits;
use crate::log::BatchWriter;
use crate::mail::Mailer;
use crate::metrics::Metrics;
use crate::providers::Providers;
use crate::services::events::Events;
use crate::services::policy::PolicyReloads;
use crate::services::{Applications, Backends, Catalogue, EntitlementService, OpenCalls, navigate};

/// The portal, shared by every request.
#[derive(Clone)]
pub struct AppState(Arc<Portal>);

impl AppState {
    /// Shares `portal`.
    pub fn new(portal: Portal) -> Self {
        Self(Arc::new(portal))
    }

    /// A handle that does not keep the portal alive: for work in the background, which ends with it.
    pub fn downgrade(&self) -> WeakState {
        WeakState(Arc::downgrade(&self.0))
    }
}

impl Deref for AppState {
    type Target = Portal;

    fn deref(&self) -> &Portal {
        &self.0
    }
}

/// The portal, for as long as somebody else keeps it.
#[derive(Clone)]
pub struct WeakState(Weak<Portal>);

impl WeakState {
    /// The portal, if it is still there.
    pub fn upgrade(&self) -> Option<AppState> {
        self.0.upgrade().map(AppState)
    }
}

/// Everything the portal is made of.
pub struct Portal {
    /// As read at start.
    pub config: Config,
    /// `public_url` as an origin (RFC 6454), without a slash: what `Origin` must equal.
    pub origin: String,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Unpredictable bytes.
    pub random: Arc<dyn Random>,
    /// Ids of requests.
    pub ids: IdSource,
    /// Sealing of what leaves the process.
    pub sealer: Sealer,
    /// Every session.
    pub sessions: Sessions,
    /// The OpenID providers, with the tokens that were exchanged there.
    pub providers: Providers,
    /// Members and invitations.
    pub directory: Arc<dyn Directory>,
    /// Sends mail, where a server is configured.
    pub mailer: Option<Arc<dyn Mailer>>,
    /// What sessions may do.
    pub entitlements: EntitlementService,
    /// Every decision.
    pub policy: Arc<dyn PolicyEngine>,
    /// What became of changed policies.
    pub policy_reloads: PolicyReloads,
    /// What of the registry sessions may have.
    pub catalogue: Catalogue,
    /// Every manifest.
    pub registry: Registry,
    /// The proxy.
    pub gateway: Gateway,
    /// Compiled back ends of remotes.
    pub backends: Backends,
    /// How the credentials of upstreams outside OAuth are.
    pub credentials: Vec<Arc<CredentialStanding>>,
    /// Connections and answers that last.
    pub open_calls: Arc<OpenCalls>,
    /// Who did what.
    pub audit: Arc<Audit>,
    /// Kafka and the streams.
    pub events: Events,
    /// How often clients may ask.
    pub limits: Limits,
    /// Carries traces to a collector, where there is one.
    pub tracer: Option<Arc<Tracer>>,
    /// Which requests are recorded, here and in the services behind.
    pub sampling: Sampling,
    /// What was done.
    pub metrics: Metrics,
    /// What writes the log.
    pub log: Option<BatchWriter>,
    /// The development IdP, where it is in use.
    pub dev_idp: Option<Arc<DevIdp>>,
    /// When this portal was put together.
    pub started_at: OffsetDateTime,
    pub(crate) assets: RwLock<Arc<Assets>>,
    pub(crate) draining: AtomicBool,
}

impl Portal {
    /// The remotes that a session may load.
    ///
    /// # Errors
    /// The decision that is none, where the policy engine gives no answer; so with what is asked below.
    pub async fn applications(&self, session: &Authenticated) -> Result<Applications, Decision> {
        let (snapshot, now) = (self.registry.snapshot(), self.clock.now());
        self.catalogue.of(&*self.policy, snapshot, &session.active.id, &session.principal, now).await
    }

    /// Whether a session may load a remote: what is not there for it is neither called nor told of.
    pub async fn is_visible(&self, session: &Authenticated, remote: &Remote) -> Result<bool, Decision> {
        match self.policy.basis() {
            Basis::Entitlements => {
                Ok(self.policy.ask(&navigate(remote, &session.principal)).await.is_allowed())
            }
            // Asked once for all remotes, and kept for a moment: a call asks about its route in any case. Boxed, so that
            // calls do not carry its future where nobody asks.
            Basis::Person => {
                let applications = Box::pin(self.applications(session)).await?;
                Ok(applications.iter().any(|known| known.id == remote.id))
            }
        }
    }

    /// The compiled back end of a remote that a session may load.
    pub async fn backend(
        &self,
        session: &Authenticated,
        id: &str,
    ) -> Result<Option<Arc<RemoteBackend>>, Decision> {
        let snapshot = self.registry.snapshot();
        let Some(remote) = snapshot.remote(id) else { return Ok(None) };
        let is_visible = self.is_visible(session, remote).await?;
        Ok(if is_visible { self.backends.of(remote) } else { None })
    }

    /// Why a remote's back end is not there for a session, for the audit log.
    pub async fn why_hidden(&self, session: &Authenticated, id: &str) -> Decision {
        let snapshot = self.registry.snapshot();
        let Some(remote) = snapshot.remote(id) else { return Decision::deny("there is no such remote") };
        let decision = self.policy.ask(&navigate(remote, &session.principal)).await;
        match decision.is_allowed() {
            true => Decision::deny("the remote has no back end that can be used"),
            false => decision,
        }
    }

    /// The compiled back end of a remote with public routes, whoever asks.
    pub fn public_backend(&self, id: &str) -> Option<Arc<RemoteBackend>> {
        let snapshot = self.registry.snapshot();
        let declares = |backend: &Backend| backend.routes.iter().any(|route| route.public);
        let remote =
            snapshot.remote(id).filter(|remote| remote.manifest.backend.as_ref().is_some_and(declares))?;
        self.backends.of(remote)
    }

    /// Hosts that the registry granted to these remotes, by CSP directive.
    pub fn csp_sources(&self, applications: &[Arc<Application>]) -> CspSources {
        self.registry.snapshot().csp_sources(applications)
    }

    /// The development IdP, for a person that it knows: the same `sub` from another issuer is somebody else.
    pub fn dev_idp_of(&self, issuer: &str) -> Option<&DevIdp> {
        self.dev_idp.as_deref().filter(|idp| idp.issuer() == issuer.trim_end_matches('/'))
    }

    /// Ends a session everywhere: in the store, which tells the other instances, and here its tokens and streams at once.
    pub async fn end_session(&self, id: &SessionId, reason: EndReason) -> Result<(), SessionError> {
        self.sessions.end(id, reason).await?;
        self.session_ended(id, reason);
        Ok(())
    }

    /// A session may do other things than before: its tokens are exchanged, its streams and connections opened anew.
    pub fn privileges_changed(&self, id: &SessionId) {
        self.forget_tokens(id);
        self.events.interrupt_session(id);
        self.open_calls.end(id, TunnelEnd::PrivilegesChanged);
    }

    /// Whatever ended a session, its tokens, streams and connections go with it. Doing it twice changes nothing.
    pub fn session_ended(&self, id: &SessionId, reason: EndReason) {
        self.forget_tokens(id);
        let told = match reason {
            EndReason::SignedOut => CloseReason::SignedOut,
            EndReason::Expired => CloseReason::Expired,
            EndReason::Replaced => CloseReason::Replaced,
        };
        self.events.close_session(id, told);
        self.open_calls.end(id, TunnelEnd::SessionOver);
    }

    /// Forgets the exchanged tokens of a session.
    pub fn forget_tokens(&self, id: &SessionId) {
        self.providers.forget_session(id);
    }

    /// The browser's files.
    pub fn assets(&self) -> Arc<Assets> {
        self.assets.read().clone()
    }

    /// Serves other browser files from now on.
    pub fn replace_assets(&self, assets: Assets) {
        *self.assets.write() = Arc::new(assets);
    }

    /// Whether the server is on its way out.
    pub fn draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Stops being ready; everything goes on for as long as load balancers need to hear of it.
    pub fn give_notice(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Stops being ready and tells every stream, before the sockets close.
    pub fn drain(&self) {
        self.give_notice();
        self.events.gateway().close_all();
        self.open_calls.end_all();
    }
}

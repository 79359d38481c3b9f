use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use ipnet::IpNet;
use portico_openapi::Document;
use thiserror::Error;

use crate::address::AddressPolicy;
use crate::credential::Credential;
use crate::metrics::RemoteMetrics;
use crate::path::ProxyPath;
use crate::quota::{Quota, QuotaUse, RemoteQuota, Usage};
use crate::resilience::{BreakerState, Resilience, UpstreamSnapshot};
use crate::routes::{Route, RouteError, RouteSpec, RouteTable};
use crate::upstream::{
    Dialer, Endpoints, Origin, OriginError, Place, Resolver, TlsSettings, Upstream, UpstreamProtocol, watch,
};
use crate::view::{View, ViewError, ViewSpec};

/// How long an answer that has begun may pause before it is given up: what proxies commonly allow.
const PAUSE_LIMIT: Duration = Duration::from_secs(60);

/// A remote's back end as its manifest asks for it and the operator's grant allows it.
#[derive(Clone, Debug)]
pub struct BackendSpec {
    /// The remote's id, `scope.name`.
    pub id: String,
    /// Its version: what one version was answered is not given to another.
    pub version: String,
    /// `backend.url`.
    pub url: String,
    /// `backend.audience`.
    pub audience: String,
    /// `backend.scopes`.
    pub scopes: Vec<String>,
    /// `backend.timeoutMs`: how long until the answer must begin.
    pub timeout: Duration,
    /// `backend.retries`: how often an idempotent call without a body is tried again.
    pub retries: u32,
    /// `backend.routes`.
    pub routes: Vec<RouteSpec>,
    /// `backend.views`.
    pub views: Vec<ViewSpec>,
    /// What the manifest's `openapi` names: calls are held against it.
    pub document: Option<Arc<Document>>,
    /// Networks besides the public ones in which the upstream may be: the operator's, never the manifest's.
    pub networks: Vec<IpNet>,
    /// Where the upstream is in this environment, each an endpoint (a name as many as it has addresses); empty for what
    /// `url` says. The operator's, never the manifest's. Host, certificate and base path stay those of `url`.
    pub addresses: Vec<Place>,
    /// Which version of HTTP it is spoken to in. The operator's, never the manifest's.
    pub protocol: UpstreamProtocol,
    /// How its failures are met.
    pub resilience: Resilience,
}

/// How the portal proves itself to a remote's upstream, and the upstream to it, where exchanged tokens and public
/// authorities are not what is wanted. The operator's, never the manifest's.
#[derive(Clone, Debug)]
pub struct Access {
    /// For an `https` upstream.
    pub tls: Arc<TlsSettings>,
    /// None for the exchanged token alone.
    pub credential: Option<Arc<Credential>>,
}

impl Default for Access {
    fn default() -> Self {
        Self { tls: TlsSettings::public(), credential: None }
    }
}

/// A remote's back end, compiled. One per remote and version, kept for as long as it is registered: it holds the
/// connections.
pub struct RemoteBackend {
    pub(crate) id: String,
    pub(crate) version: String,
    /// `/bff/{id}`, without a slash at the end.
    pub(crate) mount: String,
    pub(crate) audience: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) timeout: Duration,
    pub(crate) pause_limit: Duration,
    pub(crate) retries: u32,
    pub(crate) routes: RouteTable,
    pub(crate) quota: RemoteQuota,
    pub(crate) upstream: Arc<Upstream>,
    pub(crate) credential: Option<Arc<Credential>>,
    pub(crate) metrics: Arc<RemoteMetrics>,
}

/// Why a back end cannot be compiled; names the manifest's field.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BackendError {
    /// `backend.url` is unusable.
    #[error(transparent)]
    Origin(#[from] OriginError),
    /// `backend.routes` are unusable.
    #[error(transparent)]
    Routes(#[from] RouteError),
    /// `backend.views` are unusable.
    #[error(transparent)]
    Views(#[from] ViewError),
}

impl RemoteBackend {
    /// Compiles `spec`; an `https` upstream must have a certificate of a public authority. Names are resolved by
    /// `resolver` when connections are opened, not now. Health checks, where there are any, begin at once: they need a
    /// runtime.
    pub fn compile(spec: BackendSpec, resolver: Arc<dyn Resolver>) -> Result<Self, BackendError> {
        Self::compile_with(spec, resolver, Access::default())
    }

    /// Compiles `spec` with another way in.
    pub fn compile_with(
        spec: BackendSpec,
        resolver: Arc<dyn Resolver>,
        access: Access,
    ) -> Result<Self, BackendError> {
        let origin = Origin::parse(&spec.url)?;
        let dialer = Dialer::new(&origin, AddressPolicy::new(spec.networks), access.tls, spec.protocol)?;
        let places = match spec.addresses.is_empty() {
            true => vec![origin.place.clone()],
            false => spec.addresses,
        };
        let settings = spec.resilience;
        let breaker = settings.breaker.clone();
        let endpoints = Endpoints::new(places, resolver, dialer, settings.ejection.clone());
        let upstream = Arc::new(Upstream::new(origin, endpoints, &settings));
        if let Some(check) = settings.health {
            // Ends with the upstream.
            drop(tokio::spawn(watch(Arc::downgrade(&upstream), check)));
        }
        let mut routes = RouteTable::compile(&spec.routes)?;
        for (index, view) in spec.views.iter().enumerate() {
            let compiled = View::compile(view, spec.timeout);
            routes.add_view(index, view, compiled)?;
        }
        routes.check_views()?;
        routes.shape(spec.document.as_ref());
        Ok(Self {
            mount: format!("/bff/{}", spec.id),
            metrics: Arc::new(RemoteMetrics::default()),
            routes: routes.guarded(&breaker),
            id: spec.id,
            version: spec.version,
            audience: spec.audience,
            scopes: spec.scopes,
            timeout: spec.timeout,
            pause_limit: PAUSE_LIMIT,
            retries: spec.retries,
            quota: RemoteQuota::default(),
            upstream,
            credential: access.credential,
        })
    }

    /// The same back end, whose answers may pause for `limit` once they have begun instead of for a minute. An event
    /// stream may be silent for as long as it likes.
    #[must_use]
    pub fn with_pause_limit(mut self, limit: Duration) -> Self {
        self.pause_limit = limit;
        self
    }

    /// The same back end, held to `quota`. What is used of it is counted in `usage`, which another version of the remote
    /// goes on with.
    #[must_use]
    pub fn with_quota(mut self, quota: Quota, usage: Arc<Usage>) -> Self {
        self.quota = RemoteQuota { quota, usage };
        self
    }

    /// The same back end, which goes on counting where the one of an earlier manifest left off: paths that both declare
    /// keep their numbers.
    #[must_use]
    pub fn continuing(mut self, earlier: &Self) -> Self {
        self.metrics = Arc::clone(&earlier.metrics);
        self.routes.continue_from(&earlier.routes);
        self
    }

    /// The remote's id, `scope.name`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its version.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// How many calls to the upstream a request comes to: one, or a view's. What is limited by the number of calls counts
    /// them.
    pub fn calls_of(&self, method: &Method, path: &str) -> usize {
        if !self.routes.has_views() {
            return 1;
        }
        let path = path.strip_prefix(self.mount.as_str()).and_then(|path| ProxyPath::parse(path).ok());
        let route = path.and_then(|path| self.routes.find(method, path).ok());
        route.and_then(Route::view).map_or(1, |view| view.legs.len())
    }

    /// Its compiled routes.
    pub fn routes(&self) -> &RouteTable {
        &self.routes
    }

    /// What its upstream is doing.
    pub fn snapshot(&self) -> UpstreamSnapshot {
        let mut snapshot = self.upstream.snapshot(&self.id);
        for route in self.routes.routes() {
            let (state, opened) = route.breaker.state();
            snapshot.opened += opened;
            if state != BreakerState::Closed {
                snapshot.slow_routes.push(format!("{} {}", route.methods, route.pattern));
            }
        }
        snapshot
    }

    /// What it uses of its quota.
    pub fn quota_use(&self) -> QuotaUse {
        self.quota.used()
    }

    /// The token that its calls need.
    pub fn token_request(&self) -> crate::TokenRequest<'_> {
        crate::TokenRequest { remote: &self.id, audience: &self.audience, scopes: &self.scopes }
    }
}

impl fmt::Debug for RemoteBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteBackend")
            .field("id", &self.id)
            .field("upstream", &self.upstream)
            .finish_non_exhaustive()
    }
}

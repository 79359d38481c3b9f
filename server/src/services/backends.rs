use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::RwLock;
use portico_contracts::manifest::{
    Backend, BackendRoute, BackendView, CacheScope, RouteCache, RouteCondition,
};
use portico_gateway::{
    Access, BackendSpec, CacheRule, LegSpec, RemoteBackend, Resolver, RouteSpec, SystemResolver,
    UpstreamProtocol, UpstreamSnapshot, Usage, ViewSpec,
};
use portico_policy::{AttributeError, Comparison, Condition};
use portico_registry::Remote;

use crate::config::GatewayConfig;

/// The compiled back ends of remotes, each kept with its connections for as long as its manifest stays the same.
pub struct Backends {
    resolver: Arc<dyn Resolver>,
    config: GatewayConfig,
    /// What is different from the exchanged token and public authorities, by remote.
    access: HashMap<String, Access>,
    compiled: RwLock<HashMap<String, Compiled>>,
    /// What each remote uses, whichever version of it is in use.
    usage: RwLock<HashMap<String, Arc<Usage>>>,
}

/// What was compiled, and what came of it.
type Compiled = (Arc<Remote>, Option<Arc<RemoteBackend>>);

impl Backends {
    /// None yet; where upstreams may be, and what a remote may use, is as configured.
    pub fn new(config: GatewayConfig, access: HashMap<String, Access>) -> Self {
        Self {
            config,
            access,
            resolver: Arc::new(SystemResolver),
            compiled: RwLock::default(),
            usage: RwLock::default(),
        }
    }

    /// What the remote with this id uses now.
    pub fn usage(&self, id: &str) -> Arc<Usage> {
        if let Some(usage) = self.usage.read().get(id) {
            return usage.clone();
        }
        self.usage.write().entry(id.to_owned()).or_default().clone()
    }

    /// The back end of a remote; none where its manifest names none, or one that cannot be used.
    pub fn of(&self, remote: &Arc<Remote>) -> Option<Arc<RemoteBackend>> {
        if let Some((of, backend)) = self.compiled.read().get(&remote.id)
            && (Arc::ptr_eq(of, remote) || is_same(of, remote))
        {
            return backend.clone();
        }
        let earlier = self.compiled.read().get(&remote.id).and_then(|(_, backend)| backend.clone());
        let backend = remote.manifest.backend.as_ref().and_then(|backend| self.compile(remote, backend));
        let backend = backend.map(|backend| match earlier {
            Some(earlier) => Arc::new(backend.continuing(&earlier)),
            None => Arc::new(backend),
        });
        self.compiled.write().insert(remote.id.clone(), (remote.clone(), backend.clone()));
        backend
    }

    /// What every upstream is doing that was called since its manifest was read, by id.
    pub fn snapshots(&self) -> Vec<UpstreamSnapshot> {
        let compiled = self.compiled.read();
        let mut snapshots: Vec<_> =
            compiled.values().filter_map(|(_, backend)| Some(backend.as_ref()?.snapshot())).collect();
        snapshots.sort_by(|one, other| one.remote.cmp(&other.remote));
        snapshots
    }

    fn compile(&self, remote: &Remote, backend: &Backend) -> Option<RemoteBackend> {
        let id = remote.id.as_str();
        let routes = match backend.routes.iter().map(route_spec).collect::<Result<Vec<_>, _>>() {
            Ok(routes) => routes,
            Err(error) => {
                tracing::error!(remote.id = id, error.message = %error, "a remote's back end cannot be used");
                return None;
            }
        };
        let own = self.config.upstreams.get(id);
        let resilience = match own {
            Some(own) => own.settings(&self.config.resilience),
            None => self.config.resilience.settings(),
        };
        let spec = BackendSpec {
            id: id.to_owned(),
            version: remote.version.to_string(),
            url: backend.url.clone(),
            audience: backend.audience.clone(),
            scopes: backend.scopes.clone(),
            timeout: Duration::from_millis(backend.timeout_ms.into()),
            retries: backend.retries,
            routes,
            views: backend.views.iter().map(view_spec).collect(),
            document: remote.description.as_ref().map(|description| description.document().clone()),
            networks: self.config.upstream_networks.clone(),
            // Addresses that cannot be read stopped the start.
            addresses: own.and_then(|own| own.places().ok()).unwrap_or_default(),
            protocol: own.map_or_else(UpstreamProtocol::default, |own| own.protocol.into()),
            resilience,
        };
        let access = self.access.get(id).cloned().unwrap_or_default();
        match RemoteBackend::compile_with(spec, self.resolver.clone(), access) {
            Ok(backend) => {
                let quota = self.config.quota.of(self.config.quotas.get(id));
                Some(backend.with_quota(quota, self.usage(id)))
            }
            Err(error) => {
                tracing::error!(remote.id = id, error.message = %error, "a remote's back end cannot be used");
                None
            }
        }
    }
}

/// Whether two states of a remote have one back end, so that its connections are kept.
fn is_same(one: &Remote, other: &Remote) -> bool {
    one.manifest.backend == other.manifest.backend
        && one.version == other.version
        && one.description == other.description
}

fn cache_rule(cache: &RouteCache) -> CacheRule {
    let seconds = |seconds: Option<u32>| seconds.map(|seconds| Duration::from_secs(seconds.into()));
    CacheRule {
        scope: match cache.scope {
            CacheScope::Person => portico_gateway::CacheScope::Person,
            CacheScope::Organization => portico_gateway::CacheScope::Organization,
        },
        max_age: seconds(cache.max_age_seconds),
        stale_while_revalidate: seconds(cache.stale_while_revalidate_seconds),
        stale_if_error: seconds(cache.stale_if_error_seconds),
        browser: seconds(cache.browser_seconds),
    }
}

fn view_spec(view: &BackendView) -> ViewSpec {
    let leg = |leg: &portico_contracts::manifest::ViewLeg| LegSpec {
        name: leg.name.clone(),
        path: leg.path.clone(),
        required: leg.required,
    };
    ViewSpec {
        path: view.path.clone(),
        query: view.query.clone(),
        permissions: view.permissions.clone(),
        timeout: view.timeout_ms.map(|timeout| Duration::from_millis(timeout.into())),
        legs: view.legs.iter().map(leg).collect(),
    }
}

fn route_spec(route: &BackendRoute) -> Result<RouteSpec, AttributeError> {
    Ok(RouteSpec {
        methods: route.methods.iter().map(|method| method.as_str().to_owned()).collect(),
        path: route.path.clone(),
        permissions: route.permissions.clone(),
        conditions: route.conditions.iter().map(condition).collect::<Result<_, _>>()?,
        cache: route.cache.as_ref().map(cache_rule),
        public: route.public,
        upgrades: route.upgrades.clone(),
        timeout: route.timeout_ms.map(|limit| Duration::from_millis(limit.into())),
    })
}

/// Manifests are validated when they are read: exactly one comparison is given. One of none fits nothing.
fn condition(declared: &RouteCondition) -> Result<Condition, AttributeError> {
    let comparison = match (&declared.equals, &declared.equals_attribute) {
        (Some(text), _) => Comparison::Equals(text.clone()),
        (_, Some(other)) => Comparison::EqualsAttribute(other.parse()?),
        _ => Comparison::OneOf(declared.one_of.clone().unwrap_or_default()),
    };
    Ok(Condition { attribute: declared.attribute.parse()?, comparison })
}

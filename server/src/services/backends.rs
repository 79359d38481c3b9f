use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use parking_lot::RwLock;
use portico_contracts::manifest::Backend;
use portico_gateway::{BackendSpec, RemoteBackend, Resolver, RouteSpec, SystemResolver};
use portico_registry::Remote;

/// The compiled back ends of remotes, each kept with its connections for as long as its manifest stays the same.
pub struct Backends {
    networks: Vec<IpNet>,
    resolver: Arc<dyn Resolver>,
    compiled: RwLock<HashMap<String, Compiled>>,
}

/// What was compiled, and what came of it.
type Compiled = (Arc<Remote>, Option<Arc<RemoteBackend>>);

impl Backends {
    /// None yet; upstreams may be in `networks` besides the public ones.
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self { networks, resolver: Arc::new(SystemResolver), compiled: RwLock::default() }
    }

    /// The back end of a remote; none where its manifest names none, or one that cannot be used.
    pub fn of(&self, remote: &Arc<Remote>) -> Option<Arc<RemoteBackend>> {
        if let Some((of, backend)) = self.compiled.read().get(&remote.id)
            && (Arc::ptr_eq(of, remote) || of.manifest.backend == remote.manifest.backend)
        {
            return backend.clone();
        }
        let backend = remote.manifest.backend.as_ref().and_then(|backend| self.compile(&remote.id, backend));
        self.compiled.write().insert(remote.id.clone(), (remote.clone(), backend.clone()));
        backend
    }

    fn compile(&self, id: &str, backend: &Backend) -> Option<Arc<RemoteBackend>> {
        let routes = backend.routes.iter().map(|route| RouteSpec {
            methods: route.methods.iter().map(|method| method.as_str().to_owned()).collect(),
            path: route.path.clone(),
            permissions: route.permissions.clone(),
            public: false,
        });
        let spec = BackendSpec {
            id: id.to_owned(),
            url: backend.url.clone(),
            audience: backend.audience.clone(),
            scopes: backend.scopes.clone(),
            timeout: Duration::from_millis(backend.timeout_ms.into()),
            retries: backend.retries,
            routes: routes.collect(),
            networks: self.networks.clone(),
            addresses: Vec::new(),
        };
        match RemoteBackend::compile(spec, self.resolver.clone()) {
            Ok(backend) => Some(Arc::new(backend)),
            Err(error) => {
                tracing::error!(remote.id = id, error.message = %error, "a remote's back end cannot be used");
                None
            }
        }
    }
}

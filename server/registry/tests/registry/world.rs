//! A directory of remotes, a team's key, a CDN and an operator's configuration, all real but the CDN's network.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use ed25519_dalek::{Signer as _, SigningKey};
use parking_lot::Mutex;
use portico_contracts::SHELL_VERSION;
use portico_ports::{HttpClient, HttpClientError, OsRandom, TestClock};
use portico_registry::{
    Grant, Grants, LoadProblem, Registry, RegistryConfig, RegistryPorts, SignatureFile, TrustedKey,
    signed_bytes,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha384};

/// Its directory goes with it.
pub struct World {
    pub root: PathBuf,
    pub config: RegistryConfig,
    pub cdn: Arc<Cdn>,
    pub team: SigningKey,
}

/// Answers by URL; `None` is a server that does not answer in time.
#[derive(Default)]
pub struct Cdn(pub Mutex<HashMap<String, Option<Vec<u8>>>>);

#[async_trait]
impl HttpClient for Cdn {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, HttpClientError> {
        let answers = self.0.lock();
        let (status, body) = match answers.get(&request.uri().to_string()) {
            Some(Some(body)) => (200, body.clone()),
            Some(None) => return Err(HttpClientError::Timeout),
            None => (404, Vec::new()),
        };
        let mut response = http::Response::new(Bytes::from(body));
        *response.status_mut() = http::StatusCode::from_u16(status).expect("a status");
        Ok(response)
    }
}

impl World {
    /// A team `@acme` with a trusted key, and nothing signed by the portal, as in production.
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let unique = format!("registry-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(unique);
        fs::create_dir_all(root.join("remotes")).expect("the directory can be made");
        let team = SigningKey::from_bytes(&[7; 32]);
        let config = RegistryConfig {
            directories: vec![root.join("remotes")],
            trusted_keys: vec![trusted("acme-2026", &team, &["@acme/*"])],
            grants: grants("*", &usual_grant()),
            ..RegistryConfig::default()
        };
        Self { root, config, cdn: Arc::default(), team }
    }

    /// As in development: what is unsigned is signed by the portal.
    pub fn in_development() -> Self {
        let mut world = Self::new();
        world.config.development_key = Some(world.root.join("data/development.key"));
        world
    }

    pub async fn open(&self) -> Registry {
        self.try_open().await.unwrap_or_else(|error| panic!("the registry opens: {error}"))
    }

    pub async fn try_open(&self) -> Result<Registry, portico_registry::OpenError> {
        let ports = RegistryPorts {
            clock: Arc::new(TestClock::default()),
            random: Arc::new(OsRandom),
            http: self.cdn.clone(),
        };
        Registry::open(self.config.clone(), SHELL_VERSION, ports).await
    }

    /// The directory that a remote is built into.
    pub fn dist(&self, directory: &str) -> PathBuf {
        self.root.join("remotes").join(directory).join("dist")
    }

    /// Writes a built remote with real hashes, unsigned.
    pub fn build(&self, directory: &str, manifest: &Value) -> PathBuf {
        let dist = self.dist(directory);
        fs::create_dir_all(&dist).expect("the directory can be made");
        for (path, content) in FILES {
            fs::write(dist.join(path), content).expect("the file can be written");
        }
        let manifest = serde_json::to_vec_pretty(manifest).expect("a value is JSON");
        fs::write(dist.join("remote.json"), manifest).expect("the manifest can be written");
        dist
    }

    /// Writes a built remote and signs it with the team's key.
    pub fn publish(&self, directory: &str, manifest: &Value) -> PathBuf {
        let dist = self.build(directory, manifest);
        self.sign(&dist, "acme-2026", manifest["name"].as_str().expect("a name"));
        dist
    }

    pub fn sign(&self, dist: &Path, key_id: &str, name: &str) {
        let manifest = fs::read(dist.join("remote.json")).expect("the manifest can be read");
        fs::write(dist.join("remote.sig.json"), signature(&self.team, key_id, name, &manifest))
            .expect("the signature can be written");
    }
}

impl Drop for World {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.root);
    }
}

/// A signature file as a team's tool writes it.
pub fn signature(key: &SigningKey, key_id: &str, name: &str, manifest: &[u8]) -> Vec<u8> {
    let signature = key.sign(&signed_bytes(key_id, name, None, manifest)).to_bytes();
    let file = SignatureFile {
        key_id: key_id.to_owned(),
        algorithm: "Ed25519".to_owned(),
        signature: STANDARD.encode(signature),
        signed_at: None,
    };
    serde_json::to_vec_pretty(&file).expect("a signature file is JSON")
}

pub fn trusted(id: &str, key: &SigningKey, names: &[&str]) -> TrustedKey {
    let names = names.iter().map(|name| name.parse().expect("a pattern")).collect();
    TrustedKey { id: id.to_owned(), public_key: STANDARD.encode(key.verifying_key().as_bytes()), names }
}

pub fn grants(pattern: &str, grant: &Grant) -> Grants {
    [(pattern.parse().expect("a pattern"), grant.clone())].into_iter().collect()
}

/// Everything that [`todos`] asks for, and not more.
pub fn usual_grant() -> Grant {
    let list = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect::<Vec<_>>();
    Grant {
        backend_origins: list(&["http://127.0.0.1:4010"]),
        audiences: list(&["https://api.example/todos"]),
        scopes: list(&["todos.read", "todos.write"]),
        topics: list(&["chat.inbound", "chat.outbound"]),
        publish: list(&["chat.message"]),
        subscribe: list(&["chat.reply"]),
        csp: [("img-src".to_owned(), list(&["https://images.example"]))].into(),
        ..Grant::default()
    }
}

const FILES: [(&str, &str); 4] = [
    ("index.js", "export function mount() {}"),
    ("chunk.js", "export const chunk = 1;"),
    ("index.css", "p { margin: 0 }"),
    ("logo.svg", "<svg/>"),
];

pub fn integrity(path: &str) -> String {
    let content = FILES.iter().find(|(name, _)| *name == path).expect("a file of the world").1;
    format!("sha384-{}", STANDARD.encode(Sha384::digest(content)))
}

/// A manifest that uses every part of the contract.
pub fn todos() -> Value {
    json!({
        "name": "@acme/todos", "version": "1.2.0", "displayName": "Todos", "owner": "team-todos", "shell": "^1.0.0",
        "frontend": {
            "entry": "index.js", "format": "esm", "integrity": integrity("index.js"),
            "files": { "chunk.js": integrity("chunk.js"), "logo.svg": integrity("logo.svg") },
            "styles": [{ "href": "index.css", "integrity": integrity("index.css") }],
            "bundleSize": 9120,
            "routes": [{ "path": "/todos", "title": "Todos", "mount": "TodosPage", "nav": { "section": "Work", "order": 10 } }],
            "cards": [{ "slot": "home:right", "mount": "TodosCard", "title": "Open", "height": 240 }]
        },
        "backend": {
            "url": "http://127.0.0.1:4010", "audience": "https://api.example/todos",
            "scopes": ["todos.read", "todos.write"],
            "routes": [{ "methods": ["GET"], "path": "/todos/**", "permissions": ["todos.read"] }]
        },
        "permissions": { "required": ["todos.read"] },
        "events": {
            "publish": [{ "type": "chat.message", "topic": "chat.inbound", "permissions": ["chat.use"] }],
            "subscribe": [{ "type": "chat.reply", "topic": "chat.outbound", "permissions": ["chat.use"] }]
        },
        "security": { "csp": { "img-src": ["https://images.example"] } }
    })
}

/// A manifest that asks for nothing, under another name.
pub fn plain(name: &str, version: &str, path: &str) -> Value {
    json!({
        "name": name, "version": version, "displayName": name, "owner": "team", "shell": "^1.0.0",
        "frontend": {
            "entry": "index.js", "integrity": integrity("index.js"), "bundleSize": 100,
            "routes": [{ "path": path, "title": name }]
        }
    })
}

/// The one problem there is.
pub fn only_problem(registry: &Registry) -> LoadProblem {
    let snapshot = registry.snapshot();
    assert_eq!(snapshot.problems().len(), 1, "exactly one problem: {:#?}", snapshot.problems());
    snapshot.problems()[0].clone()
}

pub fn ids(registry: &Registry) -> Vec<String> {
    registry.snapshot().remotes().iter().map(|remote| remote.id.clone()).collect()
}

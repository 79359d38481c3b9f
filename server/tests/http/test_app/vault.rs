use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;
use portico::config::{SecretSettings, VaultSettings};
use serde_json::{Value, json};

use super::{Reply, Upstream};

/// A Vault with one secret, which only whoever shows this token reads.
#[derive(Clone, Default)]
pub struct FakeVault(Arc<Mutex<Held>>);

#[derive(Clone, Default)]
struct Held {
    token: String,
    value: String,
    version: u64,
}

impl FakeVault {
    /// Where the configuration finds the secret.
    pub fn secret() -> SecretSettings {
        let place = json!({ "mount": "kv", "path": "acme/legacy", "field": "key" });
        serde_json::from_value(json!({ "vault": place })).expect("settings")
    }

    /// The configuration's Vault: this server, with the token in `token_file`.
    pub fn settings(server: &Upstream, token_file: &Path) -> VaultSettings {
        let settings = json!({ "address": server.url(), "token": { "file": token_file } });
        serde_json::from_value(settings).expect("settings")
    }

    /// Holds this value, for this token, as the next version.
    pub fn put(&self, token: &str, value: &str) {
        let mut held = self.0.lock();
        *held = Held { token: token.to_owned(), value: value.to_owned(), version: held.version + 1 };
    }

    /// Listens.
    pub async fn start(&self) -> Upstream {
        let server = Upstream::start().await;
        let vault = self.clone();
        server.answers(move |seen| {
            let Held { token, value, version } = vault.0.lock().clone();
            let json = |status, body: Value| {
                let fields = vec![("content-type".into(), "application/json".into())];
                Reply::Response(status, fields, body.to_string().into())
            };
            if seen.line != "GET /v1/kv/data/acme/legacy HTTP/1.1" {
                return json(404, json!({ "errors": [] }));
            }
            if seen.header("x-vault-token") != token || seen.header("x-vault-request") != "true" {
                return json(403, json!({ "errors": ["permission denied"] }));
            }
            json(200, json!({ "data": { "data": { "key": value }, "metadata": { "version": version } } }))
        });
        server
    }
}

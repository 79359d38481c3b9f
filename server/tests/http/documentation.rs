//! `docs/configuration.md` says what the code does: every key, its variable and its default, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use portico::config::{
    AppRoleSettings, Config, CredentialSettings, EventKeySettings, GitHubAppSettings, HealthConfig,
    InstallationSettings, KubernetesSettings, ProducerSettings, ProviderSettings, QuotaOverrides,
    SecretSettings, ServiceConfig, UpstreamConfig, VaultPlaceSettings, VaultSettings,
};
use portico_registry::{Grant, HostedManifest, TrustedKey};
use serde::Serialize;
use serde_json::{Value, json};

/// A row of the document's tables: key, variable and default, without their backticks.
struct Row {
    key: String,
    variable: String,
    default: String,
}

fn rows() -> Vec<Row> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/configuration.md");
    let text = std::fs::read_to_string(file).expect("the document is there");
    let rows = text
        .lines()
        .filter_map(|line| line.strip_prefix("| `"))
        .map(|line| line.split('|').collect::<Vec<_>>());
    let plain = |cell: &str| cell.trim_matches(['`', ' ', '|']).to_owned();
    let keys = rows.filter(|cells| cells.len() >= 4);
    keys.map(|cells| Row { key: plain(cells[0]), variable: plain(cells[1]), default: plain(cells[2]) })
        .collect()
}

/// Every key of the default configuration, with its default.
fn defaults() -> BTreeMap<String, Value> {
    let mut keys = BTreeMap::new();
    flatten("", &json!(Config::default()), &mut keys);
    // The serializer leaves out what is not set.
    keys.entry("policy.default_plan".to_owned()).or_insert(Value::Null);
    keys
}

fn flatten(prefix: &str, value: &Value, keys: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (name, value) in fields {
                let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
                flatten(&key, value, keys);
            }
        }
        leaf => {
            keys.insert(prefix.to_owned(), leaf.clone());
        }
    }
}

/// The keys of what lists and tables hold.
fn item_keys() -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    let mut add = |prefix: &str, item: &dyn Fn() -> Value| {
        let item = item();
        keys.extend(
            item.as_object().expect("an item is a table").keys().map(|name| format!("{prefix}.{name}")),
        );
    };
    fn read<T: serde::de::DeserializeOwned + Serialize>(text: Value) -> Value {
        json!(serde_json::from_value::<T>(text).expect("an item"))
    }
    add("gateway.quotas.<remote>", &|| json!(QuotaOverrides::default()));
    add("registry.grants.<name>", &|| json!(Grant::default()));
    add("identity.providers[]", &|| {
        read::<ProviderSettings>(json!({ "name": "n", "issuer": "https://idp.example" }))
    });
    add("identity.github_apps.<name>", &|| {
        read::<GitHubAppSettings>(json!({ "client_id": "c", "key": { "env": "E" } }))
    });
    add("identity.github_apps.<name>.installations.<org_id>", &|| {
        read::<InstallationSettings>(json!({ "id": 1 }))
    });
    add("gateway.upstreams.<id>", &|| json!(UpstreamConfig::default()));
    add("gateway.upstreams.<id>.health", &|| read::<HealthConfig>(json!({ "path": "/healthz" })));
    add("gateway.credentials.<remote>", &|| read::<CredentialSettings>(json!({ "kind": "basic" })));
    add("gateway.credentials.<remote>.secret", &|| read::<SecretSettings>(json!({})));
    add("gateway.credentials.<remote>.secret.vault", &|| {
        read::<VaultPlaceSettings>(json!({ "path": "p", "field": "f" }))
    });
    add("gateway.vault", &|| read::<VaultSettings>(json!({ "address": "https://vault.example:8200" })));
    add("gateway.vault.app_role", &|| {
        read::<AppRoleSettings>(json!({ "role_id": "r", "secret_id": { "env": "E" } }))
    });
    add("gateway.vault.kubernetes", &|| read::<KubernetesSettings>(json!({ "role": "r" })));
    add("registry.manifests[]", &|| {
        read::<HostedManifest>(json!({ "url": "https://cdn.example/remote.json" }))
    });
    add("registry.trusted_keys[]", &|| {
        read::<TrustedKey>(json!({ "id": "k", "public_key": "x", "names": ["*"] }))
    });
    let event_key = || read::<EventKeySettings>(json!({ "id": "k", "secret": { "env": "E" } }));
    add("events.signing_keys[]", &event_key);
    add("events.producers.<source>", &|| json!(ProducerSettings::default()));
    add("events.producers.<source>.keys[]", &event_key);
    add("development.services[]", &|| {
        read::<ServiceConfig>(json!({ "name": "n", "command": ["c"], "directory": "." }))
    });
    keys.extend(
        [
            "policy.roles.<role>",
            "policy.role_descriptions.<role>",
            "policy.plans.<plan>",
            "policy.organizations.<org_id>",
        ]
        .map(str::to_owned),
    );
    keys
}

#[test]
fn every_key_is_described_and_no_other() {
    let described: BTreeSet<String> = rows().into_iter().map(|row| row.key).collect();
    let mut real: BTreeSet<String> = defaults().into_keys().collect();
    real.extend(item_keys());
    let missing: Vec<_> = real.difference(&described).collect();
    let invented: Vec<_> = described.difference(&real).collect();
    assert!(missing.is_empty() && invented.is_empty(), "missing: {missing:?}, not in the code: {invented:?}");
}

#[test]
fn every_default_and_every_variable_is_what_the_code_takes() {
    let defaults = defaults();
    for row in rows() {
        let Some(default) = defaults.get(&row.key) else { continue };
        let written = match default {
            Value::Null if row.key == "public_url" => "from `listen".to_owned(),
            Value::Null => "none".to_owned(),
            Value::String(text) => text.clone(),
            other => other.to_string().replace(",", ", "),
        };
        assert_eq!(row.default, written, "the default of {}", row.key);
        sets(&row);
    }
}

/// Setting the variable to something impossible is an error that names the key: so it is this key's variable.
fn sets(row: &Row) {
    let anything_goes = [
        "data_dir",
        "site_dir",
        "listen.tls_certificate",
        "listen.tls_key",
        "identity.client_id",
        "identity.client_secret_file",
        "mail.smtp_url_file",
        "storage.database_url_file",
        "storage.redis_url_file",
        "events.id_key_file",
        "events.security.authority_file",
        "events.security.certificate_file",
        "events.security.key_file",
        "events.security.user",
        "audit.topic",
        "telemetry.service_name",
        "policy.cedar.policies",
        "policy.cedar.schema",
        "policy.opa.url",
        "policy.opa.decision",
        "policy.opa.decisions",
        "policy.record",
    ];
    let value = if anything_goes.contains(&row.key.as_str()) { "[{}]" } else { "\u{1}" };
    let environment = BTreeMap::from([(row.variable.clone(), value.to_owned())]);
    let result = portico::config::load_from(None, &environment);
    if ["data_dir", "site_dir"].contains(&row.key.as_str()) {
        let config = result.expect("any text is a path");
        assert!([config.data_dir, config.site_dir].contains(&value.into()), "{}", row.variable);
        return;
    }
    let error = result.err().map(|error| error.to_string()).unwrap_or_default();
    assert!(error.contains(&row.key), "{} does not set {}: {error}", row.variable, row.key);
}

//! The domain crates take plain values and ports; none knows the web framework, the shell or a store.

use std::collections::BTreeMap;
use std::path::Path;

use figment::Figment;
use figment::providers::{Format as _, Toml};
use figment::value::Value;

const DOMAIN: [&str; 11] = [
    "audit",
    "directory",
    "gateway",
    "identity",
    "openapi",
    "policy",
    "ports",
    "registry",
    "secrets",
    "stream",
    "telemetry",
];

/// Crates whose names begin so belong to the edge.
const EDGE: [&str; 8] =
    ["axum", "leptos", "tower-http", "hyper-rustls", "sqlx", "figment", "portico-app", "portico-dev-idp"];

#[test]
fn no_domain_crate_depends_on_axum_leptos_or_tower_http() {
    for name in DOMAIN {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join(name).join("Cargo.toml");
        let tables: BTreeMap<String, Value> =
            Figment::from(Toml::file_exact(&manifest)).extract().expect("a manifest is TOML");
        let dependencies = tables
            .get("dependencies")
            .and_then(Value::as_dict)
            .map(|dict| dict.keys().cloned().collect::<Vec<_>>());
        let dependencies = dependencies.unwrap_or_default();
        assert!(name == "ports" || !dependencies.is_empty(), "{name} has dependencies");
        for dependency in dependencies {
            assert!(!EDGE.iter().any(|edge| dependency.starts_with(edge)), "{name} depends on {dependency}");
        }
    }
}

#[test]
fn no_domain_crate_reads_the_clock_the_system_or_the_environment_by_itself() {
    for name in DOMAIN.into_iter().filter(|name| *name != "ports") {
        for (file, text) in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(name).join("src")) {
            for direct in [
                "OffsetDateTime::now_utc",
                "SystemTime::now",
                "getrandom::",
                "std::env::",
                "use axum",
                "use leptos",
            ] {
                assert!(!text.contains(direct), "{file} uses {direct}");
            }
        }
    }
}

fn sources(directory: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).expect("the directory is there").filter_map(Result::ok) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).expect("source is text");
            found.push((path.display().to_string(), text));
        }
    }
    found
}

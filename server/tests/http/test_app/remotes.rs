use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use portico::config::Config;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha384};

pub const TODOS_AUDIENCE: &str = "https://api.test/todos";
pub const INSIGHTS_AUDIENCE: &str = "https://api.test/insights";
const ADMIN_AUDIENCE: &str = "https://api.test/org-admin";

/// The files of every remote here.
const FILES: [(&str, &str); 5] = [
    ("index.js", "export const mount = () => () => {};"),
    ("chunk.js", "export const answer = 42;"),
    ("index.css", ":host { color: red; }"),
    ("logo.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>"),
    ("engine.wasm", "\0asm\u{1}\0\0\0"),
];

/// Four remotes, built into `directory` and granted what they ask for: to-dos (proxy mode), insights (token mode), an
/// administration for admins, and one that publishes and subscribes on one topic.
pub fn publish(config: &mut Config, directory: &Path, todos: &str, insights: &str) {
    write_remote(&directory.join("todos"), &todos_manifest(todos));
    write_remote(&directory.join("insights"), &insights_manifest(insights));
    write_remote(&directory.join("org-admin"), &admin_manifest(todos));
    write_remote(&directory.join("echo"), &echo_manifest());
    config.registry.directories = vec![directory.to_owned()];
    config.registry.grants = serde_json::from_value(grants(todos, insights)).expect("grants");
    config.gateway.upstream_networks = vec!["127.0.0.0/8".parse().expect("a network")];
}

/// Writes a built remote: its files, and the manifest with their hashes. The portal signs it when it starts.
pub fn write_remote(directory: &Path, manifest: &Value) {
    let dist = directory.join("dist");
    fs::create_dir_all(&dist).expect("the directory can be made");
    for (name, content) in FILES {
        fs::write(dist.join(name), content).expect("the file can be written");
    }
    fs::write(dist.join("remote.json"), manifest.to_string()).expect("the manifest can be written");
}

/// `sha384-…` of some bytes.
pub fn integrity(bytes: impl AsRef<[u8]>) -> String {
    format!("sha384-{}", STANDARD.encode(Sha384::digest(bytes)))
}

fn grants(todos: &str, insights: &str) -> Value {
    json!({
        "@acme/todos": {
            "backend_origins": [todos], "audiences": [TODOS_AUDIENCE], "scopes": ["todos.read", "todos.write"],
            "csp": { "img-src": ["https://images.test"] }, "public_routes": ["/public/**"],
        },
        "@acme/insights": {
            "backend_origins": [insights], "audiences": [INSIGHTS_AUDIENCE], "scopes": ["insights.read"],
            "token_mode": true,
        },
        "@acme/org-admin": { "backend_origins": [todos], "audiences": [ADMIN_AUDIENCE], "scopes": ["org.admin"] },
        "@acme/echo": {
            "topics": ["echo.loop"], "publish": ["echo.request", "admin.notice"],
            "subscribe": ["echo.request", "admin.notice"],
        },
        "@acme/*": {},
    })
}

/// A manifest without back end.
pub fn remote_manifest(name: &str, title: &str, path: &str, permission: &str) -> Value {
    let hash = |name: &str| {
        let (_, content) = FILES.iter().find(|(file, _)| *file == name).expect("one of the files");
        integrity(content)
    };
    json!({
        "name": name, "version": "1.2.0", "displayName": title, "owner": "team-acme", "shell": "^1.0.0",
        "frontend": {
            "entry": "index.js", "integrity": hash("index.js"), "bundleSize": 96,
            "files": { "chunk.js": hash("chunk.js"), "logo.svg": hash("logo.svg"), "engine.wasm": hash("engine.wasm") },
            "styles": [{ "href": "index.css", "integrity": hash("index.css") }],
            "routes": [{ "path": path, "title": title, "nav": { "section": "Work", "order": 10 } }],
        },
        "permissions": { "required": [permission] },
    })
}

/// To-dos, with the routes that most tests call.
pub fn todos_manifest(upstream: &str) -> Value {
    let mut todos = remote_manifest("@acme/todos", "Todos", "/todos", "todos.read");
    todos["frontend"]["cards"] = json!([{ "slot": "home:right", "title": "Open todos", "height": 240 }]);
    todos["security"] = json!({ "csp": { "img-src": ["https://images.test"] } });
    todos["backend"] = json!({
        "url": upstream, "audience": TODOS_AUDIENCE, "scopes": ["todos.read", "todos.write"], "timeoutMs": 2000, "retries": 1,
        "routes": [
            { "methods": ["GET", "HEAD"], "path": "/todos/**", "permissions": ["todos.read"] },
            { "methods": ["POST", "PUT", "PATCH", "DELETE"], "path": "/todos/**", "permissions": ["todos.write"] },
            { "methods": ["GET"], "path": "/admin/**", "permissions": ["org.admin"] },
            { "methods": ["GET", "POST"], "path": "/plain" },
            { "methods": ["GET"], "path": "/live/**", "permissions": ["todos.read"], "upgrades": ["websocket", "acme.sync"] },
            { "methods": ["GET", "POST"], "path": "/public/**", "public": true },
        ],
    });
    todos
}

fn insights_manifest(upstream: &str) -> Value {
    let mut insights = remote_manifest("@acme/insights", "Insights", "/insights", "insights.read");
    insights["backend"] = json!({
        "url": upstream, "audience": INSIGHTS_AUDIENCE, "scopes": ["insights.read"], "tokenMode": true,
        "routes": [{ "methods": ["GET"], "path": "/**", "permissions": ["insights.read"] }],
    });
    insights
}

fn admin_manifest(upstream: &str) -> Value {
    let mut admin = remote_manifest("@acme/org-admin", "Administration", "/org-admin", "org.admin");
    admin["backend"] = json!({
        "url": upstream, "audience": ADMIN_AUDIENCE, "scopes": ["org.admin"],
        "routes": [{ "methods": ["GET"], "path": "/members", "permissions": ["org.admin"] }],
    });
    admin
}

fn echo_manifest() -> Value {
    let mut echo = remote_manifest("@acme/echo", "Echo", "/echo", "echo.use");
    let event = |kind: &str, permission: &str| json!({ "type": kind, "topic": "echo.loop", "permissions": [permission] });
    let both = json!([event("echo.request", "echo.use"), event("admin.notice", "org.admin")]);
    echo["events"] = json!({ "publish": both, "subscribe": both });
    echo
}

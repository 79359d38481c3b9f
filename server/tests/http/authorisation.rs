//! One place authorises: the policy engine.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use http::Method;
use portico_policy::{Action, Query, Resource};
use serde_json::{Value, json};

use crate::test_app::{TestApp, eventually};

/// How code looks that compares permissions by itself.
const COMPARING: [&str; 7] = [
    ".contains_all(",
    "entitlements.contains(",
    "entitlements().contains(",
    "entitlements().iter().any(",
    "entitlements.iter().any(",
    "permissions.contains(",
    ".missing(",
];

/// Where it belongs, with the reason.
const ALLOWED: [(&str, &str); 3] = [
    ("server/policy/src/", "this is the engine"),
    ("server/src/lint/", "it compares what manifests declare, and decides about nobody's request"),
    (
        "server/src/services/entitlements.rs",
        "who may give which role is a comparison of roles, not a decision about a request",
    ),
];

#[test]
fn nothing_but_the_policy_engine_compares_permissions() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned();
    let mut looked_at = 0;
    let mut found = Vec::new();
    for file in ["server", "app", "frontend"].iter().flat_map(|part| sources(&root.join(part))) {
        let name = file.strip_prefix(&root).expect("below the root").display().to_string();
        let is_test = name.contains("/tests/") || name.ends_with("tests.rs") || name.contains("/examples/");
        if is_test
            || name.starts_with("server/dev-idp/")
            || ALLOWED.iter().any(|(place, _)| name.starts_with(place))
        {
            continue;
        }
        looked_at += 1;
        let text = std::fs::read_to_string(&file).expect("source is text");
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (number, line) in code.lines().enumerate() {
            if COMPARING.iter().any(|pattern| line.contains(pattern)) {
                found.push(format!("{name}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    assert!(looked_at > 300, "only {looked_at} files were looked at");
    assert!(found.is_empty(), "ask the policy engine instead:\n{}", found.join("\n"));
}

#[test]
fn what_is_allowed_to_compare_does() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned();
    for (place, reason) in ALLOWED {
        let path = root.join(place);
        let files = if path.is_dir() { sources(&path) } else { vec![path] };
        let compares = files.iter().any(|file| {
            let text = std::fs::read_to_string(file).expect("source is text");
            COMPARING.iter().any(|pattern| text.contains(pattern))
        });
        assert!(compares, "{place} is listed although it compares nothing: {reason}");
    }
}

fn sources(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).expect("the directory is there").filter_map(Result::ok) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// Every endpoint of the platform's, with what it asks the engine: once, and nothing else about functions.
fn endpoints() -> Vec<(Method, &'static str, Value, (&'static str, &'static str))> {
    let (get, post) = (Method::GET, Method::POST);
    let (invoke, own) = (|name| ("invoke", name), |name| ("own", name));
    let none = Value::Null;
    let invited = json!({ "email": "carol@acme.example", "roles": ["member"] });
    vec![
        (get.clone(), "/api/platform/session", none.clone(), invoke("session")),
        (get.clone(), "/api/platform/applications", none.clone(), invoke("applications")),
        (get.clone(), "/api/platform/decisions", none.clone(), invoke("list-decisions")),
        (get.clone(), "/api/platform/invitations", none.clone(), invoke("list-invitations")),
        (get.clone(), "/api/platform/members", none, invoke("list-members")),
        (post.clone(), "/api/platform/invitations", invited, invoke("invite")),
        (
            post.clone(),
            "/api/platform/invitations/accept",
            json!({ "token": "x" }),
            invoke("accept-invitation"),
        ),
        (post.clone(), "/api/platform/invitations/{id}/send", json!({}), invoke("invite")),
        (post.clone(), "/api/platform/invitations/{id}/revoke", json!({}), invoke("revoke-invitation")),
        (
            post.clone(),
            "/api/platform/members/{id}/roles",
            json!({ "roles": ["member"] }),
            invoke("change-roles"),
        ),
        (post.clone(), "/api/platform/members/{id}/remove", json!({}), invoke("remove-member")),
        (post.clone(), "/api/platform/sessions/end", json!({ "handle": "x" }), own("end-session")),
        (post.clone(), "/api/platform/sessions/end-others", json!({}), own("end-other-sessions")),
        (post.clone(), "/api/platform/remotes/{id}/token", json!({}), ("exchange-token", "acme.insights")),
        (post.clone(), "/api/platform/reports", json!([]), own("report")),
        (post.clone(), "/api/platform/rum", json!([]), own("measure")),
        (post.clone(), "/api/fn/session", json!({}), invoke("session")),
        (post.clone(), "/api/fn/applications", json!({}), invoke("applications")),
        // The last: it ends the session that asks.
        (
            post,
            "/api/platform/organization",
            json!({ "organization": "acme", "return_to": "/" }),
            invoke("switch-organization"),
        ),
    ]
}

#[test]
fn every_endpoint_of_the_platform_is_among_those_that_are_tried() {
    let table = include_str!("../../src/routes/table.rs");
    let declared: BTreeSet<&str> =
        table.split('"').filter(|text| text.starts_with("/api/platform/")).collect();
    let tried: BTreeSet<&str> = endpoints()
        .iter()
        .map(|(_, path, ..)| *path)
        .filter(|path| path.starts_with("/api/platform/"))
        .collect();
    assert!(declared.len() > 10 && declared == tried, "{:?}", declared.symmetric_difference(&tried));
}

#[tokio::test]
async fn every_endpoint_asks_the_engine_once_and_none_goes_past_it() {
    let app = TestApp::configured(|config| {
        config.policy.record = Some(config.data_dir.with_extension("decisions"));
    })
    .await;
    let file = app.data_dir().with_extension("decisions");
    let alice = app.signed_in("alice").await;
    let recorded = || std::fs::read_to_string(&file).unwrap_or_default();
    // Decisions are written in order: once this one is there, so is all before it.
    let up_to = async |mark: &str| {
        let query = Query::new(None, Action::Invoke, Resource::Function { name: mark });
        app.state.policy.ask(&query.public(true)).await;
        eventually("the record has the mark", || recorded().contains(&format!("\"{mark}\""))).await;
        recorded()
    };
    let mut known = up_to("mark-begin").await.lines().count();
    for (number, (method, path, body, expected)) in endpoints().into_iter().enumerate() {
        let target = path.replace("{id}", if path.contains("/remotes/") { "acme.insights" } else { "7" });
        let request = alice.request(method.clone(), &target);
        if body.is_null() {
            request.send().await
        } else {
            request.json(&body).send().await
        };
        let text = up_to(&format!("mark-{number}-")).await;
        let lines = text.lines().skip(known).map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        let asked: Vec<(String, String)> = lines
            .filter(|line| matches!(line["action"].as_str(), Some("invoke" | "own" | "exchange-token")))
            .map(|line| {
                let resource = &line["resource"];
                let name = resource["name"].as_str().or(resource["id"].as_str()).unwrap_or_default();
                (line["action"].as_str().unwrap_or_default().to_owned(), name.to_owned())
            })
            .filter(|(_, name)| !name.starts_with("mark-"))
            .collect();
        let (action, name) = expected;
        assert_eq!(asked, [(action.to_owned(), name.to_owned())], "{method} {path}");
        known = text.lines().count();
    }
}

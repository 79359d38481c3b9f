//! Services that the browser calls past the portal: granted, visible, and on no other page.

use portico::config::Config;
use portico_registry::{Grant, Grants};
use serde_json::json;

use crate::test_app::{Log, TestApp, remote_manifest, write_remote};

/// A remote with map tiles, for administrators.
fn with_map(config: &mut Config) {
    let mut map = remote_manifest("@acme/map", "Map", "/map", "org.admin");
    map["security"] = json!({
        "direct": [{ "origin": "https://tiles.test", "reason": "Map tiles, straight from their network" }],
    });
    write_remote(&config.registry.directories[0].join("map"), &map);
    let grant = Grant { direct_origins: vec!["https://tiles.test".into()], ..Grant::default() };
    let others = config.registry.grants.iter().map(|(pattern, grant)| (pattern.clone(), grant.clone()));
    let grants = others.chain([("@acme/map".parse().expect("a name"), grant)]).collect::<Grants>();
    config.registry.grants = grants;
}

#[tokio::test]
async fn a_direct_origin_is_in_the_policy_of_pages_that_load_the_remote_and_of_no_other() {
    let app = TestApp::configured(with_map).await;
    let (alice, bob, nobody) = (app.signed_in("alice").await, app.signed_in("bob").await, app.browser());
    for (browser, loads) in [(&alice, true), (&bob, false), (&nobody, false)] {
        let page = browser.get("/").sent_from("none").send().await;
        let policy = page.header("content-security-policy");
        let connect =
            policy.split("; ").find(|directive| directive.starts_with("connect-src")).expect("a directive");
        assert_eq!(connect.contains("https://tiles.test"), loads, "{policy}");
    }
    let applications = alice.get("/api/platform/applications").send().await.json();
    let applications = applications.as_array().expect("a list");
    let direct = |id: &str| applications.iter().find(|one| one["id"] == id).map(|one| one["direct"].clone());
    assert_eq!(direct("acme.map"), Some(json!(["https://tiles.test"])));
    assert_eq!(direct("acme.todos"), Some(json!(null)), "others call nobody directly");
}

#[tokio::test]
async fn it_is_audited_when_it_comes_into_use_and_once() {
    let log = Log::keep();
    let app = TestApp::configured(with_map).await;
    let told = log.audit("direct");
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["audit.resource"], "remote acme.map 1.2.0 origin https://tiles.test");
    assert_eq!(told[0]["audit.reason"], "Map tiles, straight from their network");
    app.state.registry.reload().await;
    assert_eq!(log.audit("direct").len(), 1);
}

use portico::config::{Config, GitHubAppSettings, InstallationSettings};
use serde_json::{Value, json};

use crate::test_app::{TestApp, TestOutbound, json_response, private_key_pem, remote_manifest, write_remote};

/// A portal in which the insights remote is one for GitHub: Acme has installed the App, Globex has not.
async fn with_github() -> TestApp {
    let app = TestApp::configured(|config| {
        remote_of_github(config);
        let key_file = config.data_dir.with_extension("github.pem");
        std::fs::write(&key_file, private_key_pem()).expect("the key can be written");
        let installation = InstallationSettings { id: 42, repositories: vec!["website".into()] };
        let settings = GitHubAppSettings {
            api_url: "https://api.github.test".parse().expect("a URL"),
            client_id: "Iv1.portico".into(),
            key_file,
            installations: [("acme".to_owned(), installation)].into(),
        };
        config.identity.github_apps.insert("acme".into(), settings);
    })
    .await;
    app.outbound.answers(move |sent| {
        sent.url.starts_with("https://api.github.test/").then(|| {
            Ok(json_response(
                201,
                &json!({
                    "token": "ghs_minted", "expires_at": "2999-01-01T00:00:00Z",
                    "permissions": { "contents": "read", "metadata": "read" }, "repository_selection": "selected",
                }),
            ))
        })
    });
    app
}

fn remote_of_github(config: &mut Config) {
    let grants = serde_json::to_value(&config.registry.grants).expect("grants are values");
    let upstream = grants["@acme/insights"]["backend_origins"][0].clone();
    let mut changed = grants;
    changed["@acme/insights"] = json!({
        "backend_origins": [upstream], "audiences": ["github:acme"], "scopes": ["contents:read"], "token_mode": true,
    });
    config.registry.grants = serde_json::from_value(changed).expect("grants");
    let mut manifest = remote_manifest("@acme/insights", "Insights", "/insights", "insights.read");
    manifest["backend"] = json!({
        "url": upstream, "audience": "github:acme", "scopes": ["contents:read"], "tokenMode": true,
        "routes": [{ "methods": ["GET"], "path": "/**", "permissions": ["insights.read"] }],
    });
    write_remote(&config.registry.directories[0].join("insights"), &manifest);
}

fn minted(outbound: &TestOutbound) -> Vec<Value> {
    let to_github = |url: &str| url == "https://api.github.test/app/installations/42/access_tokens";
    let sent = outbound.sent().into_iter().filter(|sent| to_github(&sent.url));
    sent.map(|sent| serde_json::from_slice(&sent.body).expect("JSON")).collect()
}

#[tokio::test]
async fn a_call_to_github_carries_an_installation_token_that_the_organization_shares() {
    let app = with_github().await;
    let (alice, bob) = (app.signed_in("alice").await, app.signed_in("bob").await);
    for browser in [&alice, &bob] {
        browser.get("/bff/acme.insights/repos/acme/website").send().await.expect(200);
        assert_eq!(app.insights.last().token(), "ghs_minted");
    }
    let asked = json!({ "permissions": { "contents": "read" }, "repositories": ["website"] });
    assert_eq!(minted(&app.outbound), [asked], "one for the organization, no wider than the manifest");
    assert_eq!(app.outbound.count("exchange"), 0, "the identity provider is not asked");
    alice.post("/auth/logout").send().await.expect(303);
    bob.get("/bff/acme.insights/repos/acme/website").send().await.expect(200);
    assert_eq!(minted(&app.outbound).len(), 1);
}

#[tokio::test]
async fn an_organization_that_has_not_installed_the_app_gets_no_token_and_nobody_gets_one_in_the_browser() {
    let app = with_github().await;
    let carol = app.signed_in("carol").await;
    let answer = carol.get("/bff/acme.insights/repos/acme/website").send().await;
    assert!(answer.status.is_server_error() || answer.status.is_client_error(), "{}", answer.status);
    let bob = app.signed_in("bob").await;
    bob.post("/api/platform/remotes/acme.insights/token").send().await.problem(403);
    assert!(app.insights.seen().is_empty() && minted(&app.outbound).is_empty());
}

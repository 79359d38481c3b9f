//! What a portal that starts is made of, and what it refuses to be made of.

use std::collections::BTreeMap;

use portico::config::load_from;
use portico::start::{Parts, start};

use crate::test_app::TestApp;

#[tokio::test]
async fn case_80_no_part_of_the_development_provider_is_reachable_in_production() {
    let app = TestApp::production().await;
    assert!(app.state.dev_idp.is_none());
    let browser = app.browser();
    for path in [
        "/dev/idp/.well-known/openid-configuration",
        "/dev/idp/authorize",
        "/dev/idp/jwks",
        "/dev/idp/token",
        "/dev/idp/style.css",
        "/dev/idp",
    ] {
        let answer = browser.get(path).sent_from("none").send().await;
        answer.page(401);
        let post = browser.post(path).send().await;
        assert_eq!(post.problem_kind(405), "method-not-allowed", "{path}");
    }
    assert_eq!(app.admin("/dev/issued-tokens").await.status.as_u16(), 404);
    let home = browser.get("/").sent_from("none").send().await;
    for demo in ["login_hint", "alice", "demo"] {
        assert!(!home.page(200).contains(demo), "{demo} is offered in production");
    }
    assert!(home.header("strict-transport-security").contains("max-age="));
}

#[tokio::test]
async fn case_80_in_production_an_issuer_under_the_portals_own_path_is_still_not_the_development_provider() {
    let app = TestApp::production_with(|config| {
        config.identity.issuer = Some("https://portal.test/dev/idp".parse().expect("a URL"));
    })
    .await;
    assert!(app.state.dev_idp.is_none());
}

#[tokio::test]
async fn case_80_production_refuses_every_embedded_part_by_name() {
    let set = |pairs: &[(&str, &str)]| {
        let environment: BTreeMap<_, _> =
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        load_from(None, &environment).map(|_| ()).map_err(|error| error.to_string())
    };
    let bare = set(&[("PORTICO_ENVIRONMENT", "production")]).expect_err("nothing is configured");
    for key in [
        "public_url",
        "identity.issuer",
        "events.brokers",
        "events.id_key_file",
        "events.signing_keys",
        "session.key_files",
        "registry.trusted_keys",
    ] {
        assert!(bare.contains(key), "{key} is missing in: {bare}");
    }
    let fixtures =
        set(&[("PORTICO_ENVIRONMENT", "production"), ("PORTICO_FIXTURES", "1"), ("PORTICO_TLS", "1")])
            .expect_err("refused");
    assert!(fixtures.contains("registry.fixtures") && fixtures.contains("listen.tls"), "{fixtures}");
    let plain = set(&[("PORTICO_ENVIRONMENT", "production"), ("PORTICO_PUBLIC_URL", "http://portal.test")])
        .expect_err("refused");
    assert!(plain.contains("https"), "{plain}");
}

#[tokio::test]
async fn the_development_provider_refuses_an_origin_off_loopback() {
    let app = TestApp::start().await;
    let mut config = app.state.config.clone();
    config.public_url = Some("https://portal.example".parse().expect("a URL"));
    let refused = start(config.clone(), Parts::real(&config)).await.err().expect("refused");
    assert!(refused.to_string().contains("loopback"), "{refused}");
}

#[tokio::test]
async fn a_start_that_fails_says_what_to_do() {
    let app = TestApp::start().await;
    let refusal = async |change: fn(&mut portico::config::Config)| {
        let mut config = app.state.config.clone();
        change(&mut config);
        let parts = Parts::real(&config);
        start(config, parts).await.err().expect("refused").to_string()
    };
    let site = refusal(|config| config.site_dir = "/nonexistent".into()).await;
    assert!(site.contains("cargo leptos build") && site.contains("site_dir"), "{site}");
    let key = refusal(|config| config.session.key_files = vec!["/nonexistent".into()]).await;
    assert!(key.contains("/nonexistent"), "{key}");
    let secret = refusal(|config| {
        config.identity.issuer = Some("https://idp.test".parse().expect("a URL"));
        config.identity.client_secret_file = Some("/nonexistent".into());
    })
    .await;
    assert!(secret.contains("identity.client_secret_file"), "{secret}");
}

use http::StatusCode;

use crate::world::{World, claims, request_query, text};

async fn choose(world: &World, account: &str, headers: &[(&str, &str)]) -> crate::world::Answer {
    let path = format!("/dev/idp/login?{}", request_query(&[]));
    world.post(&path, headers, &[("account", account)]).await
}

#[tokio::test]
async fn the_page_offers_every_demo_account_and_needs_no_script() {
    let answer = World::new().authorize(&[]).await;
    assert_eq!(answer.status, StatusCode::OK);
    for name in ["Alice Archer", "Bob Baker", "Carol Castillo", "Erin Ellis"] {
        assert!(answer.body.contains(name), "{name}");
    }
    assert!(!answer.body.contains("<script") && !answer.body.contains("style="));
}

#[tokio::test]
async fn the_page_s_policy_allows_its_stylesheet_its_form_and_the_way_back() {
    let world = World::new();
    let answer = world.authorize(&[]).await;
    assert_eq!(
        answer.header("content-security-policy"),
        Some(
            "default-src 'none'; style-src 'self'; form-action 'self' http://127.0.0.1:3000; base-uri 'none'; \
             frame-ancestors 'none'"
        )
    );
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    let style = world.get("/dev/idp/style.css").await;
    assert_eq!(style.header("content-type"), Some("text/css; charset=utf-8"));
    assert!(answer.body.contains("href=\"/dev/idp/style.css\""));
}

#[tokio::test]
async fn choosing_an_account_signs_in() {
    let world = World::new();
    let answer = choose(&world, "carol", &[("sec-fetch-site", "same-origin")]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let tokens = world.redeem(&answer.redirect_param("code").expect("a code")).await.json();
    assert_eq!(claims(text(&tokens, "id_token"))["sub"], "demo|carol");
}

#[tokio::test]
async fn another_site_cannot_sign_a_browser_in() {
    let world = World::new();
    for headers in [
        [("sec-fetch-site", "cross-site"), ("host", "127.0.0.1:3000")],
        [("sec-fetch-site", "same-site"), ("host", "127.0.0.1:3000")],
        [("origin", "https://evil.example"), ("host", "127.0.0.1:3000")],
        [("origin", "null"), ("host", "127.0.0.1:3000")],
        [("origin", "http://127.0.0.1:3000.evil.example"), ("host", "127.0.0.1:3000")],
    ] {
        let answer = choose(&world, "alice", &headers).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{headers:?}");
        assert!(answer.header("set-cookie").is_none());
    }
}

#[tokio::test]
async fn an_unknown_account_gets_the_form_again() {
    let world = World::new();
    assert!(choose(&world, "mallory", &[]).await.body.contains("<h1>Sign in</h1>"));
    let hinted = world.authorize(&[("login_hint", "<b>mallory</b>")]).await;
    assert!(hinted.body.contains("&lt;b&gt;mallory&lt;/b&gt;") && !hinted.body.contains("<b>mallory"));
}

#[tokio::test]
async fn the_form_offers_only_members_of_the_organization_that_was_asked_for() {
    let body = World::new().authorize(&[("organization", "globex")]).await.body;
    assert!(body.contains("Carol") && body.contains("Erin"));
    assert!(!body.contains("Alice") && !body.contains("Bob"));
}

#[tokio::test]
async fn markup_in_the_request_stays_inside_the_form_s_address() {
    let body = World::new().authorize(&[("state", "\"><script>alert(1)</script>")]).await.body;
    assert!(!body.contains("<script"));
}

use std::collections::HashSet;

use http::Method;
use serde_json::{Value, json};

use crate::test_app::{Answer, FakeProvider, TestApp};

/// The nonce in a policy.
fn nonce(policy: &str) -> &str {
    let (_, rest) = policy.split_once("'nonce-").expect("a policy of a page has a nonce");
    rest.split_once('\'').expect("a nonce ends").0
}

/// The nonces in the HTML.
fn nonces(html: &str) -> Vec<&str> {
    html.split("nonce=\"").skip(1).filter_map(|rest| rest.split_once('"')).map(|(nonce, _)| nonce).collect()
}

/// A script element's text.
fn script<'a>(html: &'a str, opening: &str) -> &'a str {
    let (_, rest) = html.split_once(opening).unwrap_or_else(|| panic!("no {opening} in {html:.300}"));
    let (_, rest) = rest.split_once('>').expect("the tag ends");
    rest.split_once("</script>").expect("the element ends").0
}

fn state(answer: &Answer) -> Value {
    serde_json::from_str(script(answer.text(), "id=\"portico-state\"")).expect("the state is JSON")
}

#[tokio::test]
async fn the_first_page_is_html_that_needs_no_script() {
    let app = TestApp::start().await;
    let page = app.signed_in("bob").await.get("/").sent_from("none").send().await;
    let html = page.page(200);
    assert!(html.starts_with("<!DOCTYPE html><html lang=\"en\""));
    for link in ["href=\"/todos\"", "href=\"/insights\"", "href=\"/echo\""] {
        assert!(html.contains(link), "{link} is in the navigation");
    }
    assert!(!html.contains("/org-admin"), "what only an admin may open is not");
    assert!(html.contains("Bob Baker") && html.contains("Acme"));
    assert!(html.contains("<title>") && html.contains("action=\"/auth/logout\""));
    assert_eq!(page.header("cache-control"), "private, no-store");
    assert!(page.header("vary").contains("Cookie"));
}

#[tokio::test]
async fn entitlements_decide_between_a_page_a_403_and_a_404() {
    let app = TestApp::start().await;
    let (alice, bob) = (app.signed_in("alice").await, app.signed_in("bob").await);
    alice.get("/org-admin").sent_from("none").send().await.page(200);
    alice.get("/org-admin/people/7").sent_from("none").send().await.page(200);
    bob.get("/org-admin").sent_from("none").send().await.page(403);
    bob.get("/org-admin/people/7").sent_from("none").send().await.page(403);
    bob.get("/no-such-page").sent_from("none").send().await.page(404);
    bob.get("/todosx").sent_from("none").send().await.page(404);
    let todos = bob.get("/todos/7?filter=open").sent_from("none").send().await;
    assert!(todos.page(200).contains("Todos"));
    app.browser().get("/").sent_from("none").send().await.page(200);
    app.browser().get("/todos").sent_from("none").send().await.page(401);
}

#[tokio::test]
async fn a_signed_out_page_leads_to_the_login_and_back_to_where_it_was_asked() {
    let app = TestApp::start().await;
    let page = app.browser().get("/todos/7?filter=open").sent_from("none").send().await;
    assert!(page.page(401).contains("/auth/login?return_to=/todos/7%3Ffilter%3Dopen"), "{}", page.text());
    assert!(state(&page)["session"].is_null());
}

#[tokio::test]
async fn pages_are_read_only_and_head_is_get_without_the_body() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    let post = bob.post("/todos").send().await;
    assert_eq!(post.problem_kind(405), "method-not-allowed");
    assert_eq!(post.header("allow"), "GET, HEAD");
    let head = bob.request(Method::HEAD, "/todos").sent_from("none").send().await;
    head.expect(200);
    assert!(head.body.is_empty());
    head.assert_security_headers();
}

#[tokio::test]
async fn the_policy_of_a_page_names_no_source_that_is_unsafe_and_every_script_has_its_hash() {
    let app = TestApp::start().await;
    let page = app.signed_in("bob").await.get("/").sent_from("none").send().await;
    let policy = page.header("content-security-policy");
    for bad in ["unsafe-inline", "'unsafe-eval'", "strict-dynamic", " *", "http:", " data:;"] {
        assert!(!policy.contains(bad), "{bad} in {policy}");
    }
    assert!(
        policy.contains("img-src 'self' data: https://images.test"),
        "what the registry granted: {policy}"
    );
    assert!(
        policy.contains("form-action 'self'")
            && policy.contains("base-uri 'none'")
            && policy.contains("object-src 'none'")
    );
    assert!(page.header("integrity-policy").contains("blocked-destinations=(script)"));
    let map: Value =
        serde_json::from_str(script(page.text(), "type=\"importmap\"")).expect("the import map is JSON");
    let integrity = map["integrity"].as_object().expect("hashes by URL");
    assert!(
        integrity.contains_key("/remotes/acme.todos/1.2.0/index.js")
            && integrity.contains_key("/remotes/acme.todos/1.2.0/chunk.js")
    );
    assert!(
        !integrity.contains_key("/remotes/acme.insights/1.2.0/index.js"),
        "it has no card here, so it costs this page nothing"
    );
    let inline =
        page.text().matches("<script").count() - page.text().matches("<script type=\"module\" src=").count();
    assert_eq!(inline, 2, "the import map and the inert state");
}

#[tokio::test]
async fn case_60_a_nonce_is_unique_over_a_thousand_loads_and_the_header_equals_the_html() {
    let app = TestApp::start().await;
    let (bob, nobody) = (app.signed_in("bob").await, app.browser());
    let mut seen = HashSet::new();
    for load in 0..1000 {
        let request = match load % 5 {
            0 => nobody.get("/"),
            1 => bob.get("/no-such-page"),
            2 => bob.get("/org-admin"),
            3 => nobody.get("/auth/callback?state=x&code=y"),
            _ => bob.get("/todos"),
        };
        let page = request.sent_from("none").send().await;
        let policy = page.header("content-security-policy");
        let nonce = nonce(policy);
        assert!(nonce.len() >= 22, "128 bits: {nonce}");
        assert_eq!(nonces(page.text()), [nonce], "the import map's, and no other");
        assert!(!policy.contains("unsafe-inline"));
        assert_eq!(page.header("cache-control"), "private, no-store", "no cache keeps a nonce");
        assert!(seen.insert(nonce.to_owned()), "a nonce came twice");
    }
}

#[tokio::test]
async fn case_61_naughty_strings_in_a_name_an_organization_or_a_path_stay_text() {
    let provider = FakeProvider::new();
    let app = TestApp::with_provider(&provider).await;
    let naughty = [
        "</script><script>alert(1)</script>",
        "<!--<script>",
        "]]>",
        "\"><img src=x onerror=alert(1)>",
        "' onmouseover='alert(1)",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "{{7*7}}${7*7}<%= 7*7 %>",
        "\u{2028}\u{2029}\u{feff}\u{202e}",
        "javascript:alert(1)",
        "</title><script>alert(1)</script>",
        "</textarea><svg/onload=alert(1)>",
        "\u{0}\u{8}\u{1b}",
        "<ScRiPt>alert(1)</ScRiPt>",
        "😀ﷺ",
    ];
    for text in naughty {
        let browser = app.browser();
        let sign_in = provider.login(&app, &browser, |token| {
            token.claims["name"] = json!(text);
            token.claims["email"] = json!(text);
            token.claims["organizations"] =
                json!([{ "id": "acme", "name": text, "roles": ["member"] }, { "id": text, "name": text }]);
        });
        sign_in.await.expect(303);
        let encoded: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
        for path in ["/".to_owned(), format!("/todos?x={encoded}"), format!("/no-such-page/{encoded}")] {
            let page = browser.get(&path).sent_from("none").send().await;
            let html = page.text();
            assert!(
                !html.to_lowercase().contains("<script>")
                    && !html.contains("<img")
                    && !html.contains("<svg/onload"),
                "{text:?} on {path}"
            );
            assert_eq!(nonces(html).len(), 1, "{text:?} on {path}");
            assert!(!html.contains("href=\"javascript:"), "{text:?} on {path}");
            assert_eq!(
                state(&page)["session"]["name"],
                text,
                "the browser reads exactly what the provider said"
            );
        }
        for path in [
            format!("/auth/login?return_to={encoded}"),
            format!("/auth/callback?error={encoded}&state=x"),
            format!("/auth/callback?state={encoded}&code={encoded}"),
        ] {
            let page = app.browser().get(&path).sent_from("none").send().await;
            assert!(
                !page.text().to_lowercase().contains("<script>") && !page.text().contains("<img"),
                "{text:?} on {path}"
            );
        }
    }
}

#[tokio::test]
async fn language_and_theme_are_rendered_by_the_server() {
    let app = TestApp::start().await;
    let german = app
        .browser()
        .get("/")
        .sent_from("none")
        .header("accept-language", "de-AT,de;q=0.9,en;q=0.5")
        .send()
        .await;
    assert!(german.page(200).contains("<html lang=\"de\""));
    let dark = app.browser().get("/").sent_from("none").header("cookie", "portico-theme=dark").send().await;
    let html = dark.page(200);
    assert!(html.contains("data-theme="), "{html:.200}");
    for odd in ["theme=\"><script>", "portico-theme=%22%3E", "portico-locale=../../etc"] {
        let page = app.browser().get("/").sent_from("none").header("cookie", odd).send().await;
        assert!(!page.page(200).contains("\"><script>"));
    }
}

#[tokio::test]
async fn assets_come_from_memory_in_the_best_encoding_and_are_kept_for_good() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let plain = browser.get("/pkg/portico.0a1b.js").send().await;
    plain.expect(200);
    assert_eq!(plain.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(plain.header("vary"), "Accept-Encoding");
    assert!(plain.header("content-encoding").is_empty());
    let brotli = browser.get("/pkg/portico.0a1b.js").header("accept-encoding", "gzip, br").send().await;
    assert_eq!((brotli.header("content-encoding"), brotli.text()), ("br", "brotli stands here"));
    let refused = browser.get("/pkg/portico.0a1b.js").header("accept-encoding", "br;q=0").send().await;
    assert!(refused.header("content-encoding").is_empty());
    assert_eq!(browser.get("/pkg/portico.0a1b.wasm").send().await.header("content-type"), "application/wasm");
    browser.get("/pkg/no-such-file.js").send().await.problem(404);
    browser.get("/favicon.svg").send().await.expect(200);
    let boot = script_src(app.browser().get("/").sent_from("none").send().await.text());
    let module = browser.get(&boot).send().await;
    assert!(module.expect(200).text().contains("hydrate(") && module.text().contains("integrity:"));
}

fn script_src(html: &str) -> String {
    let (_, rest) = html.split_once("<script type=\"module\" src=\"").expect("a boot module");
    rest.split_once('"').expect("a URL ends").0.to_owned()
}

#[tokio::test]
async fn an_unknown_endpoint_is_a_problem_and_not_a_page() {
    let app = TestApp::start().await;
    for path in ["/api/nothing", "/api/platform/nothing", "/api/fn", "/api/platform/session/x"] {
        app.browser().get(path).send().await.problem(404);
    }
}

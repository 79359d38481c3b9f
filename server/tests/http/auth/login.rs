use std::collections::HashMap;

use portico_dev_idp::{Endpoint, Failure};
use url::Url;

use crate::test_app::{Answer, FakeProvider, ISSUER, TestApp};

fn parameters(answer: &Answer) -> HashMap<String, String> {
    Url::parse(answer.location()).expect("a URL").query_pairs().into_owned().collect()
}

#[tokio::test]
async fn case_06_the_authorization_request_uses_pkce_s256_with_fresh_state_nonce_and_verifier() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let first = browser.get("/auth/login?return_to=/todos").sent_from("none").send().await;
    let second = browser.get("/auth/login").sent_from("none").send().await;
    let (one, two) = (parameters(&first), parameters(&second));
    assert!(first.location().starts_with(&format!("{}/dev/idp/authorize?", app.origin)));
    assert_eq!((one["response_type"].as_str(), one["code_challenge_method"].as_str()), ("code", "S256"));
    assert_eq!(one["redirect_uri"], format!("{}/auth/callback", app.origin));
    assert!(one["scope"].split(' ').any(|scope| scope == "openid"));
    for name in ["state", "nonce", "code_challenge"] {
        assert!(one[name].len() >= 32, "{name} is unguessable: {}", one[name]);
        assert_ne!(one[name], two[name], "{name} is fresh for every login");
    }
    assert!(!first.location().contains("code_verifier"), "the verifier stays here");
}

#[tokio::test]
async fn case_06_the_transaction_cookie_comes_back_with_the_redirect_from_the_provider() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let begun = browser.get("/auth/login").sent_from("none").send().await;
    let [cookie] = begun.set_cookies()[..] else { panic!("one cookie, got {:?}", begun.set_cookies()) };
    assert!(cookie.starts_with("__Host-portico-login-"), "{cookie}");
    // Strict would not be sent with the navigation that comes back from another site.
    for attribute in ["; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/", "; Max-Age=600"] {
        assert!(cookie.contains(attribute), "{cookie} lacks {attribute}");
    }
    for secret in [&parameters(&begun)["state"], &parameters(&begun)["nonce"]] {
        assert!(
            !cookie.split_once('=').is_some_and(|(_, value)| value.contains(secret.as_str())),
            "it is sealed"
        );
    }
    browser.login("alice").await;
    assert_eq!(browser.cookie_names("__Host-portico-login-").len(), 1, "the finished login's cookie is gone");
}

#[tokio::test]
async fn case_09_two_tabs_that_log_in_at_once_both_end_signed_in() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let first = browser.up_to_callback("/auth/login?login_hint=alice&return_to=/todos").await;
    let second = browser.up_to_callback("/auth/login?login_hint=alice&return_to=/insights").await;
    for (callback, path) in [(first, "/todos"), (second, "/insights")] {
        let answer = browser.get(callback.as_str()).sent_from("cross-site").send().await;
        assert_eq!(answer.location(), path);
        browser.get("/api/platform/session").send().await.expect(200);
    }
    assert!(browser.cookie_names("__Host-portico-login-").is_empty());
}

#[tokio::test]
async fn a_login_that_names_account_and_organization_passes_them_to_the_provider() {
    let app = TestApp::start().await;
    let begun = app
        .browser()
        .get("/auth/login?login_hint=erin&organization=globex&prompt=login&acr_values=x")
        .sent_from("none")
        .send()
        .await;
    let sent = parameters(&begun);
    assert_eq!(
        (sent["login_hint"].as_str(), sent["organization"].as_str(), sent["prompt"].as_str()),
        ("erin", "globex", "login")
    );
    assert!(!sent.contains_key("acr_values"), "nothing else is passed on");
    let erin = app.browser();
    erin.get("/auth/login?login_hint=erin&organization=globex").sent_from("none").follow().await.page(200);
    assert_eq!(erin.get("/api/platform/session").send().await.json()["orgId"], "globex");
}

#[tokio::test]
async fn a_browser_that_begins_logins_without_end_does_not_fill_its_headers_with_them() {
    let app = TestApp::start().await;
    let browser = app.browser();
    for _ in 0..30 {
        browser.get("/auth/login").sent_from("none").send().await.expect(303);
        assert!(browser.cookie_names("__Host-portico-login-").len() <= 9);
    }
    browser.login("alice").await;
}

/// What has been used to lead a browser away after a login.
const TRICKS: [&str; 36] = [
    "https://evil.test/",
    "//evil.test",
    "///evil.test",
    "////evil.test",
    "/\\evil.test",
    "\\/evil.test",
    "\\\\evil.test",
    "/\t/evil.test",
    "/\n/evil.test",
    "\t//evil.test",
    " //evil.test",
    "/%09/evil.test",
    "/%2f/evil.test",
    "/%2fevil.test",
    "/%5cevil.test",
    "/%5c%5cevil.test",
    "/%252fevil.test",
    "/%0d%0a/evil.test",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "http:evil.test",
    "https:/evil.test",
    "@evil.test",
    "/@evil.test/..//evil.test",
    "/.//evil.test",
    "/..//evil.test",
    "/a/..//evil.test",
    "/／evil.test",
    "／／evil.test",
    "/\u{2028}/evil.test",
    "http://127.0.0.1@evil.test/",
    "//127.0.0.1@evil.test",
    "//evil。test",
    "/;//evil.test/..",
];

#[tokio::test]
async fn case_31_no_return_to_takes_the_browser_off_the_portals_origin() {
    let app = TestApp::start().await;
    let origin = Url::parse(&app.origin).expect("a URL");
    for trick in TRICKS {
        let query =
            url::form_urlencoded::Serializer::new(String::new()).append_pair("return_to", trick).finish();
        let browser = app.browser();
        let callback = browser.up_to_callback(&format!("/auth/login?login_hint=alice&{query}")).await;
        let answer = browser.get(callback.as_str()).sent_from("cross-site").send().await;
        let target = answer.location();
        // As a browser reads it: tabs and line ends vanish, backslashes are slashes.
        let resolved = callback.join(target).expect("a URL");
        assert_eq!(resolved.origin(), origin.origin(), "{trick:?} became {target:?}");
        assert!(
            target.starts_with('/') && !target.starts_with("//") && !target.contains('\\'),
            "{trick:?} became {target:?}"
        );
        let page = browser.get(resolved.as_str()).sent_from("none").send().await;
        assert!(!page.status.is_redirection(), "{trick:?} leads on to {:?}", page.headers);
        assert!(browser.session().is_some(), "{trick:?} does not keep anyone from signing in");
    }
}

#[tokio::test]
async fn a_return_to_of_the_portal_itself_is_where_the_login_ends() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let callback = browser
        .up_to_callback("/auth/login?login_hint=alice&return_to=%2Ftodos%2F7%3Ffilter%3Dopen%23top")
        .await;
    let answer = browser.get(callback.as_str()).sent_from("cross-site").send().await;
    assert_eq!(answer.location(), "/todos/7?filter=open#top");
}

#[tokio::test]
async fn case_32_a_spoofed_host_does_not_change_where_the_code_is_sent() {
    let app = TestApp::start().await;
    let own = format!(
        "redirect_uri={}",
        url::form_urlencoded::byte_serialize(format!("{}/auth/callback", app.origin).as_bytes())
            .collect::<String>()
    );
    let addr = app.addr;
    for headers in [
        "Host: evil.test".to_owned(),
        format!("Host: {addr}\r\nX-Forwarded-Host: evil.test\r\nX-Forwarded-Proto: https"),
        format!("Host: {addr}\r\nForwarded: host=evil.test;proto=https"),
        format!(
            "Host: {addr}\r\nX-Original-Host: evil.test\r\nX-Forwarded-Server: evil.test\r\nX-Host: evil.test"
        ),
    ] {
        let answer =
            app.raw(format!("GET /auth/login HTTP/1.1\r\n{headers}\r\nConnection: close\r\n\r\n")).await;
        assert!(answer.location().contains(&own), "{headers}: {}", answer.location());
        assert!(
            !answer.location().contains("evil") && !answer.set_cookies().join("").contains("evil"),
            "{headers}"
        );
    }
    let answer = app
        .raw("GET http://evil.test/auth/login HTTP/1.1\r\nHost: evil.test\r\nConnection: close\r\n\r\n")
        .await;
    assert!(answer.location().contains(&own), "{}", answer.location());
}

#[tokio::test]
async fn case_33_line_ends_in_return_to_split_no_header_and_logging_out_is_no_destination() {
    let app = TestApp::start().await;
    for raw in [
        "/a%0d%0aSet-Cookie:%20x=1",
        "/a%0aX-Injected:%201",
        "/a%00b",
        "/auth/logout",
        "/x/../auth/logout",
        "/auth/login?return_to=/auth/login",
        "/%61uth/logout",
    ] {
        let browser = app.browser();
        let callback = browser.up_to_callback(&format!("/auth/login?login_hint=alice&return_to={raw}")).await;
        let answer = browser.get(callback.as_str()).sent_from("cross-site").send().await;
        assert_eq!(answer.location(), "/", "{raw}");
        assert!(answer.header("x-injected").is_empty());
        assert!(answer.set_cookies().iter().all(|cookie| cookie.starts_with("__Host-portico")), "{raw}");
        browser.get("/api/platform/session").send().await.expect(200);
    }
}

#[tokio::test]
async fn case_13_a_provider_that_is_away_or_talks_nonsense_at_login_is_a_page_that_can_be_retried() {
    let app = TestApp::start().await;
    let browser = app.browser();
    for (endpoint, failure) in [
        (Endpoint::Discovery, Failure::Status(503)),
        (Endpoint::Discovery, Failure::Nonsense),
        (Endpoint::Jwks, Failure::Status(500)),
    ] {
        app.dev_idp().fail_next(endpoint, failure);
        browser.get("/auth/login").sent_from("none").send().await.page(502);
    }
    browser.login("alice").await;
}

#[tokio::test]
async fn a_provider_that_does_not_answer_in_time_is_a_504_page() {
    let provider = FakeProvider::new();
    let app = TestApp::with_provider(&provider).await;
    app.outbound.answers(|_| Some(Err(portico_ports::HttpClientError::Timeout)));
    app.browser().get("/auth/login").sent_from("none").send().await.page(504);
    app.outbound.passes_everything();
    let begun = app.browser().get("/auth/login").sent_from("none").send().await;
    assert!(begun.location().starts_with(&format!("{ISSUER}/authorize?")), "the next attempt finds it");
}

#[tokio::test]
async fn prompt_none_without_a_sign_in_at_the_provider_is_a_page_that_says_so() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let page = browser.get("/auth/login?prompt=none").sent_from("none").follow().await;
    assert!(page.page(400).contains("sign in"), "{}", page.text());
    assert!(browser.session().is_none());
}

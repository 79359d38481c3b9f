use crate::test_app::{Reply, Seen, TestApp};

#[tokio::test]
async fn case_40_a_connection_header_cannot_take_injected_headers_away() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    let cookie = format!("__Host-portico={}", bob.session().expect("an id"));
    for nominated in [
        "authorization, x-org-id",
        "Authorization",
        "forwarded, x-forwarded-for, host, traceparent, via",
        "close, authorization",
    ] {
        let request = format!(
            "GET /bff/acme.todos/todos HTTP/1.1\r\nHost: {}\r\nCookie: {cookie}\r\nX-CSRF: 1\r\nConnection: {nominated}\r\nConnection: close\r\nX-Drop-Me: 1\r\nConnection: x-drop-me\r\n\r\n",
            app.addr
        );
        app.raw(request).await.expect(200);
        let seen = app.todos.last();
        assert_eq!(seen.claims()["org_id"], "acme", "{nominated}");
        for name in ["forwarded", "x-forwarded-for", "host", "traceparent"] {
            assert!(!seen.header(name).is_empty(), "{name} arrives despite Connection: {nominated}");
        }
        assert!(seen.values("x-drop-me").is_empty(), "what is nominated goes");
    }
}

/// What clients send to be taken for somebody else, or for somewhere else.
const SPOOFED: [(&str, &str); 28] = [
    ("authorization", "Bearer mine"),
    ("x-user", "admin"),
    ("x_user", "admin"),
    ("x-user-id", "1"),
    ("x_user_id", "1"),
    ("x-remote-user", "admin"),
    ("remote-user", "admin"),
    ("remote_user", "admin"),
    ("x-auth-request-user", "admin"),
    ("x-auth-request-email", "admin@acme.example"),
    ("x-email", "admin@acme.example"),
    ("x-roles", "admin"),
    ("x-groups", "admin"),
    ("x-tenant-id", "globex"),
    ("x_org_id", "globex"),
    ("x-forwarded-user", "admin"),
    ("x-forwarded-for", "203.0.113.9"),
    ("x-forwarded-host", "evil.test"),
    ("x-forwarded-proto", "gopher"),
    ("x-forwarded-prefix", "/evil"),
    ("x-real-ip", "203.0.113.9"),
    ("forwarded", "for=203.0.113.9;host=evil.test"),
    ("x-original-url", "/admin/users"),
    ("x-rewrite-url", "/admin/users"),
    ("x-http-method-override", "DELETE"),
    ("x-amzn-oidc-identity", "admin"),
    ("x-goog-authenticated-user-email", "admin@acme.example"),
    ("proxy-authorization", "Basic eA=="),
];

fn assert_nothing_spoofed(app: &TestApp, seen: &Seen, path: &str) {
    assert_eq!(seen.target(), path);
    for (name, value) in SPOOFED {
        assert!(!seen.values(name).contains(&value), "{name}: {value} arrived on {path}");
    }
    for (name, value) in &seen.headers {
        let text = value.to_lowercase();
        assert!(
            !text.contains("evil.test") && !text.contains("203.0.113.9") && !text.contains("__host-portico"),
            "{name}: {value}"
        );
        assert!(!name.contains('_'), "{name}");
    }
    assert!(
        seen.values("cookie").is_empty()
            && seen.values("sec-fetch-site").is_empty()
            && seen.values("x-csrf").is_empty()
    );
    assert_eq!(seen.claims()["sub"], "demo|bob");
    assert_eq!(seen.header("host"), app.todos.addr.to_string());
    assert_eq!(seen.header("x-forwarded-for"), "127.0.0.1");
    assert_eq!(seen.header("x-forwarded-host"), app.addr.to_string());
    assert_eq!(seen.header("x-forwarded-proto"), "http");
    assert!(seen.header("forwarded").contains("for=127.0.0.1"), "{}", seen.header("forwarded"));
}

#[tokio::test]
async fn case_41_what_a_client_says_of_itself_is_stripped_or_rebuilt() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    let mut request =
        bob.post("/bff/acme.todos/todos").header("accept-language", "de").header("x-request-id", "7");
    for (name, value) in SPOOFED {
        request = request.header(name, value);
    }
    request.json(&serde_json::json!({})).send().await.expect(200);
    let seen = app.todos.last();
    assert_nothing_spoofed(&app, &seen, "/todos");
    assert_eq!(
        (seen.header("accept-language"), seen.header("x-request-id")),
        ("de", "7"),
        "what is harmless passes"
    );
}

#[tokio::test]
async fn case_42_a_route_without_permissions_loses_spoofed_identity_headers_too() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    let mut request = bob.get("/bff/acme.todos/plain");
    for (name, value) in SPOOFED {
        request = request.header(name, value);
    }
    request.send().await.expect(200);
    assert_nothing_spoofed(&app, &app.todos.last(), "/plain");
}

#[tokio::test]
async fn a_trace_that_a_client_began_goes_on_at_the_upstream() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let answer = bob
        .get("/bff/acme.todos/todos")
        .header("traceparent", format!("00-{trace}-00f067aa0ba902b7-01"))
        .send()
        .await;
    assert_eq!(answer.header("x-trace-id"), trace);
    let sent = app.todos.last().header("traceparent").to_owned();
    assert!(sent.contains(trace) && !sent.contains("00f067aa0ba902b7"), "{sent}");
    let forged = bob.get("/bff/acme.todos/todos").header("traceparent", "00-xyz-1-01").send().await;
    assert_eq!(forged.header("x-trace-id").len(), 32);
}

#[tokio::test]
async fn case_48_an_upstream_sets_no_cookie_and_no_policy_on_the_portals_origin() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    app.todos.answers(|_| {
        Reply::headers(
            200,
            &[
                ("set-cookie", "__Host-portico=AAAAAAAAAAAAAAAAAAAAAA; Path=/; Secure"),
                ("set-cookie", "theme=evil; Domain=test"),
                ("access-control-allow-origin", "*"),
                ("access-control-allow-credentials", "true"),
                ("content-security-policy", "script-src *"),
                ("content-security-policy-report-only", "default-src *"),
                ("cross-origin-opener-policy", "unsafe-none"),
                ("cross-origin-resource-policy", "cross-origin"),
                ("x-frame-options", "ALLOWALL"),
                ("x-content-type-options", "sniff"),
                ("referrer-policy", "unsafe-url"),
                ("strict-transport-security", "max-age=0"),
                ("clear-site-data", "\"*\""),
                ("server", "nginx/1.0 (internal-host)"),
                ("via", "1.1 internal-host"),
                ("x-powered-by", "internal"),
                ("www-authenticate", "Basic realm=x"),
                ("refresh", "0;url=https://evil.test"),
                ("link", "<https://evil.test/x.js>; rel=preload"),
                ("service-worker-allowed", "/"),
                ("sourcemap", "x.map"),
                ("cache-control", "public, max-age=60"),
                ("x-domain-header", "passes"),
            ],
        )
    });
    let before = bob.session();
    let answer = bob.get("/bff/acme.todos/todos").send().await;
    answer.expect(200);
    answer.assert_security_headers();
    assert!(answer.set_cookies().is_empty());
    assert_eq!(bob.session(), before);
    for gone in [
        "access-control-allow-origin",
        "access-control-allow-credentials",
        "content-security-policy-report-only",
        "strict-transport-security",
        "clear-site-data",
        "server",
        "via",
        "x-powered-by",
        "www-authenticate",
        "refresh",
        "link",
        "service-worker-allowed",
    ] {
        assert!(!answer.headers.contains_key(gone), "{gone} passed");
    }
    assert!(
        !answer.header("cache-control").contains("public"),
        "one person's answer is kept in no shared cache"
    );
    assert_eq!(answer.header("x-domain-header"), "passes");
    bob.get("/api/platform/session").send().await.expect(200);
}

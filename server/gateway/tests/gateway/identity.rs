use http::Request;

use crate::world::{Arrived, Upstream, World, ok, request};

/// What a client might send to be taken for someone else.
const SPOOFED: [(&str, &str); 20] = [
    ("authorization", "Bearer stolen"),
    ("proxy-authorization", "Basic eDp5"),
    ("cookie", "__Host-portico=secret; theme=dark"),
    ("x-user", "alice"),
    ("x_user", "alice"),
    ("x-user-id", "alice"),
    ("x-org-id", "globex"),
    ("x_org_id", "globex"),
    ("x-portico-org", "globex"),
    ("x-remote-user", "alice"),
    ("remote_user", "alice"),
    ("x-auth-request-user", "alice"),
    ("forwarded", "for=127.0.0.1;host=evil.example"),
    ("x-forwarded-for", "127.0.0.1"),
    ("x-forwarded-host", "evil.example"),
    ("x-forwarded-proto", "gopher"),
    ("x-forwarded-user", "alice"),
    ("x-real-ip", "127.0.0.1"),
    ("x-http-method-override", "DELETE"),
    ("host", "evil.example"),
];

fn assert_clean(arrived: &Arrived, authorization: &str) {
    let text = format!("{arrived:?}");
    for lie in
        ["stolen", "alice", "globex", "secret", "evil.example", "127.0.0.1;", "gopher", "DELETE", "eDp5"]
    {
        assert!(!text.contains(lie), "{lie} arrived: {text}");
    }
    assert_eq!(arrived.field("authorization"), authorization);
    assert_eq!(arrived.field("forwarded"), "for=203.0.113.9;host=\"portal.example\";proto=https");
    assert_eq!(arrived.field("x-forwarded-for"), "203.0.113.9");
    assert_eq!(arrived.field("x-forwarded-host"), "portal.example");
    assert_eq!(arrived.field("x-forwarded-proto"), "https");
    assert_eq!(arrived.field("via"), "1.1 portico");
}

#[tokio::test]
async fn case_40_what_the_proxy_injects_arrives_whatever_the_client_nominates() {
    let upstream = Upstream::start(vec![ok()]).await;
    let world = World::before(&upstream);
    let nominated = "authorization, x-org-id, host, forwarded, x-forwarded-for, via, x-mine, close";
    let fields = [("connection", nominated), ("x-mine", "1"), ("x-kept", "2"), ("keep-alive", "timeout=5")];
    assert_eq!(world.send(request("GET", "/bff/acme.todos/todos/7", &fields)).await.status(), 200);
    let arrived = upstream.only();
    assert_eq!(arrived.field("authorization"), "Bearer t1");
    assert_eq!(arrived.field("host"), upstream.address.to_string());
    assert_eq!(arrived.field("x-forwarded-for"), "203.0.113.9");
    assert_eq!(arrived.field("via"), "1.1 portico");
    assert_eq!(arrived.field("x-kept"), "2");
    for gone in ["x-mine", "connection", "keep-alive"] {
        assert_eq!(arrived.field(gone), "", "{gone}");
    }
}

#[tokio::test]
async fn case_41_what_the_client_says_about_itself_is_replaced() {
    let upstream = Upstream::start(vec![ok()]).await;
    let world = World::before(&upstream);
    assert_eq!(world.send(request("GET", "/bff/acme.todos/todos/7", &SPOOFED)).await.status(), 200);
    assert_clean(&upstream.only(), "Bearer t1");
}

#[tokio::test]
async fn case_42_on_a_public_route_identity_is_removed_though_nothing_is_injected() {
    let upstream = Upstream::start(vec![ok()]).await;
    for bob in [None, World::before(&upstream).bob] {
        let world = World { bob, ..World::before(&upstream) };
        assert_eq!(world.send(request("GET", "/bff/acme.todos/public/7", &SPOOFED)).await.status(), 200);
    }
    let arrived = upstream.arrived();
    assert_eq!(arrived.len(), 2);
    arrived.iter().for_each(|arrived| assert_clean(arrived, ""));
}

#[tokio::test]
async fn case_44_an_absolute_target_and_a_foreign_host_reach_the_configured_upstream_only() {
    let upstream = Upstream::start(vec![ok()]).await;
    let elsewhere = Upstream::start(vec![ok()]).await;
    let world = World::before(&upstream);
    let target = format!("http://{}/bff/acme.todos/todos/7", elsewhere.address);
    let request = request("GET", &target, &[("host", &elsewhere.address.to_string())]);
    assert_eq!(world.send(request).await.status(), 200);
    let arrived = upstream.only();
    assert_eq!(arrived.line, "GET /todos/7 HTTP/1.1");
    assert_eq!(arrived.field("host"), upstream.address.to_string());
    assert_eq!(elsewhere.arrived().len(), 0);
}

#[tokio::test]
async fn what_the_browser_tells_about_the_page_stays_between_browser_and_portal() {
    let upstream = Upstream::start(vec![ok()]).await;
    let world = World::before(&upstream);
    let fields = [
        ("origin", "https://portal.example"),
        ("referer", "https://portal.example/todos"),
        ("sec-fetch-site", "same-origin"),
        ("x-csrf", "1"),
        ("accept", "application/json"),
        ("accept-encoding", "br"),
        ("if-none-match", "\"7\""),
        ("range", "bytes=0-9"),
    ];
    world.send(request("GET", "/bff/acme.todos/todos/7", &fields)).await;
    let arrived = upstream.only();
    for gone in ["origin", "referer", "sec-fetch-site", "x-csrf"] {
        assert_eq!(arrived.field(gone), "", "{gone}");
    }
    for (name, value) in &fields[4..] {
        assert_eq!(arrived.field(name), *value);
    }
}

#[tokio::test]
async fn the_trace_is_continued() {
    let upstream = Upstream::start(vec![ok()]).await;
    let world = World::before(&upstream);
    let ours = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let call = portico_gateway::Call {
        remote: &world.remote,
        principal: world.bob.as_ref(),
        tokens: &world.tokens,
        client: world.client,
        caller: portico_gateway::CallerKey::default(),
        traceparent: Some(http::HeaderValue::from_static(ours)),
        trace: None,
        until: None,
    };
    let fields =
        [("traceparent", "00-ffffffffffffffffffffffffffffffff-ffffffffffffffff-01"), ("tracestate", "a=b")];
    let request: Request<_> = request("GET", "/bff/acme.todos/todos/7", &fields);
    assert!(world.gateway.call(call, request).await.result.is_ok());
    assert_eq!(upstream.only().field("traceparent"), ours);
    assert_eq!(upstream.only().field("tracestate"), "a=b");
}

#[tokio::test]
async fn an_upgrade_is_refused() {
    let upstream = Upstream::start(vec![ok()]).await;
    let world = World::before(&upstream);
    let fields = [("connection", "upgrade"), ("upgrade", "websocket"), ("sec-websocket-key", "eA==")];
    let seen = world.send(request("GET", "/bff/acme.todos/todos/7", &fields)).await;
    assert_eq!((seen.status(), seen.problem()), (501, "upgrade-refused"));
    assert_eq!(upstream.arrived().len(), 0);
}

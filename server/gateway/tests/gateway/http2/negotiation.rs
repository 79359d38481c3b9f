use std::sync::Arc;

use portico_gateway::{Access, BackendSpec, RemoteBackend, RouteSpec, SystemResolver, UpstreamProtocol};
use tokio::task::JoinSet;
use tokio_rustls::rustls::ServerConfig;

use super::upstream::{Http2Upstream, Terms, saying};
use crate::tls::{pair, trusting};
use crate::world::{Upstream, World, ok, spec};

/// A server that speaks these protocols, and a way in for a client that trusts it.
fn speaking(protocols: &[&str]) -> (ServerConfig, Access) {
    let (mut server, client) = pair("localhost");
    server.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    (server, trusting(client))
}

fn world(port: u16, protocol: UpstreamProtocol, access: Access) -> Arc<World> {
    let spec = BackendSpec { protocol, ..spec(&format!("https://localhost:{port}")) };
    let remote = RemoteBackend::compile_with(spec, Arc::new(SystemResolver), access);
    Arc::new(World::of(remote.expect("a good back end")))
}

async fn all_at_once(world: &Arc<World>, calls: usize) {
    let mut all = JoinSet::new();
    for _ in 0..calls {
        let world = Arc::clone(world);
        all.spawn(async move { assert_eq!(world.call("GET", "/bff/acme.todos/todos").await.status(), 200) });
    }
    all.join_all().await;
}

#[tokio::test]
async fn over_tls_the_upstream_chooses_http2() {
    let (tls, access) = speaking(&["h2", "http/1.1"]);
    let terms = Terms { tls: Some(tls), ..Terms::default() };
    let upstream = Http2Upstream::start(terms, |_| saying("fine")).await;
    let world = world(upstream.address.port(), UpstreamProtocol::Negotiated, access);
    all_at_once(&world, 30).await;
    assert_eq!(
        (upstream.connections(), upstream.arrived().len()),
        (1, 30),
        "whoever waits for the first uses it"
    );
    let uri = upstream.arrived()[0].head.uri().clone();
    assert_eq!(uri.to_string(), format!("https://localhost:{}/todos", upstream.address.port()));
    assert_eq!(world.remote.snapshot().endpoints[0].protocol, Some("2"));
}

#[tokio::test]
async fn over_tls_an_upstream_that_knows_no_alpn_or_no_http2_gets_http1() {
    for protocols in [&[][..], &["http/1.1"]] {
        let (tls, access) = speaking(protocols);
        let upstream = Upstream::start_tls(vec![ok()], tls).await;
        let world = world(upstream.address.port(), UpstreamProtocol::Negotiated, access);
        all_at_once(&world, 10).await;
        assert!(upstream.arrived().iter().all(|arrived| arrived.line == "GET /todos HTTP/1.1"));
        assert_eq!(world.remote.snapshot().endpoints[0].protocol, Some("1.1"));
    }
}

#[tokio::test]
async fn an_operator_may_insist_on_either() {
    let (tls, access) = speaking(&["h2", "http/1.1"]);
    let upstream = Upstream::start_tls(vec![ok()], tls).await;
    let one = world(upstream.address.port(), UpstreamProtocol::Http1, access);
    assert_eq!(one.call("GET", "/bff/acme.todos/todos").await.response().body(), "fine");

    for protocols in [&[][..], &["http/1.1"]] {
        let (tls, access) = speaking(protocols);
        let upstream = Upstream::start_tls(vec![ok()], tls).await;
        let two = world(upstream.address.port(), UpstreamProtocol::Http2, access);
        let seen = two.call("GET", "/bff/acme.todos/todos").await;
        assert_eq!((seen.status(), seen.problem()), (502, "upstream-unreachable"), "{seen:?}");
        assert_eq!(upstream.arrived().len(), 0);
        let error = two.remote.snapshot().last_error.expect("it is told").message;
        assert!(error.contains("does not speak the protocol that is configured"), "{error}");
    }
}

#[tokio::test]
async fn a_switch_of_protocols_offers_an_http2_upstream_nothing_but_http1() {
    let (tls, access) = speaking(&["h2", "http/1.1"]);
    let switch = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nno".to_owned();
    let upstream = Upstream::start_tls(vec![crate::world::Reply::Last(switch)], tls).await;
    let route = RouteSpec {
        methods: vec!["GET".to_owned()],
        path: "/live".to_owned(),
        permissions: vec!["todos.read".to_owned()],
        upgrades: vec!["websocket".to_owned()],
        ..RouteSpec::default()
    };
    let spec = BackendSpec {
        routes: vec![route],
        protocol: UpstreamProtocol::Negotiated,
        ..spec(&format!("https://localhost:{}", upstream.address.port()))
    };
    let remote = RemoteBackend::compile_with(spec, Arc::new(SystemResolver), access);
    let world = World::of(remote.expect("a good back end"));
    let fields = [
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    let mut request = crate::world::request("GET", "/bff/acme.todos/live", &fields);
    let on_upgrade = hyper::upgrade::on(&mut request);
    request.extensions_mut().insert(on_upgrade);
    let seen = world.send(request).await;
    assert_eq!(seen.response().body(), "no");
    assert_eq!(upstream.only().line, "GET /live HTTP/1.1");
    assert_eq!(upstream.only().field("upgrade"), "websocket");
}

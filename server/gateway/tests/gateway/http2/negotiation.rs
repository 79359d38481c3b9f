use std::sync::Arc;
use std::time::Duration;

use h2::Reason;
use portico_gateway::{
    Access, BackendSpec, Credential, RemoteBackend, RouteSpec, SystemResolver, TlsSettings, UpstreamProtocol,
};
use tokio::task::JoinSet;
use tokio_rustls::rustls::ServerConfig;

use super::eventually;
use super::upstream::{Act, Http2Upstream, Terms, saying};
use crate::tls::{asking_for, identity, pair, trusting};
use crate::world::{Upstream, World, ok, spec, with_body};

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
async fn a_connection_that_was_opened_with_the_certificate_of_before_takes_no_further_call() {
    let ((old, old_key), (new, new_key)) = (identity(), identity());
    let (mut server, authority) = asking_for(&[&old, &new]);
    server.alpn_protocols = vec![b"h2".to_vec()];
    let terms = Terms { tls: Some(server), ..Terms::default() };
    let upstream = Http2Upstream::start(terms, |arrived| match arrived.path() {
        "/todos/slow" => Act::After(Duration::from_millis(500), "fine".into()),
        _ => saying("fine"),
    })
    .await;
    let tls = Arc::new(TlsSettings::of_authorities(&authority).expect("an authority"));
    let credential = Arc::new(Credential::certificate(false));
    credential.replace("").expect("it is there");
    let access = Access { tls: Arc::clone(&tls), credential: Some(credential) };
    let world = world(upstream.address.port(), UpstreamProtocol::Negotiated, access);
    tls.identify(&old.pem(), &old_key).expect("a pair");
    all_at_once(&world, 10).await;
    let slow = tokio::spawn({
        let world = Arc::clone(&world);
        async move { world.call("GET", "/bff/acme.todos/todos/slow").await }
    });
    eventually("it is under way", || upstream.under_way() == 1).await;
    tls.identify(&new.pem(), &new_key).expect("a pair");
    all_at_once(&world, 10).await;
    assert_eq!(slow.await.expect("no panic").response().body(), "fine", "what is under way is finished");
    let arrived = upstream.arrived();
    let on = |connection: usize| arrived.iter().filter(|one| one.connection == connection).count();
    assert_eq!((upstream.connections(), on(0), on(1)), (2, 11, 10));
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
async fn an_upstream_that_requires_http1_gets_it_from_then_on_and_each_request_once() {
    let (tls, access) = speaking(&["h2", "http/1.1"]);
    let plain = Upstream::start(vec![ok()]).await;
    let terms = Terms { tls: Some(tls), http1: Some(plain.address), ..Terms::default() };
    let upstream = Http2Upstream::start(terms, |_| Act::Reset(Reason::HTTP_1_1_REQUIRED)).await;
    let port = upstream.address.port();
    let one = world(port, UpstreamProtocol::Negotiated, access.clone());
    let mut all = JoinSet::new();
    for number in 0..20 {
        let world = Arc::clone(&one);
        all.spawn(async move {
            let request = with_body("POST", "/bff/acme.todos/todos", &[], &format!("post-{number}"));
            world.send(request).await.status()
        });
    }
    assert_eq!(all.join_all().await, [200; 20]);
    let mut bodies: Vec<_> = plain.arrived().into_iter().map(|arrived| arrived.body).collect();
    bodies.sort_unstable();
    bodies.dedup();
    assert_eq!((plain.arrived().len(), bodies.len()), (20, 20), "none was taken twice");
    let endpoint = &one.remote.snapshot().endpoints[0];
    assert_eq!(
        (endpoint.protocol, endpoint.failed),
        (Some("1.1"), 0),
        "to ask for another version is no failure"
    );

    let asked = upstream.arrived().len();
    assert!((1..=20).contains(&asked), "{asked}");
    all_at_once(&one, 10).await;
    assert_eq!((upstream.arrived().len(), plain.arrived().len()), (asked, 30), "HTTP/2 is not tried again");

    // An operator who insists on HTTP/2 is told.
    let two = world(port, UpstreamProtocol::Http2, access);
    let seen = two.send(with_body("POST", "/bff/acme.todos/todos", &[], "new")).await;
    assert_eq!((seen.status(), seen.problem()), (503, "upstream-unprocessed"));
    assert_eq!(plain.arrived().len(), 30);
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

use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::Mutex;
use portico_gateway::{BackendSpec, Place, RemoteBackend, Resolver};
use tokio::net::TcpListener;

use crate::world::{Reply, Upstream, World, answer, ok, spec, with_body};

/// A port on which nobody listens.
async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    listener.local_addr().expect("bound").to_string()
}

fn spec_at(addresses: &[String]) -> BackendSpec {
    let addresses = addresses.iter().map(|text| Place::parse(text).expect("a place")).collect();
    BackendSpec { addresses, ..spec("http://todos.example/v1") }
}

#[tokio::test]
async fn the_operators_addresses_say_where_and_the_url_says_who() {
    let upstream = Upstream::start(vec![ok()]).await;
    let world = World::with(spec_at(&[upstream.address.to_string()]));
    assert_eq!(world.call("GET", "/bff/acme.todos/todos/7").await.status(), 200);
    let arrived = upstream.only();
    assert_eq!((arrived.field("host"), arrived.target()), ("todos.example", "/v1/todos/7"));
}

#[tokio::test]
async fn case_45_an_operators_address_outside_the_listed_networks_is_refused_too() {
    let upstream = Upstream::start(vec![ok()]).await;
    let mut spec = spec_at(&[upstream.address.to_string(), "169.254.169.254:80".to_owned()]);
    spec.networks.clear();
    assert_eq!(World::with(spec).call("GET", "/bff/acme.todos/todos/7").await.problem(), "upstream-refused");
    assert_eq!(upstream.arrived().len(), 0);
}

#[tokio::test]
async fn calls_are_spread_over_all_endpoints_and_each_keeps_its_connections() {
    let upstreams = [Upstream::start(vec![ok()]).await, Upstream::start(vec![ok()]).await];
    let world = World::with(spec_at(&upstreams.each_ref().map(|upstream| upstream.address.to_string())));
    for _ in 0..60 {
        assert_eq!(world.call("GET", "/bff/acme.todos/todos").await.status(), 200);
    }
    for upstream in upstreams {
        let arrived = upstream.arrived();
        assert!((10..=50).contains(&arrived.len()), "{} of 60 calls", arrived.len());
        assert!(arrived.iter().all(|request| request.connection == 0), "one connection is enough");
    }
}

#[tokio::test]
async fn an_endpoint_that_accepts_no_connection_costs_no_call_whatever_its_method() {
    let upstream = Upstream::start(vec![ok()]).await;
    let world = World::with(spec_at(&[nobody().await, upstream.address.to_string(), nobody().await]));
    for turn in 0..30 {
        let body = format!("number {turn}");
        let seen = world.send(with_body("POST", "/bff/acme.todos/todos", &[], &body)).await;
        assert_eq!((seen.status(), seen.attempts), (200, 1), "{seen:?}");
    }
    let bodies: Vec<_> = upstream.arrived().into_iter().map(|request| request.body).collect();
    let expected: Vec<_> = (0..30).map(|turn| format!("number {turn}").into_bytes()).collect();
    assert_eq!(bodies, expected, "each once, in order");
}

#[tokio::test]
async fn a_repeated_request_goes_to_another_endpoint() {
    let broken = Upstream::start(vec![Reply::Reset]).await;
    let good = Upstream::start(vec![ok()]).await;
    let world = World::with(spec_at(&[broken.address.to_string(), good.address.to_string()]));
    for _ in 0..20 {
        let seen = world.call("GET", "/bff/acme.todos/todos").await;
        assert!(seen.status() == 200 && seen.attempts <= 2, "{seen:?}");
    }
    assert_eq!(good.arrived().len(), 20);
    assert!(!broken.arrived().is_empty(), "it was tried");
}

#[tokio::test]
async fn case_49_a_request_that_may_have_arrived_goes_to_no_other_endpoint() {
    let upstreams = [Upstream::start(vec![Reply::Reset]).await, Upstream::start(vec![Reply::Close]).await];
    let world = World::with(spec_at(&upstreams.each_ref().map(|upstream| upstream.address.to_string())));
    for turn in 0..4 {
        let seen = world.send(with_body("POST", "/bff/acme.todos/todos", &[], &turn.to_string())).await;
        assert_eq!((seen.status(), seen.attempts), (502, 1));
    }
    assert_eq!(upstreams.iter().map(|upstream| upstream.arrived().len()).sum::<usize>(), 4);
}

/// A name server under the test's control.
struct Names(Mutex<Result<Vec<IpAddr>, io::ErrorKind>>);

#[async_trait]
impl Resolver for Names {
    async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        self.0.lock().clone().map_err(Into::into)
    }
}

#[tokio::test]
async fn each_address_of_a_name_is_an_endpoint_and_what_a_silent_name_server_said_last_holds() {
    // One port, two of loopback's addresses: the second has no listener.
    let upstream = Upstream::start(vec![answer("200 OK", &["connection: close"], "fine")]).await;
    let both = ["127.0.0.2", "127.0.0.1"].map(|text| text.parse().expect("an address"));
    let names = Arc::new(Names(Mutex::new(Ok(both.to_vec()))));
    let spec = spec(&format!("http://todos.internal:{}", upstream.address.port()));
    let world = World::of(RemoteBackend::compile(spec, names.clone()).expect("a good back end"));
    for _ in 0..10 {
        assert_eq!(world.call("GET", "/bff/acme.todos/todos").await.status(), 200);
    }
    *names.0.lock() = Err(io::ErrorKind::TimedOut);
    for _ in 0..10 {
        assert_eq!(world.call("GET", "/bff/acme.todos/todos").await.status(), 200);
    }
    assert_eq!(upstream.arrived().len(), 20);
    *names.0.lock() = Ok(vec!["169.254.169.254".parse().expect("an address")]);
    assert_eq!(world.call("GET", "/bff/acme.todos/todos").await.problem(), "upstream-refused");
}

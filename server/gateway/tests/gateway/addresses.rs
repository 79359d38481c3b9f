use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use portico_gateway::{CallError, ForwardError, RemoteBackend, Resolver};

use crate::world::{Reply, Upstream, World, answer, ok, spec};

/// A name server that changes its mind: the nth question gets the nth answer, the last is repeated.
struct Changing {
    answers: Vec<Vec<&'static str>>,
    asked: AtomicUsize,
}

#[async_trait]
impl Resolver for Changing {
    async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        let asked = self.asked.fetch_add(1, Ordering::SeqCst);
        let answer = &self.answers[asked.min(self.answers.len() - 1)];
        Ok(answer.iter().map(|text| text.parse().expect("an address")).collect())
    }
}

fn world(upstream: &Upstream, networks: &[&str], answers: &[&[&'static str]]) -> (World, Arc<Changing>) {
    let answers = answers.iter().map(|answer| answer.to_vec()).collect();
    let resolver = Arc::new(Changing { answers, asked: AtomicUsize::new(0) });
    let mut spec = spec(&format!("http://todos.internal:{}", upstream.address.port()));
    spec.networks = networks.iter().map(|text| text.parse().expect("a network")).collect();
    let remote = RemoteBackend::compile(spec, resolver.clone()).expect("a good back end");
    (World::of(remote), resolver)
}

#[tokio::test]
async fn case_45_a_name_that_leads_to_a_metadata_private_or_mapped_address_is_refused() {
    let upstream = Upstream::start(vec![ok()]).await;
    for address in [
        "169.254.169.254",
        "::ffff:169.254.169.254",
        "fd00:ec2::254",
        "127.0.0.1",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:0:127.0.0.1",
        "64:ff9b::7f00:1",
        "10.0.0.1",
        "0.0.0.0",
    ] {
        let (world, _) = world(&upstream, &[], &[&[address]]);
        let seen = world.call("GET", "/bff/acme.todos/todos/7").await;
        assert_eq!((seen.status(), seen.problem()), (502, "upstream-refused"), "{address}: {seen:?}");
        let detail = seen.result.expect_err("refused").detail();
        assert!(!detail.contains(address), "the caller learns no address: {detail}");
    }
    assert_eq!(upstream.arrived().len(), 0);
}

#[tokio::test]
async fn case_45_the_address_that_was_checked_is_the_address_that_is_connected_to() {
    let upstream = Upstream::start(vec![ok()]).await;
    let (world, resolver) = world(&upstream, &["127.0.0.0/8"], &[&["127.0.0.1"], &["169.254.169.254"]]);
    assert_eq!(world.call("GET", "/bff/acme.todos/todos/7").await.status(), 200);
    assert_eq!(
        resolver.asked.load(Ordering::SeqCst),
        1,
        "resolved once per connection, not again to connect"
    );
    assert_eq!(
        world.call("GET", "/bff/acme.todos/todos/8").await.status(),
        200,
        "a kept connection needs no name"
    );
    // Every connection from here on meets the changed answer, and is refused.
    tokio::time::sleep(std::time::Duration::from_millis(4500)).await;
    assert_eq!(world.call("GET", "/bff/acme.todos/todos/9").await.problem(), "upstream-refused");
    assert_eq!(upstream.arrived().len(), 2);
}

#[tokio::test]
async fn case_45_among_several_addresses_only_allowed_ones_are_tried() {
    let upstream = Upstream::start(vec![ok()]).await;
    let (world, _) =
        world(&upstream, &["127.0.0.0/8"], &[&["169.254.169.254", "::ffff:127.0.0.1", "127.0.0.1"]]);
    assert_eq!(world.call("GET", "/bff/acme.todos/todos/7").await.status(), 200);
    assert_eq!(upstream.arrived().len(), 1);
}

#[tokio::test]
async fn case_45_an_upstream_written_as_an_address_is_checked_too() {
    let upstream = Upstream::start(vec![ok()]).await;
    for host in ["127.0.0.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "localhost"] {
        let mut spec = spec(&format!("http://{host}:{}", upstream.address.port()));
        spec.networks.clear();
        let world = World::with(spec);
        assert_eq!(
            world.call("GET", "/bff/acme.todos/todos/7").await.problem(),
            "upstream-refused",
            "{host}"
        );
    }
    assert_eq!(upstream.arrived().len(), 0);
}

#[tokio::test]
async fn case_45_a_redirect_to_a_metadata_address_is_not_followed_and_not_handed_on() {
    let elsewhere = Upstream::start(vec![ok()]).await;
    for location in [
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "http://[::ffff:169.254.169.254]/".to_owned(),
        format!("http://{}/todos/7", elsewhere.address),
    ] {
        let redirect = answer("302 Found", &[&format!("location: {location}")], "");
        let upstream = Upstream::start(vec![redirect]).await;
        let seen = World::before(&upstream).call("GET", "/bff/acme.todos/todos/7").await;
        assert_eq!((seen.status(), seen.problem()), (502, "upstream-redirect"), "{location}");
        assert_eq!(upstream.arrived().len(), 1);
    }
    assert_eq!(elsewhere.arrived().len(), 0);
}

#[tokio::test]
async fn a_redirect_within_the_upstream_leads_the_browser_through_the_proxy_again() {
    let upstream =
        Upstream::start(vec![answer("307 Temporary Redirect", &["location: /todos/8?a=b"], "")]).await;
    let seen = World::before(&upstream).call("GET", "/bff/acme.todos/todos/7").await;
    assert_eq!(seen.status(), 307);
    assert_eq!(seen.response().headers()["location"], "/bff/acme.todos/todos/8?a=b");
    assert_eq!(upstream.arrived().len(), 1, "not followed");
}

#[tokio::test]
async fn an_upstream_that_is_not_there_is_502_after_the_declared_retries() {
    let upstream = Upstream::start(vec![Reply::Hang]).await;
    let port = upstream.address.port();
    let (world, resolver) = world(&upstream, &["127.0.0.0/8"], &[&["127.0.0.77"]]);
    let mut gone = spec(&format!("http://127.0.0.78:{port}"));
    gone.retries = 0;
    let seen = world.call("GET", "/bff/acme.todos/todos/7").await;
    assert_eq!(seen.problem(), "upstream-unreachable");
    assert!(matches!(seen.result, Err(CallError::Upstream(ForwardError::Unreachable(_)))));
    assert_eq!(resolver.asked.load(Ordering::SeqCst), 3, "once, and twice again");
    assert_eq!(
        World::with(gone).call("GET", "/bff/acme.todos/todos/7").await.problem(),
        "upstream-unreachable"
    );
}

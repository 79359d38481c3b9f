use std::time::Duration;

use bytes::Bytes;
use http::Response;
use portico_gateway::{BackendError, BackendSpec, LegSpec, RemoteBackend, SystemResolver, ViewSpec};
use std::sync::Arc;

use crate::world::{Reply, Upstream, World, answer, request, spec};

fn view(legs: &[(&str, &str, bool)]) -> ViewSpec {
    let leg = |(name, path, required): &(&str, &str, bool)| LegSpec {
        name: (*name).to_owned(),
        path: (*path).to_owned(),
        required: *required,
    };
    ViewSpec {
        path: "/overview/{list}".to_owned(),
        query: vec!["status".to_owned()],
        permissions: vec!["todos.read".to_owned()],
        timeout: Some(Duration::from_millis(400)),
        legs: legs.iter().map(leg).collect(),
    }
}

fn with_view(upstream: &Upstream, legs: &[(&str, &str, bool)]) -> BackendSpec {
    BackendSpec { views: vec![view(legs)], ..spec(&format!("http://{}", upstream.address)) }
}

fn json(body: &str) -> Reply {
    answer("200 OK", &["content-type: application/json"], body)
}

#[track_caller]
fn body_of(response: &Response<Bytes>) -> serde_json::Value {
    serde_json::from_slice(response.body()).expect("JSON")
}

/// Each leg has its own connection, so replies cannot be told apart by their order: by path.
fn by_path(upstream: &Upstream) -> Vec<String> {
    let mut targets: Vec<String> = upstream.arrived().iter().map(|seen| seen.target().to_owned()).collect();
    targets.sort();
    targets
}

#[tokio::test]
async fn the_calls_of_a_view_are_made_with_its_parameters_and_their_json_comes_back_untouched() {
    let raw = "{\"b\":1,\"a\":[12345678901234567890123,1.0],\"b\":2}";
    let upstream = Upstream::start(vec![json(raw)]).await;
    let world = World::with(with_view(
        &upstream,
        &[
            ("items", "/todos/{list}/items?status={status}&sort=due", true),
            ("stats", "/todos/{list}/stats", false),
        ],
    ));
    let seen = world.call("GET", "/bff/acme.todos/overview/a%20b?status=open").await;
    assert_eq!(seen.status(), 200);
    let text = std::str::from_utf8(seen.response().body()).expect("text");
    assert_eq!(text.matches(raw).count(), 2, "{text}");
    assert!(text.starts_with("{\"complete\":true,\"legs\":{\"items\":{\"status\":200,\"body\":"), "{text}");
    assert_eq!(by_path(&upstream), ["/todos/a%20b/items?status=open&sort=due", "/todos/a%20b/stats"]);
    for arrived in upstream.arrived() {
        assert_eq!(arrived.field("authorization"), "Bearer t1");
        assert_eq!(arrived.field("accept-encoding"), "identity");
    }
    let tag = seen.response().headers()["etag"].to_str().expect("text").to_owned();
    let again =
        request("GET", "/bff/acme.todos/overview/a%20b?status=open", &[("if-none-match", tag.as_str())]);
    assert_eq!(world.send(again).await.status(), 304);
    let head = world.call("HEAD", "/bff/acme.todos/overview/a%20b?status=open").await;
    assert!(head.response().body().is_empty() && head.response().headers()["etag"] == *tag);
}

#[tokio::test]
async fn a_leg_that_fails_is_marked_and_the_others_are_there() {
    let upstream = Upstream::start(vec![json("[1]")]).await;
    let gone = Upstream::start(vec![Reply::Hang]).await;
    drop(gone);
    let world = World::with(with_view(
        &upstream,
        &[("items", "/todos/items", true), ("admin", "/todos/admin/x", false)],
    ));
    let seen = world.call("GET", "/bff/acme.todos/overview/7").await;
    let body = body_of(seen.response());
    assert_eq!(body["complete"], false);
    assert_eq!(body["legs"]["items"]["body"], serde_json::json!([1]));
    assert_eq!(body["legs"]["admin"]["status"], 403);
    assert_eq!(body["legs"]["admin"]["body"], serde_json::Value::Null);
    assert_eq!(body["legs"]["admin"]["problem"]["type"], "/problems/forbidden");
    assert_eq!(upstream.only().target(), "/todos/items", "the refused leg never goes out");
}

#[tokio::test]
async fn a_leg_that_is_late_is_given_up_and_a_required_one_fails_the_view() {
    let slow = || Reply::After(Duration::from_secs(5), Box::new(json("1")));
    let upstream = Upstream::start(vec![slow()]).await;
    let optional = World::with(with_view(&upstream, &[("slow", "/todos/slow", false)]));
    let seen = optional.call("GET", "/bff/acme.todos/overview/7").await;
    let body = body_of(seen.response());
    assert_eq!((&body["complete"], &body["legs"]["slow"]["status"]), (&false.into(), &504.into()));
    let required = World::with(with_view(&upstream, &[("slow", "/todos/slow", true)]));
    assert_eq!(required.call("GET", "/bff/acme.todos/overview/7").await.status(), 504);
    let refusing =
        Upstream::start(vec![answer("404 Not Found", &["content-type: application/problem+json"], "{}")])
            .await;
    let required = World::with(with_view(&refusing, &[("one", "/todos/one", true)]));
    assert_eq!(required.call("GET", "/bff/acme.todos/overview/7").await.status(), 404);
    let failing = Upstream::start(vec![answer("500 Oops", &[], "")]).await;
    let required = World::with(with_view(&failing, &[("one", "/todos/one", true)]));
    assert_eq!(required.call("GET", "/bff/acme.todos/overview/7").await.status(), 502);
}

#[tokio::test]
async fn every_leg_has_a_verdict_of_its_own_and_the_view_has_one() {
    let upstream = Upstream::start(vec![json("1")]).await;
    let world = World::with(with_view(
        &upstream,
        &[("items", "/todos/items", false), ("admin", "/todos/admin/x", false)],
    ));
    let outcome = world.outcome(request("GET", "/bff/acme.todos/overview/7", &[])).await;
    assert_eq!(outcome.verdict.pattern, Some("/overview/{list}"));
    let decisions: Vec<_> =
        outcome.legs.iter().map(|leg| (leg.path().to_owned(), leg.decision.is_allowed())).collect();
    let expected = [("/bff/acme.todos/todos/items", true), ("/bff/acme.todos/todos/admin/x", false)];
    assert_eq!(decisions, expected.map(|(path, allowed)| (path.to_owned(), allowed)));
    assert_eq!(world.remote.calls_of(&http::Method::GET, "/bff/acme.todos/overview/7"), 2);
    assert_eq!(world.remote.calls_of(&http::Method::GET, "/bff/acme.todos/todos/7"), 1);
}

#[tokio::test]
async fn a_view_takes_its_own_parameters_and_permissions_only() {
    let upstream = Upstream::start(vec![json("1")]).await;
    let world = World::with(with_view(&upstream, &[("items", "/todos/{list}", true)]));
    for query in ["other=1", "status=a&status=b"] {
        let seen = world.call("GET", &format!("/bff/acme.todos/overview/7?{query}")).await;
        assert_eq!(seen.problem(), "unknown-parameter", "{query}");
    }
    assert_eq!(world.call("GET", "/bff/acme.todos/overview/a%2fb").await.problem(), "ambiguous-path");
    assert_eq!(world.call("POST", "/bff/acme.todos/overview/7").await.status(), 405);
    assert_eq!(
        world.call("GET", "/bff/acme.todos/overview/admin").await.status(),
        403,
        "a leg is matched anew"
    );
    assert!(upstream.arrived().is_empty(), "{:?}", upstream.arrived());
}

#[tokio::test]
async fn an_answer_that_is_too_long_or_no_json_is_no_part_of_a_view() {
    for (reply, status) in
        [(answer("200 OK", &["content-type: text/html"], "<p>"), 502), (json(&"1".repeat(2_000_000)), 502)]
    {
        let upstream = Upstream::start(vec![reply]).await;
        let world = World::with(with_view(&upstream, &[("items", "/todos/items", false)]));
        let seen = world.call("GET", "/bff/acme.todos/overview/7").await;
        let body = body_of(seen.response());
        assert_eq!(body["legs"]["items"]["status"], status);
        assert!(body["legs"]["items"]["body"].is_null());
    }
}

#[test]
fn a_view_that_could_never_answer_is_an_error_that_names_it() {
    let compile = |views: Vec<ViewSpec>| {
        let spec = BackendSpec { views, ..spec("http://127.0.0.1:1") };
        RemoteBackend::compile(spec, Arc::new(SystemResolver)).map(drop)
    };
    let error = |views| match compile(views) {
        Err(error @ (BackendError::Views(_) | BackendError::Routes(_))) => error.to_string(),
        other => panic!("{other:?}"),
    };
    assert!(error(vec![view(&[("a", "/users/7", true)])]).contains("backend.views[0].legs[0].path"));
    assert!(error(vec![view(&[("a", "/overview/{list}", true)])]).contains("is a view itself"));
    let taken = ViewSpec { path: "/todos/**".to_owned(), ..view(&[]) };
    assert!(error(vec![taken]).contains("backend.views[0].path"));
    assert!(error(vec![view(&[]), view(&[])]).contains("backend.views[1].path"));
}

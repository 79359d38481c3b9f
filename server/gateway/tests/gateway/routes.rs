use std::hint::black_box;
use std::time::{Duration, Instant};

use http::Method;
use portico_gateway::{ProxyPath, RouteError, RouteSpec, RouteTable, Unmatched};
use portico_policy::{Comparison, Condition};

use crate::world::{Upstream, World, ok, spec};

fn route(methods: &[&str], path: &str) -> RouteSpec {
    RouteSpec {
        methods: methods.iter().map(|&method| method.to_owned()).collect(),
        path: path.to_owned(),
        ..RouteSpec::default()
    }
}

fn found<'t>(table: &'t RouteTable, method: Method, path: &str) -> Result<&'t str, Unmatched> {
    let path = ProxyPath::parse(path).expect("a plain path");
    table.find(&method, path).map(|route| route.pattern.as_str())
}

#[test]
fn the_most_specific_route_for_the_method_answers() {
    let table = RouteTable::compile(&[
        route(&["GET", "DELETE"], "/todos/**"),
        route(&["GET"], "/todos/export"),
        route(&["GET"], "/todos/*/items"),
        route(&["GET"], "/todos/*"),
        route(&["GET"], "/@me/x:y"),
    ])
    .expect("compiles");
    assert_eq!(found(&table, Method::GET, "/todos/export"), Ok("/todos/export"));
    assert_eq!(found(&table, Method::GET, "/todos/export/"), Ok("/todos/export"));
    assert_eq!(found(&table, Method::DELETE, "/todos/export"), Ok("/todos/**"));
    assert_eq!(found(&table, Method::GET, "/todos/7"), Ok("/todos/*"));
    assert_eq!(found(&table, Method::GET, "/todos/7/items"), Ok("/todos/*/items"));
    assert_eq!(found(&table, Method::GET, "/todos/export/items"), Ok("/todos/*/items"));
    assert_eq!(found(&table, Method::GET, "/todos/7/other/deep"), Ok("/todos/**"));
    assert_eq!(found(&table, Method::GET, "/todos"), Ok("/todos/**"));
    assert_eq!(found(&table, Method::HEAD, "/todos/7"), Ok("/todos/*"), "GET answers HEAD");
    assert_eq!(
        found(&table, Method::GET, "/%40me/x%3Ay"),
        Ok("/@me/x:y"),
        "escapes are read as the upstream does"
    );
    assert_eq!(found(&table, Method::GET, "/"), Err(Unmatched::NotDeclared));
    assert_eq!(found(&table, Method::GET, "/todosx"), Err(Unmatched::NotDeclared));
    assert_eq!(found(&table, Method::TRACE, "/other"), Err(Unmatched::NotDeclared));
}

#[tokio::test]
async fn an_undeclared_call_is_404_and_an_undeclared_method_405_and_neither_leaves() {
    let upstream = Upstream::start(vec![ok()]).await;
    let world = World::before(&upstream);
    let other = world.call("GET", "/bff/acme.todos/users").await;
    assert_eq!((other.status(), other.decision), (404, "deny"));
    let patched = world.call("PATCH", "/bff/acme.todos/todos/7").await;
    assert_eq!(patched.status(), 405);
    let error = patched.result.expect_err("refused").to_string();
    assert!(error.contains("GET, HEAD, POST, PUT, DELETE"), "{error}");
    assert_eq!(world.call("CONNECT", "/bff/acme.todos/todos/7").await.status(), 405);
    assert_eq!(upstream.arrived().len(), 0);
}

#[tokio::test]
async fn a_call_without_the_permission_is_403_and_does_not_leave() {
    let upstream = Upstream::start(vec![ok()]).await;
    let world = World::before(&upstream);
    let seen = world.call("GET", "/bff/acme.todos/todos/admin/settings").await;
    assert_eq!((seen.status(), seen.decision), (403, "deny"));
    assert_eq!(seen.reason, "the entitlements lack org.admin");
    let detail = seen.result.expect_err("refused").detail();
    assert!(detail.contains("org.admin") && !detail.contains("entitlements"), "{detail}");
    assert_eq!(upstream.arrived().len(), 0);
}

#[tokio::test]
async fn without_a_session_only_public_routes_answer() {
    let upstream = Upstream::start(vec![ok()]).await;
    let world = World { bob: None, ..World::before(&upstream) };
    let seen = world.call("GET", "/bff/acme.todos/todos/7").await;
    assert_eq!((seen.status(), seen.decision), (401, "sign-in"));
    assert_eq!(world.call("GET", "/bff/acme.todos/public/7").await.status(), 200);
    assert_eq!(upstream.only().field("authorization"), "");
}

#[test]
fn bad_declarations_name_the_route() {
    let error = |routes: &[RouteSpec]| RouteTable::compile(routes).expect_err("refused").to_string();
    let good = route(&["GET"], "/todos");
    assert_eq!(
        error(&[good.clone(), route(&["get"], "/x")]),
        "backend.routes[1].methods: \"get\" is none of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
    );
    assert!(matches!(RouteTable::compile(&[route(&[], "/x")]), Err(RouteError::Method { index: 0, .. })));
    assert_eq!(
        error(&[good.clone(), route(&["POST", "GET"], "/todos")]),
        "backend.routes[1] declares GET, HEAD /todos again"
    );
    for bad in [
        "todos", "/a/**/b", "/a*", "/{id", "/{}", "/x{id}", "/{a b}", "/{a}/{a}", "/a%20b", "/a/", "/a//b",
        "/../a", "/a;b",
    ] {
        let said = error(&[route(&["GET"], bad)]);
        assert!(said.starts_with(&format!("backend.routes[0].path {bad:?}: ")), "{said}");
    }
}

#[test]
fn a_condition_on_a_placeholder_that_the_path_lacks_names_the_route() {
    let of_org = Condition {
        attribute: "path.org".parse().expect("an attribute"),
        comparison: Comparison::Equals("acme".to_owned()),
    };
    let with = |path: &str| RouteSpec { conditions: vec![of_org.clone()], ..route(&["GET"], path) };
    assert!(RouteTable::compile(&[with("/orgs/{org}/**")]).is_ok());
    let said = RouteTable::compile(&[with("/orgs/*")]).expect_err("refused").to_string();
    assert_eq!(said, "backend.routes[0].conditions: the path \"/orgs/*\" has no {org}");
}

#[tokio::test]
async fn case_50_a_call_for_another_organization_is_refused_by_a_condition_and_does_not_leave() {
    let upstream = Upstream::start(vec![ok(), ok()]).await;
    let own = |attribute: &str| Condition {
        attribute: attribute.parse().expect("an attribute"),
        comparison: Comparison::EqualsAttribute("organization".parse().expect("an attribute")),
    };
    let declared = |path: &str, attribute| RouteSpec {
        permissions: vec!["todos.read".to_owned()],
        conditions: vec![own(attribute)],
        ..route(&["GET"], path)
    };
    let mut spec = spec(&format!("http://{}", upstream.address));
    spec.routes = vec![declared("/orgs/{org}/todos/*", "path.org"), declared("/search", "query.org")];
    let world = World::with(spec);
    for good in ["/bff/acme.todos/orgs/acme/todos/7", "/bff/acme.todos/search?view=all&org=acme"] {
        assert_eq!(world.call("GET", good).await.status(), 200, "{good}");
    }
    for bad in ["/orgs/globex/todos/7", "/search?org=globex", "/search?org=acme&org=globex", "/search"] {
        let seen = world.call("GET", &format!("/bff/acme.todos{bad}")).await;
        assert_eq!((seen.status(), seen.decision), (403, "deny"), "{bad}");
        assert!(seen.reason.starts_with("the condition does not hold that "), "{}", seen.reason);
    }
    assert_eq!(upstream.arrived().len(), 2);
}

#[test]
fn ten_thousand_routes_match_as_fast_as_ten() {
    let table = |count: usize| {
        let specs: Vec<_> =
            (0..count).map(|n| route(&["GET"], &format!("/area{n}/things/*/parts/**"))).collect();
        RouteTable::compile(&specs).expect("compiles")
    };
    let (few, many) = (table(10), table(10_000));
    let path = ProxyPath::parse("/area7/things/42/parts/a/b").expect("plain");
    let time = |table: &RouteTable| {
        let runs = (0..7).map(|_| {
            let begin = Instant::now();
            for _ in 0..20_000 {
                assert!(black_box(table).find(&Method::GET, black_box(path)).is_ok());
            }
            begin.elapsed()
        });
        runs.min().unwrap_or(Duration::MAX)
    };
    let (few, many) = (time(&few), time(&many));
    // The same work but for the processor's caches; growth with the number of routes would be a thousandfold.
    assert!(many < few * 3, "10 routes: {few:?}, 10,000 routes: {many:?} for 20,000 look-ups");
}

//! What a remote team is told about its manifest.

use portico_contracts::Manifest;
use portico_contracts::manifest::{CacheScope, Format, Isolation, Method, pattern_covers};
use serde_json::{Value, json};

fn example() -> Value {
    serde_json::from_str(include_str!("manifest/example.json")).expect("the example is JSON")
}

fn parse(manifest: &Value) -> Result<Manifest, Vec<(String, String)>> {
    let bytes = serde_json::to_vec(manifest).expect("a value is JSON");
    Manifest::parse(&bytes).map_err(|error| error.problems.into_iter().map(|p| (p.field, p.reason)).collect())
}

/// The example with `value` at `pointer`; the parent must exist.
fn with(pointer: &str, value: Value) -> Value {
    let mut manifest = example();
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer has a parent");
    let parent = manifest.pointer_mut(parent).expect("the parent exists");
    let key = key.replace("~1", "/").replace("~0", "~");
    match parent {
        Value::Array(items) => items[key.parse::<usize>().expect("an index")] = value,
        other => other[key] = value,
    }
    manifest
}

fn only_field(manifest: &Value) -> (String, String) {
    let mut problems = parse(manifest).expect_err("the manifest must be refused");
    assert_eq!(problems.len(), 1, "exactly one problem: {problems:?}");
    problems.remove(0)
}

#[test]
fn the_example_of_the_design_is_a_manifest() {
    let manifest = parse(&example()).expect("the example is valid");
    assert_eq!(manifest.id(), "acme.todos");
    assert_eq!(manifest.frontend.format, Format::Esm);
    assert_eq!(manifest.frontend.isolation, Isolation::Shadow);
    assert_eq!(manifest.frontend.cards[0].mount, "TodosCard");
    let backend = manifest.backend.expect("it has a back end");
    assert_eq!(backend.routes[1].methods, [Method::Post, Method::Delete]);
    assert!(!backend.token_mode);
}

#[test]
fn what_was_read_is_written_in_the_same_spelling() {
    let manifest = parse(&example()).expect("the example is valid");
    let again = serde_json::to_value(&manifest).expect("a manifest is JSON");
    assert_eq!(parse(&again).expect("what is written can be read"), manifest);
    assert_eq!(again.pointer("/frontend/shared/react/requiredVersion"), Some(&json!("^19.0.0")));
    assert_eq!(again.pointer("/events/publish/0/type"), Some(&json!("chat.message")));
}

#[test]
fn an_unknown_field_is_an_error_that_names_it_wherever_it_stands() {
    for pointer in [
        "/extra",
        "/frontend/extra",
        "/frontend/routes/0/extra",
        "/frontend/routes/0/nav/extra",
        "/frontend/cards/0/extra",
        "/frontend/styles/0/extra",
        "/frontend/shared/react/extra",
        "/backend/extra",
        "/backend/routes/1/extra",
        "/permissions/extra",
        "/events/extra",
        "/events/publish/0/extra",
        "/security/extra",
    ] {
        let (field, reason) = only_field(&with(pointer, json!(1)));
        assert_eq!(field, pointer);
        assert!(reason.contains("unknown field `extra`"), "{reason}");
    }
}

#[test]
fn a_missing_field_and_a_wrong_type_are_named() {
    let mut manifest = example();
    manifest["frontend"].as_object_mut().expect("an object").remove("entry");
    assert_eq!(only_field(&manifest).0, "/frontend/entry");
    assert_eq!(only_field(&with("/backend/routes/0/methods/0", json!(7))).0, "/backend/routes/0/methods/0");
    let (field, reason) = only_field(&with("/frontend/bundleSize", json!("9 KB")));
    assert_eq!(field, "/frontend/bundleSize");
    assert!(reason.contains("9 KB"), "{reason}");
    let (field, reason) = only_field(&with("/frontend/format", json!("angular")));
    assert_eq!(field, "/frontend/format");
    assert!(reason.contains("`esm`") && reason.contains("`backstage`"), "{reason}");
}

#[test]
fn a_field_written_twice_is_refused() {
    let text = example().to_string().replacen("\"version\"", "\"version\":\"1.0.0\",\"version\"", 1);
    let error = Manifest::parse(text.as_bytes()).expect_err("twice");
    assert_eq!(error.problems[0].field, "/version");
}

#[test]
fn text_that_is_not_one_json_object_is_refused() {
    for text in ["", "null", "[]", "{", "not json", "{}x"] {
        assert!(Manifest::parse(text.as_bytes()).is_err(), "{text}");
    }
    let trailing = format!("{} {{}}", example());
    assert!(Manifest::parse(trailing.as_bytes()).is_err());
    assert!(Manifest::parse(&vec![b' '; 600 * 1024]).is_err());
}

#[test]
fn every_broken_rule_is_listed_at_once() {
    let mut manifest = example();
    manifest["name"] = json!("todos");
    manifest["version"] = json!("v1");
    manifest["frontend"]["integrity"] = json!("md5-abc");
    manifest["backend"]["timeoutMs"] = json!(0);
    let fields: Vec<_> =
        parse(&manifest).expect_err("four are wrong").into_iter().map(|(field, _)| field).collect();
    assert_eq!(fields, ["/name", "/version", "/frontend/integrity", "/backend/timeoutMs"]);
}

#[test]
fn each_rule_names_its_field_and_what_is_expected() {
    let cases = [
        ("/name", json!("@Acme/todos"), "@scope/name"),
        ("/name", json!("@acme/to.dos"), "@scope/name"),
        ("/name", json!("@acme/../x"), "@scope/name"),
        ("/version", json!("1.2"), "SemVer"),
        ("/version", json!("v1.2.0"), "SemVer"),
        ("/version", json!("01.2.0"), "SemVer"),
        ("/version", json!("1.2.0/../x"), "SemVer"),
        ("/shell", json!("newest"), "range"),
        ("/displayName", json!("  "), "1 to 80"),
        ("/owner", json!("a\nb"), "controls"),
        ("/frontend/entry", json!("../index.js"), "relative"),
        ("/frontend/entry", json!("/index.js"), "relative"),
        ("/frontend/entry", json!("https://elsewhere.example/index.js"), "relative"),
        ("/frontend/entry", json!("a\\b.js"), "relative"),
        ("/frontend/entry", json!("a%2e.js"), "relative"),
        ("/frontend/integrity", json!("sha384-abc"), "base64"),
        ("/frontend/files/chunk.77ab.js", json!("sha384"), "base64"),
        ("/frontend/styles/0/href", json!("//x/y.css"), "relative"),
        ("/frontend/bundleSize", json!(0), "1 to"),
        ("/frontend/routes/0/path", json!("todos"), "`/todos`"),
        ("/frontend/routes/0/path", json!("/"), "`/todos`"),
        ("/frontend/routes/0/path", json!("/todos/"), "`/todos`"),
        ("/frontend/routes/0/path", json!("/a/../b"), "`/todos`"),
        ("/frontend/routes/0/path", json!("/api/x"), "own paths"),
        ("/frontend/routes/0/path", json!("/Auth"), "own paths"),
        ("/frontend/routes/0/mount", json!("a-b"), "export"),
        ("/frontend/cards/0/slot", json!("home:bottom"), "home:top"),
        ("/frontend/cards/0/height", json!(5000), "16 to 2000"),
        ("/frontend/element", json!("acme-todos"), "only with format `custom-element`"),
        ("/frontend/shared/react/requiredVersion", json!("x y z"), "range"),
        ("/backend/url", json!("ftp://127.0.0.1"), "`http` or `https`"),
        ("/backend/url", json!("http://user@127.0.0.1:4010"), "credentials"),
        ("/backend/url", json!("http://127.1:4010"), "lower-case host"),
        ("/backend/url", json!("http://127.0.0.1:4010/?x"), "query"),
        ("/backend/audience", json!("a b"), "audience"),
        ("/backend/scopes/0", json!("a b"), "scope"),
        ("/backend/timeoutMs", json!(120_001), "1 to 120000"),
        ("/backend/retries", json!(6), "0 to 5"),
        ("/backend/routes/0/path", json!("/todos/**/x"), "`**` only at the end"),
        ("/backend/routes/0/path", json!("/todos/%2e%2e"), "literal"),
        ("/backend/routes/0/methods", json!([]), "1 to 7"),
        ("/backend/routes/0/timeoutMs", json!(0), "1 to 120000"),
        ("/backend/routes/0/permissions/0", json!("todos"), "permission"),
        ("/permissions/required/0", json!("Todos.read"), "permission"),
        ("/events/publish/0/type", json!("message"), "dot"),
        ("/events/publish/0/type", json!("a.b\nid: 1"), "dot"),
        ("/events/subscribe/0/topic", json!("a b"), "Kafka topic"),
        ("/openapi", json!("../openapi.yaml"), "relative"),
        ("/security/csp/script-src", json!([]), "img-src"),
        ("/security/csp/img-src", json!(["'self'"]), "no keyword"),
        ("/security/csp/img-src", json!(["*"]), "no wildcard"),
        ("/security/csp/img-src", json!(["https://*.example"]), "no wildcard"),
        ("/security/csp/img-src", json!(["data:"]), "no keyword"),
        ("/security/csp/img-src", json!(["https:"]), "no keyword"),
        ("/security/csp/img-src", json!(["https://a.example; script-src *"]), "origin"),
        ("/security/csp/img-src", json!(["http://images.example"]), "loopback only"),
    ];
    for (pointer, value, expected) in cases {
        let (field, reason) = only_field(&with(pointer, value.clone()));
        assert!(field.starts_with(pointer), "{pointer} = {value}: {field}");
        assert!(reason.contains(expected), "{pointer} = {value}: {reason}");
    }
}

#[test]
fn each_format_has_its_own_field() {
    for (format, field, value) in [
        ("custom-element", "element", "acme-todos"),
        ("module-federation", "expose", "./App"),
        ("iife", "global", "acmeTodos"),
    ] {
        let mut manifest = with("/frontend/format", json!(format));
        assert_eq!(only_field(&manifest).0, format!("/frontend/{field}"));
        manifest["frontend"][field] = json!(value);
        parse(&manifest).expect("complete");
    }
}

#[test]
fn only_frames_and_fragments_go_without_integrity_and_size() {
    for (format, allowed) in
        [("esm", false), ("single-spa", false), ("backstage", false), ("iframe", true), ("fragment", true)]
    {
        let mut manifest = with("/frontend/format", json!(format));
        let frontend = manifest["frontend"].as_object_mut().expect("an object");
        frontend.remove("integrity");
        frontend.remove("bundleSize");
        assert_eq!(parse(&manifest).is_ok(), allowed, "{format}");
    }
}

#[test]
fn the_same_thing_twice_is_refused() {
    let mut manifest = example();
    let route = manifest["frontend"]["routes"][0].clone();
    manifest["frontend"]["routes"].as_array_mut().expect("a list").push(route);
    assert_eq!(only_field(&manifest).0, "/frontend/routes/1/path");
    assert_eq!(
        only_field(&with("/permissions/required", json!(["a.b", "a.b"]))).0,
        "/permissions/required/1"
    );
}

#[test]
fn a_problem_shows_what_was_found_on_one_short_line() {
    let (_, reason) = only_field(&with("/name", json!("\u{202e}\n".repeat(500))));
    assert!(!reason.contains('\n') && reason.len() < 600, "{reason}");
}

#[test]
fn no_change_of_a_byte_makes_reading_panic() {
    let text = example().to_string().into_bytes();
    for at in 0..text.len() {
        for byte in [0, b'"', b'/', b'{', b'9', b'-', b'[', 0x80, 0xff] {
            let mut changed = text.clone();
            changed[at] = byte;
            _ = Manifest::parse(&changed);
        }
    }
}

#[test]
fn no_text_makes_a_rule_panic() {
    use portico_contracts::manifest::{
        BACKEND_URL, CSP_SOURCE, EVENT_TYPE, FILE_PATH, INTEGRITY, ORIGIN, REMOTE_NAME, ROUTE_PATH, TOPIC,
        VERSION_RANGE, origin_of,
    };
    let hostile = [
        "",
        "@",
        "/",
        "//",
        "[",
        "[]",
        "http://",
        "http://[",
        "http://[]",
        "http://[::1]x",
        "http://é",
        "/é/api",
    ];
    let more = [
        "http://a:",
        "http://:1",
        "sha384-",
        "sha384-é",
        "^",
        "- - -",
        "é - é",
        "1.é",
        "||||",
        "\u{0}",
        "/auté",
    ];
    for text in hostile.into_iter().chain(more) {
        for rule in [
            BACKEND_URL,
            CSP_SOURCE,
            EVENT_TYPE,
            FILE_PATH,
            INTEGRITY,
            ORIGIN,
            REMOTE_NAME,
            ROUTE_PATH,
            TOPIC,
            VERSION_RANGE,
        ] {
            _ = (rule.holds)(text);
        }
        _ = origin_of(text);
    }
}

#[test]
fn a_public_route_takes_no_permissions() {
    let route = json!({ "methods": ["GET"], "path": "/public/**", "public": true });
    let manifest = parse(&with("/backend/routes", json!([route]))).expect("a public route is valid");
    assert!(manifest.backend.is_some_and(|backend| backend.routes[0].public));
    let route =
        json!({ "methods": ["GET"], "path": "/public/**", "public": true, "permissions": ["todos.read"] });
    let (field, reason) = only_field(&with("/backend/routes", json!([route])));
    assert_eq!(field, "/backend/routes/0/permissions");
    assert!(reason.starts_with("expected none"), "{reason}");
}

#[test]
fn what_the_browser_calls_directly_is_an_origin_with_a_reason() {
    let direct = |origin: &str, reason: &str| {
        with("/security/direct", json!([{ "origin": origin, "reason": reason }]))
    };
    let reason = "Map tiles, straight from their network";
    assert!(parse(&direct("https://tiles.example", reason)).is_ok());
    for (origin, reason, field) in [
        ("http://tiles.example", reason, "/security/direct/0/origin"),
        ("https://*.example", reason, "/security/direct/0/origin"),
        ("https://tiles.example/path", reason, "/security/direct/0/origin"),
        ("https://tiles.example", "", "/security/direct/0/reason"),
        ("https://tiles.example", "because", "/security/direct/0/reason"),
    ] {
        assert_eq!(only_field(&direct(origin, reason)).0, field, "{origin} {reason}");
    }
    let twice = json!({ "origin": "https://tiles.example", "reason": reason });
    assert_eq!(only_field(&with("/security/direct", json!([twice, twice]))).0, "/security/direct/1/origin");
}

#[test]
fn a_pattern_covers_what_it_stands_for_and_no_more() {
    for (granted, asked) in [
        ("/**", "/"),
        ("/**", "/a/*/b"),
        ("/a/**", "/a"),
        ("/a/**", "/a/b/**"),
        ("/a/*", "/a/b"),
        ("/a/*", "/a/*"),
        ("/a/*/c/**", "/a/b/c"),
        ("/a", "/a"),
    ] {
        assert!(pattern_covers(granted, asked), "{granted} covers {asked}");
    }
    for (granted, asked) in [
        ("/a/**", "/**"),
        ("/a/**", "/ab"),
        ("/a/*", "/a"),
        ("/a/*", "/a/**"),
        ("/a/*", "/a/b/c"),
        ("/a/b", "/a/*"),
        ("/a", "/A"),
    ] {
        assert!(!pattern_covers(granted, asked), "{granted} does not cover {asked}");
    }
}

#[test]
fn conditions_are_of_a_closed_language_and_name_what_is_wrong() {
    let with_condition = |condition: Value| {
        let mut manifest = with("/backend/routes/0/path", json!("/orgs/{org}/todos/**"));
        manifest["backend"]["routes"][0]["conditions"] = json!([condition]);
        manifest
    };
    for good in [
        json!({ "attribute": "path.org", "equalsAttribute": "organization" }),
        json!({ "attribute": "organization", "equalsAttribute": "query.org" }),
        json!({ "attribute": "claims.https://acme.example/level", "equals": "2" }),
        json!({ "attribute": "claims.department", "oneOf": ["sales", "support"] }),
        json!({ "attribute": "subject", "equalsAttribute": "path.org" }),
    ] {
        let manifest =
            parse(&with_condition(good.clone())).unwrap_or_else(|error| panic!("{good}: {error:?}"));
        assert_eq!(manifest.backend.expect("it has one").routes[0].conditions.len(), 1);
    }
    for (bad, field, expected) in [
        (json!({ "attribute": "path.org" }), "", "exactly one"),
        (json!({ "attribute": "path.org", "equals": "a", "oneOf": ["a"] }), "", "exactly one"),
        (json!({ "attribute": "org", "equals": "a" }), "/attribute", "`organization`"),
        (json!({ "attribute": "path.", "equals": "a" }), "/attribute", "`organization`"),
        (json!({ "attribute": "query.a[]", "equals": "a" }), "/attribute", "`organization`"),
        (json!({ "attribute": "body.org", "equals": "a" }), "/attribute", "`organization`"),
        (json!({ "attribute": "path.tenant", "equals": "a" }), "/attribute", "has no {tenant}"),
        (json!({ "attribute": "subject", "equalsAttribute": "path.me" }), "/equalsAttribute", "has no {me}"),
        (json!({ "attribute": "path.org", "equals": "" }), "/equals", "1 to 256"),
        (json!({ "attribute": "path.org", "oneOf": [] }), "/oneOf", "1 to 1000"),
        (json!({ "attribute": "path.org", "oneOf": [""] }), "/oneOf/0", "1 to 256"),
    ] {
        let (at, reason) = only_field(&with_condition(bad.clone()));
        assert_eq!(at, format!("/backend/routes/0/conditions/0{field}"), "{bad}");
        assert!(reason.contains(expected), "{bad}: {reason}");
    }
    let unknown = json!({ "attribute": "path.org", "startsWith": "a" });
    let problems = parse(&with_condition(unknown)).expect_err("refused");
    assert!(problems[0].1.contains("startsWith"), "{problems:?}");
}

#[test]
fn a_placeholder_has_a_name_that_stands_there_once() {
    for good in ["/{id}", "/orgs/{org}/todos/{todo-id}/**", "/a/{x_1}/*"] {
        parse(&with("/backend/routes/0/path", json!(good)))
            .unwrap_or_else(|error| panic!("{good}: {error:?}"));
    }
    for bad in ["/{}", "/{org", "/x{org}", "/{org}x", "/{a b}", "/{org}/{org}", "/{**}"] {
        assert_eq!(
            only_field(&with("/backend/routes/0/path", json!(bad))).0,
            "/backend/routes/0/path",
            "{bad}"
        );
    }
}

/// The fields that are refused where the first route keeps its answers like this.
fn refused_keeping(cache: &Value) -> Vec<(String, String)> {
    parse(&with("/backend/routes/0/cache", cache.clone())).expect_err("the manifest must be refused")
}

#[test]
fn what_a_route_says_of_keeping_answers_is_named_where_it_cannot_be_kept() {
    assert!(parse(&with("/backend/routes/0/cache", json!({}))).is_ok(), "the service's own words count");
    let all = json!({
        "scope": "organization", "maxAgeSeconds": 86_400, "staleWhileRevalidateSeconds": 0, "staleIfErrorSeconds": 1,
        "browserSeconds": 300,
    });
    let manifest = parse(&with("/backend/routes/0/cache", all)).expect("each at its bound");
    let backend = manifest.backend.expect("it has a back end");
    assert_eq!(backend.routes[0].cache.as_ref().expect("it keeps").scope, CacheScope::Organization);
    for (name, value, expected) in [
        ("maxAgeSeconds", json!(86_401), "expected 0 to 86400, found 86401"),
        ("staleWhileRevalidateSeconds", json!(86_401), "expected 0 to 86400, found 86401"),
        ("staleIfErrorSeconds", json!(100_000), "expected 0 to 86400, found 100000"),
        ("browserSeconds", json!(301), "expected 0 to 300, found 301"),
        ("maxAgeSeconds", json!(-1), "u32"),
        ("maxAgeSeconds", json!("60"), "u32"),
        ("scope", json!("everyone"), "unknown variant `everyone`, expected `person` or `organization`"),
        ("maxAge", json!(60), "unknown field `maxAge`"),
    ] {
        let problems = refused_keeping(&json!({ name: value }));
        let [(field, reason)] = &problems[..] else { panic!("{name}: exactly one problem: {problems:?}") };
        assert_eq!(field, &format!("/backend/routes/0/cache/{name}"), "{reason}");
        assert!(reason.contains(expected), "{name}: {reason}");
    }
    let both = refused_keeping(&json!({ "maxAgeSeconds": 90_000, "browserSeconds": 900 }));
    let fields: Vec<_> = both.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(fields, ["/backend/routes/0/cache/maxAgeSeconds", "/backend/routes/0/cache/browserSeconds"]);
}

/// The example with one view, with `value` at `pointer` below it.
fn with_view(pointer: &str, value: Value) -> Value {
    let mut manifest = with(
        "/backend/views",
        json!([{
            "path": "/overview/{list}", "query": ["status"], "permissions": ["todos.read"],
            "legs": [{ "name": "items", "path": "/todos/{list}?status={status}", "required": true }, { "name": "all", "path": "/todos" }],
        }]),
    );
    if !pointer.is_empty() {
        let (parent, key) = pointer.rsplit_once('/').expect("a pointer has a parent");
        let parent = manifest.pointer_mut(&format!("/backend/views/0{parent}")).expect("the parent exists");
        match parent {
            Value::Array(items) => items[key.parse::<usize>().expect("an index")] = value,
            other => other[key] = value,
        }
    }
    manifest
}

#[test]
fn what_is_wrong_with_a_view_is_named_by_its_field() {
    parse(&with_view("", Value::Null)).expect("the view is sound");
    for (pointer, value, expected) in [
        ("/path", json!("overview/{list}"), "a path such as `/overview/{list}`"),
        ("/path", json!("/{list}/**"), "a path such as `/overview/{list}`"),
        ("/path", json!("/{list}/{list}"), "each name once"),
        ("/permissions/0", json!("Todos Read"), "expected"),
        ("/timeoutMs", json!(0), "expected 1 to 120000, found 0"),
        ("/timeoutMs", json!(120_001), "expected 1 to 120000, found 120001"),
        ("/legs", json!([]), "expected 1 to 16 entries, found 0"),
        ("/legs/1/name", json!("items"), "each name only once, found \"items\" again"),
        ("/legs/1/name", json!("all of them"), "a name of letters, digits"),
        ("/legs/1/path", json!("todos"), "a path such as"),
        ("/legs/1/path", json!("/todos/a{list}"), "a path such as"),
        ("/legs/1/path", json!("/todos/{other}"), "a parameter of the view in the same place, found {other}"),
        (
            "/legs/1/path",
            json!("/todos/{status}"),
            "a parameter of the view in the same place, found {status}",
        ),
        (
            "/legs/1/path",
            json!("/todos?x={other}"),
            "a parameter of the view in the same place, found {other}",
        ),
        ("/legs/1/required", json!("yes"), "expected a boolean"),
        ("/legs/1/method", json!("POST"), "unknown field `method`"),
        ("/extra", json!(1), "unknown field `extra`"),
    ] {
        let (field, reason) = only_field(&with_view(pointer, value.clone()));
        assert_eq!(field, format!("/backend/views/0{pointer}"), "{value}: {reason}");
        assert!(reason.contains(expected), "{pointer} {value}: {reason}");
    }
    let (field, reason) = only_field(&with_view("/query", json!(["status", "a b"])));
    assert_eq!(field, "/backend/views/0/query/1");
    assert!(reason.contains("a name of letters, digits"), "{reason}");
    let (field, reason) = only_field(&with_view("/query", json!(["status", "list"])));
    assert_eq!(field, "/backend/views/0/query/1");
    assert!(reason.contains("another name than the path's parameters"), "{reason}");
    let leg = json!({ "name": "one", "path": "/todos" });
    let legs: Vec<_> = (0..17)
        .map(|i| {
            let mut leg = leg.clone();
            leg["name"] = json!(format!("leg-{i}"));
            leg
        })
        .collect();
    assert_eq!(only_field(&with_view("/legs", json!(legs))).0, "/backend/views/0/legs");
}

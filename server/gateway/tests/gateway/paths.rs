use portico_gateway::{PathError, ProxyPath};
use proptest::prelude::*;

use crate::world::{Upstream, World, ok};

#[tokio::test]
async fn case_43_an_ambiguous_path_is_refused_and_the_upstream_sees_nothing() {
    let upstream = Upstream::start(vec![ok()]).await;
    let world = World::before(&upstream);
    for path in [
        "/todos/%2e%2e/admin",
        "/todos/%2E%2E/admin",
        "/todos/.%2e/admin",
        "/todos/../admin",
        "/todos/./7",
        "/todos/..",
        "/todos/a%2fb",
        "/todos/a%2Fb",
        "/todos/a%5cb",
        "/todos/a%23b",
        "/todos/a%3fb",
        "/todos/a%3Bb",
        "/todos/a;b",
        "/todos/..;/admin",
        "/todos//7",
        "//todos/7",
        "/todos/7//",
        "/todos/%00",
        "/todos/%0d%0aX:1",
        "/todos/%7f",
        "/todos/%252e%252e/admin",
        "/todos/%c0%af",
        "/todos/%ff",
        "/todos/%c2%85",
        "/todos/%61dmin",
        "/todos/%",
        "/todos/%4",
        "/todos/%zz",
        "/todos/%u002e",
        "/todos/\"7",
        "/todos/ADMIN/x",
        "/Todos/7",
        "/todos/Admin",
    ] {
        let seen = world.call("GET", &format!("/bff/acme.todos{path}")).await;
        assert_eq!(seen.status(), 400, "{path}: {seen:?}");
        assert_eq!(seen.problem(), "ambiguous-path", "{path}");
    }
    assert_eq!(upstream.arrived().len(), 0);
}

#[tokio::test]
async fn case_43_what_is_authorised_is_what_arrives_byte_for_byte() {
    let upstream = Upstream::start(vec![ok()]).await;
    let world = World::before(&upstream);
    let targets = [
        "/todos/7",
        "/todos",
        "/todos/",
        "/todos/a%20b/c%C3%A9?x=%2e%2e%2f&y=a;b//c#",
        "/todos/%40me",
        "/todos/a:b@c,d=e+f!$&'()*~-_.x?",
        "/todos/100%25?a=%00",
        "/todos/...",
    ];
    for target in targets {
        let seen = world.call("GET", &format!("/bff/acme.todos{target}")).await;
        assert_eq!(seen.status(), 200, "{target}: {seen:?}");
    }
    let arrived: Vec<String> = upstream.arrived().iter().map(|request| request.target().to_owned()).collect();
    let expected: Vec<&str> = targets.iter().map(|target| target.trim_end_matches('#')).collect();
    assert_eq!(arrived, expected);
}

#[tokio::test]
async fn a_prefix_that_is_spelled_otherwise_is_refused() {
    let upstream = Upstream::start(vec![ok()]).await;
    let world = World::before(&upstream);
    for path in
        ["/bff/acme%2Etodos/todos/7", "/bff/acme.todosx/todos/7", "/bff//acme.todos/todos", "/todos/7", "/"]
    {
        assert_eq!(world.call("GET", path).await.status(), 400, "{path}");
    }
    assert_eq!(upstream.arrived().len(), 0);
}

#[tokio::test]
async fn the_base_of_the_upstream_stands_before_the_path() {
    let upstream = Upstream::start(vec![ok()]).await;
    let world = World::with(crate::world::spec(&format!("http://{}/v1/", upstream.address)));
    assert_eq!(world.call("GET", "/bff/acme.todos/todos/7?a=b").await.status(), 200);
    assert_eq!(upstream.only().target(), "/v1/todos/7?a=b");
}

#[tokio::test]
async fn a_path_or_query_without_end_is_414() {
    let upstream = Upstream::start(vec![ok()]).await;
    let world = World::before(&upstream);
    let long = "a".repeat(9000);
    assert_eq!(world.call("GET", &format!("/bff/acme.todos/todos/{long}")).await.status(), 414);
    assert_eq!(world.call("GET", &format!("/bff/acme.todos/todos/7?{long}")).await.status(), 414);
    assert_eq!(upstream.arrived().len(), 0);
}

/// Decodes the way a careless upstream does: again and again, then resolving dot segments and both kinds of slashes.
fn careless(path: &str) -> String {
    let mut text = path.as_bytes().to_vec();
    for _ in 0..3 {
        let mut out = Vec::new();
        let mut at = 0;
        while at < text.len() {
            let hex = text.get(at + 1..at + 3).and_then(|pair| std::str::from_utf8(pair).ok());
            match (text[at], hex.and_then(|pair| u8::from_str_radix(pair, 16).ok())) {
                (b'%', Some(value)) => {
                    out.push(value);
                    at += 3;
                }
                (byte, _) => {
                    out.push(byte);
                    at += 1;
                }
            }
        }
        text = out;
    }
    let text = String::from_utf8_lossy(&text).replace('\\', "/");
    let mut segments: Vec<&str> = Vec::new();
    for segment in
        text.split('/').map(|segment| segment.split([';', '?', '#', '\0']).next().unwrap_or_default())
    {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            segment => segments.push(segment),
        }
    }
    segments.join("/")
}

/// Paths made of what trouble is made of.
fn troublesome() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-zA-Z0-9._~-]{1,4}",
        3 => Just("/".to_owned()),
        2 => "%[0-9a-fA-F]{2}",
        1 => prop_oneof![Just("."), Just(".."), Just("%25"), Just("%2e"), Just(";"), Just("\\")].prop_map(str::to_owned),
        1 => "[ -~]",
        1 => any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| format!("/{}", pieces.concat()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_accepted_path_is_forwarded_as_it_came_and_read_alike_by_everyone(raw in troublesome()) {
        if let Ok(path) = ProxyPath::parse(&raw) {
            prop_assert_eq!(path.as_str(), raw.as_str());
            let plain: Vec<&str> = raw.split('/').filter(|segment| !segment.is_empty()).collect();
            prop_assert_eq!(careless(&raw).split('/').filter(|s| !s.is_empty()).count(), plain.len());
            let careful = careless(&raw);
            for (careful, plain) in careful.split('/').zip(plain) {
                prop_assert!(plain.contains('%') || careful == plain, "{} became {}", plain, careful);
            }
        }
    }

    #[test]
    fn any_text_at_all_gets_an_answer(raw in any::<String>()) {
        if let Ok(path) = ProxyPath::parse(&raw) {
            prop_assert_eq!(path.as_str(), raw.as_str());
        }
    }
}

#[test]
fn every_refusal_has_its_own_name() {
    let refusals = [
        ("todos", PathError::NotAbsolute),
        ("", PathError::NotAbsolute),
        ("/a//b", PathError::EmptySegment),
        ("//", PathError::EmptySegment),
        ("/a/../b", PathError::DotSegment),
        ("/a/%2e", PathError::DotSegment),
        ("/a\\b", PathError::Backslash),
        ("/a%5Cb", PathError::Backslash),
        ("/a;b", PathError::PathParameter),
        ("/a%2Fb", PathError::EncodedSlash),
        ("/a%23", PathError::EncodedDelimiter),
        ("/a%252f", PathError::DoubleEncoding),
        ("/a%41", PathError::NeedlessEscape),
        ("/a%0a", PathError::Control),
        ("/a\u{7}", PathError::Control),
        ("/a%g1", PathError::BadEscape),
        ("/a%e2%28", PathError::BadEscape),
        ("/é", PathError::NotAscii),
        ("/a b", PathError::Forbidden),
        ("/a?b", PathError::Forbidden),
    ];
    for (raw, expected) in refusals {
        assert_eq!(ProxyPath::parse(raw), Err(expected), "{raw:?}");
    }
}

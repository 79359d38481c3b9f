//! What answers that are kept have in common, wherever they are kept: one suite for every store.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http_body_util::BodyExt as _;
use portico_gateway::{
    BackendSpec, BearerToken, CacheRule, CacheScope, Call, CallerKey, ResponseCache, ResponseStore,
    RouteSpec, TokenError, TokenRequest, TokenSource,
};
use portico_policy::{Entitlements, Principal};
use portico_ports::TestClock;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestRunner};

use crate::world::{Reply, Upstream, World, answer, request, spec};

type Store = Arc<dyn ResponseStore>;

/// Runs everything, each test on a store that holds nothing of the others: they use remotes of their own.
pub(crate) async fn every_test<S: ResponseStore>(store: impl Fn() -> Arc<S>) {
    fresh_answers_are_given_without_a_call(store()).await;
    what_forbids_keeping_is_obeyed(store()).await;
    a_browser_that_has_it_is_told_so(store()).await;
    an_upstream_is_asked_whether_it_still_holds(store()).await;
    many_who_ask_at_once_make_one_call(store()).await;
    whoever_waits_takes_over_when_the_first_is_gone(store()).await;
    an_old_answer_is_given_while_a_new_one_is_fetched(store()).await;
    an_old_answer_stands_in_for_a_failing_upstream(store()).await;
    answers_are_told_apart_by_what_they_vary_by(store()).await;
    a_change_makes_old_what_is_kept_of_it_and_above_it(store()).await;
    an_answer_from_before_a_change_is_not_kept_after_it(store()).await;
    what_is_too_long_passes(store()).await;
    case_52_no_answer_crosses_organization_permissions_or_person(store()).await;
}

/// Keeps `count` answers of `length` bytes.
pub(crate) async fn fill<S: ResponseStore>(store: Arc<S>, count: usize, length: usize) {
    let kept = Kept::new(store, personal(), vec![fresh(&"x".repeat(length))]).await;
    for number in 0..count {
        kept.get(&BOB, &format!("/todos/{number}"), &[]).await;
    }
}

/// Who calls: organization, person, and which of the permission sets they hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Who(&'static str, &'static str, usize);

const BOB: Who = Who("acme", "bob", 0);
const PERMISSIONS: [&[&str]; 3] =
    [&["todos.read"], &["todos.read", "todos.write"], &["todos.read", "org.admin"]];

impl Who {
    fn principal(self) -> Principal {
        let permissions = PERMISSIONS[self.2].iter().map(|&name| name.to_owned()).collect();
        Principal::new("https://idp.example", self.1, self.0)
            .with_roles(vec![], Entitlements::new(permissions, |_| true))
    }

    fn token(self) -> String {
        format!("{}/{}/{}", self.0, self.1, self.2)
    }
}

impl TokenSource for Who {
    async fn token(&self, _: TokenRequest<'_>) -> Result<BearerToken, TokenError> {
        Ok(BearerToken::new(&Self::token(*self)).expect("fits a header"))
    }

    async fn fresh(&self, _: TokenRequest<'_>, _: &BearerToken) -> Result<BearerToken, TokenError> {
        Err(TokenError::Refused)
    }
}

/// A gateway that keeps answers, before an upstream.
struct Kept {
    world: World,
    upstream: Upstream,
    cache: Arc<ResponseCache>,
    clock: Arc<TestClock>,
}

impl Kept {
    async fn new(store: Store, rule: CacheRule, script: Vec<Reply>) -> Self {
        let upstream = Upstream::start(script).await;
        let route = |methods: &[&str], cache: Option<CacheRule>| RouteSpec {
            methods: methods.iter().map(|&method| method.to_owned()).collect(),
            path: "/todos/**".to_owned(),
            permissions: vec!["todos.read".to_owned()],
            cache,
            ..RouteSpec::default()
        };
        let spec = BackendSpec {
            // Its own address makes it a remote that no other test has.
            id: format!("acme.todos-{}", upstream.address.port()),
            routes: vec![route(&["GET"], Some(rule)), route(&["POST", "DELETE"], None)],
            retries: 0,
            ..spec(&format!("http://{}", upstream.address))
        };
        let clock = Arc::new(TestClock::default());
        let cache = Arc::new(ResponseCache::new(store, clock.clone(), 10_000));
        let mut world = World::with(spec);
        world.gateway = world.gateway.with_cache(Arc::clone(&cache));
        Self { world, upstream, cache, clock }
    }

    async fn send(&self, who: &Who, method: &str, path: &str, fields: &[(&str, &str)]) -> Response<Bytes> {
        self.try_send(who, method, path, fields).await.expect("an answer")
    }

    async fn try_send(
        &self,
        who: &Who,
        method: &str,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Result<Response<Bytes>, portico_gateway::CallError> {
        let principal = who.principal();
        let call = Call {
            remote: &self.world.remote,
            principal: Some(&principal),
            tokens: who,
            client: self.world.client,
            caller: CallerKey::session([0; 16]),
            traceparent: None,
            trace: None,
            until: None,
        };
        let path = format!("/bff/{}{path}", self.world.remote.id());
        let (head, body) =
            self.world.gateway.call(call, request(method, &path, fields)).await.result?.into_parts();
        Ok(Response::from_parts(head, body.collect().await.expect("a whole body").to_bytes()))
    }

    async fn get(&self, who: &Who, path: &str, fields: &[(&str, &str)]) -> Response<Bytes> {
        self.send(who, "GET", path, fields).await
    }

    fn pass(&self, seconds: i64) {
        self.clock.advance(time::Duration::seconds(seconds));
    }

    /// How many requests have arrived at the upstream.
    fn calls(&self) -> usize {
        self.upstream.arrived().len()
    }

    /// Waits until so many have, for what happens behind the caller's back.
    async fn called(&self, times: usize) {
        for _ in 0..500 {
            if self.calls() >= times {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{} calls instead of {times}", self.calls());
    }

    /// Waits until nobody can join a call any more: an answer is found a moment before its call has ended.
    async fn landed(&self) {
        for _ in 0..500 {
            if self.cache.calls_under_way() == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("a call never ended");
    }
}

fn personal() -> CacheRule {
    CacheRule::default()
}

fn seconds(seconds: u64) -> Option<Duration> {
    Some(Duration::from_secs(seconds))
}

fn fresh(body: &str) -> Reply {
    answer("200 OK", &["cache-control: max-age=60"], body)
}

fn text(response: &Response<Bytes>) -> &str {
    std::str::from_utf8(response.body()).expect("text")
}

fn field<'r>(response: &'r Response<Bytes>, name: &str) -> &'r str {
    response.headers().get(name).map_or("", |value| value.to_str().expect("text"))
}

async fn fresh_answers_are_given_without_a_call(store: Store) {
    let kept = Kept::new(store, personal(), vec![fresh("one"), fresh("two")]).await;
    for _ in 0..3 {
        assert_eq!(text(&kept.get(&BOB, "/todos?a=1", &[]).await), "one");
    }
    kept.pass(30);
    let hit = kept.get(&BOB, "/todos?a=1", &[]).await;
    assert!((30..40).contains(&field(&hit, "age").parse::<u32>().expect("a number")));
    assert_eq!(field(&hit, "cache-control"), "private, no-cache", "the browser asks each time");
    let head = kept.send(&BOB, "HEAD", "/todos?a=1", &[]).await;
    assert!(head.body().is_empty() && field(&head, "content-length") == "3");
    assert_eq!(kept.calls(), 1);
    assert_eq!(text(&kept.get(&BOB, "/todos?a=2", &[]).await), "two", "another URI is another answer");
    let reload = kept.get(&BOB, "/todos?a=1", &[("cache-control", "no-cache")]).await;
    assert_eq!((text(&reload), kept.calls()), ("two", 3), "a reload asks");
    kept.pass(61);
    kept.get(&BOB, "/todos?a=1", &[]).await;
    assert_eq!(kept.calls(), 4, "it is no longer fresh");
}

async fn what_forbids_keeping_is_obeyed(store: Store) {
    let organization = CacheRule { scope: CacheScope::Organization, ..personal() };
    let lasting = |rule: &CacheRule| CacheRule { max_age: seconds(600), ..rule.clone() };
    for (rule, fields) in [
        (personal(), &["cache-control: no-store"][..]),
        (lasting(&personal()), &["cache-control: max-age=60, no-store"]),
        (personal(), &["cache-control: max-age=60", "set-cookie: a=b"]),
        (lasting(&personal()), &["set-cookie: a=b"]),
        (personal(), &["cache-control: max-age=60", "vary: *"]),
        (personal(), &["cache-control: max-age=60", "vary: x-forwarded-for"]),
        (personal(), &[]),
        // What is for many (RFC 9111, section 3.5) has to say so itself, unless the route does.
        (organization.clone(), &["cache-control: max-age=60"]),
        (lasting(&organization), &["cache-control: private, max-age=60"]),
        (lasting(&organization), &["vary: authorization"]),
    ] {
        let kept = Kept::new(Arc::clone(&store), rule, vec![answer("200 OK", fields, "x")]).await;
        kept.get(&BOB, "/todos", &[]).await;
        kept.get(&BOB, "/todos", &[]).await;
        assert_eq!(kept.calls(), 2, "{fields:?}");
    }
    for (rule, fields) in [
        (lasting(&personal()), &["cache-control: no-cache", "expires: 0", "pragma: no-cache"][..]),
        (personal(), &["cache-control: private, max-age=60", "vary: authorization, origin"]),
        (organization.clone(), &["cache-control: public, max-age=60"]),
        (lasting(&organization), &[]),
    ] {
        let kept = Kept::new(Arc::clone(&store), rule, vec![answer("200 OK", fields, "x")]).await;
        kept.get(&BOB, "/todos", &[]).await;
        kept.get(&BOB, "/todos", &[]).await;
        assert_eq!(kept.calls(), 1, "{fields:?}");
    }
    let failing = vec![answer("500 Oops", &["cache-control: max-age=60"], "x")];
    let kept = Kept::new(store, lasting(&personal()), failing).await;
    kept.get(&BOB, "/todos", &[]).await;
    kept.get(&BOB, "/todos", &[]).await;
    assert_eq!(kept.calls(), 2, "a failure is not kept");
}

async fn a_browser_that_has_it_is_told_so(store: Store) {
    let tagged =
        answer("200 OK", &["cache-control: max-age=60", "etag: \"v1\"", "content-type: text/plain"], "one");
    let kept = Kept::new(Arc::clone(&store), personal(), vec![tagged]).await;
    let first = kept.get(&BOB, "/todos", &[("if-none-match", "\"v0\"")]).await;
    assert_eq!((first.status().as_u16(), text(&first), field(&first, "etag")), (200, "one", "\"v1\""));
    assert_eq!(kept.upstream.only().all("if-none-match"), Vec::<&str>::new(), "a whole answer is asked for");
    let again = kept.get(&BOB, "/todos", &[("if-none-match", "\"v1\"")]).await;
    assert_eq!((again.status().as_u16(), text(&again), field(&again, "etag")), (304, "", "\"v1\""));
    assert_eq!(field(&again, "content-type"), "");
    assert_eq!(kept.calls(), 1);
    let untagged =
        Kept::new(store, CacheRule { browser: seconds(30), ..personal() }, vec![fresh("one")]).await;
    let first = untagged.get(&BOB, "/todos", &[]).await;
    assert!(field(&first, "etag").starts_with("W/\""), "one is made where the upstream gives none");
    assert_eq!(field(&first, "cache-control"), "private, max-age=30");
    let again = untagged.get(&BOB, "/todos", &[("if-none-match", field(&first, "etag"))]).await;
    assert_eq!((again.status().as_u16(), untagged.calls()), (304, 1));
}

async fn an_upstream_is_asked_whether_it_still_holds(store: Store) {
    let tagged =
        |status: &str, body: &str| answer(status, &["cache-control: max-age=60", "etag: \"v1\""], body);
    let script = vec![tagged("200 OK", "one"), tagged("304 Not Modified", ""), tagged("200 OK", "two")];
    let kept = Kept::new(store, personal(), script).await;
    kept.get(&BOB, "/todos", &[]).await;
    kept.pass(61);
    let held = kept.get(&BOB, "/todos", &[]).await;
    assert_eq!((held.status().as_u16(), text(&held)), (200, "one"));
    assert_eq!(kept.upstream.arrived()[1].field("if-none-match"), "\"v1\"");
    assert_eq!(text(&kept.get(&BOB, "/todos", &[]).await), "one");
    assert_eq!(kept.calls(), 2, "it is fresh again");
    kept.pass(61);
    assert_eq!(text(&kept.get(&BOB, "/todos", &[]).await), "two");
}

async fn many_who_ask_at_once_make_one_call(store: Store) {
    let slow = Reply::After(Duration::from_millis(200), Box::new(fresh("one")));
    let kept = Kept::new(Arc::clone(&store), personal(), vec![slow]).await;
    let all = futures::future::join_all((0..50).map(|_| kept.get(&BOB, "/todos", &[]))).await;
    assert!(all.iter().all(|answer| text(answer) == "one"));
    assert_eq!(kept.calls(), 1);
    assert_eq!(kept.cache.counts().joined, 49);
    // What is not kept is everybody's own, and nobody stands in a queue for it.
    let own = Reply::After(
        Duration::from_millis(200),
        Box::new(answer("200 OK", &["cache-control: no-store"], "own")),
    );
    let kept = Kept::new(store, personal(), vec![own]).await;
    let begun = std::time::Instant::now();
    futures::future::join_all((0..20).map(|_| kept.get(&BOB, "/todos", &[]))).await;
    assert_eq!(kept.calls(), 20);
    assert!(begun.elapsed() < Duration::from_secs(3), "one after the other would take four seconds");
}

async fn whoever_waits_takes_over_when_the_first_is_gone(store: Store) {
    let slow = Reply::After(Duration::from_millis(300), Box::new(fresh("one")));
    let kept = Kept::new(store, personal(), vec![slow]).await;
    let first = tokio::time::timeout(Duration::from_millis(100), kept.get(&BOB, "/todos", &[]));
    let (first, second) = tokio::join!(first, async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        kept.get(&BOB, "/todos", &[]).await
    });
    assert!(first.is_err(), "its caller went away");
    assert_eq!((text(&second), kept.calls()), ("one", 2));
}

async fn an_old_answer_is_given_while_a_new_one_is_fetched(store: Store) {
    let rule = CacheRule { stale_while_revalidate: seconds(30), ..personal() };
    let slow = Reply::After(Duration::from_secs(1), Box::new(fresh("two")));
    let kept = Kept::new(store, rule, vec![fresh("one"), slow]).await;
    kept.get(&BOB, "/todos", &[]).await;
    kept.pass(70);
    let begun = std::time::Instant::now();
    let all = futures::future::join_all((0..10).map(|_| kept.get(&BOB, "/todos", &[]))).await;
    assert!(all.iter().all(|answer| text(answer) == "one"));
    assert!(begun.elapsed() < Duration::from_millis(900), "nobody waits for the new one");
    kept.called(2).await;
    for _ in 0..500 {
        if text(&kept.get(&BOB, "/todos", &[]).await) == "two" {
            assert_eq!(kept.calls(), 2, "it was fetched once");
            assert_eq!(kept.upstream.arrived()[1].field("authorization"), "Bearer acme/bob/0");
            kept.landed().await;
            kept.pass(60 + 31);
            assert_eq!(text(&kept.get(&BOB, "/todos", &[]).await), "two");
            assert_eq!(kept.calls(), 3, "after that time everybody waits for a new one");
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the new answer never came");
}

async fn an_old_answer_stands_in_for_a_failing_upstream(store: Store) {
    let rule = CacheRule { stale_if_error: seconds(100), ..personal() };
    for failure in
        [answer("503 Down", &[], "x"), Reply::Close, Reply::Hang, Reply::Last("nonsense\r\n\r\n".to_owned())]
    {
        let kept = Kept::new(Arc::clone(&store), rule.clone(), vec![fresh("one"), failure.clone()]).await;
        kept.get(&BOB, "/todos", &[]).await;
        kept.pass(70);
        assert_eq!(text(&kept.get(&BOB, "/todos", &[]).await), "one", "{failure:?}");
        assert!(kept.calls() >= 2, "the upstream was asked");
        kept.pass(100);
        let after = kept.try_send(&BOB, "GET", "/todos", &[]).await;
        assert!(after.is_err() || after.is_ok_and(|answer| answer.status() == 503), "{failure:?}");
    }
    let strict = answer("200 OK", &["cache-control: max-age=60, must-revalidate"], "one");
    let kept = Kept::new(Arc::clone(&store), rule.clone(), vec![strict, answer("503 Down", &[], "x")]).await;
    kept.get(&BOB, "/todos", &[]).await;
    kept.pass(70);
    assert_eq!(kept.get(&BOB, "/todos", &[]).await.status(), 503, "must-revalidate is obeyed");
    let refused = Kept::new(store, rule, vec![fresh("one"), answer("403 Forbidden", &[], "no")]).await;
    refused.get(&BOB, "/todos", &[]).await;
    refused.pass(70);
    assert_eq!(refused.get(&BOB, "/todos", &[]).await.status(), 403, "a refusal is no failure");
}

async fn answers_are_told_apart_by_what_they_vary_by(store: Store) {
    let fields = ["cache-control: max-age=60", "vary: accept-language, x-view"];
    let script = ["one", "two", "three"].map(|body| answer("200 OK", &fields, body));
    let kept = Kept::new(store, personal(), script.to_vec()).await;
    let ask = |language: &'static str, view: &'static str| [("accept-language", language), ("x-view", view)];
    for _ in 0..2 {
        assert_eq!(text(&kept.get(&BOB, "/todos", &ask("en", "a")).await), "one");
        assert_eq!(text(&kept.get(&BOB, "/todos", &ask("de", "a")).await), "two");
        assert_eq!(text(&kept.get(&BOB, "/todos", &ask("en", "b")).await), "three");
    }
    assert_eq!(kept.calls(), 3);
    assert_eq!(field(&kept.get(&BOB, "/todos", &ask("en", "a")).await, "vary"), "accept-language, x-view");
}

async fn a_change_makes_old_what_is_kept_of_it_and_above_it(store: Store) {
    let lasting = CacheRule { max_age: seconds(600), scope: CacheScope::Organization, ..personal() };
    let ann = Who("acme", "ann", 1);
    let carol = Who("globex", "carol", 0);
    let kept = Kept::new(Arc::clone(&store), lasting.clone(), vec![answer("200 OK", &[], "x")]).await;
    let paths = ["/todos", "/todos?status=open", "/todos/7", "/todos/8"];
    let fetch = async || {
        let before = kept.calls();
        let mut asked = Vec::new();
        for (who, path) in paths.iter().map(|path| (BOB, path)).chain([(ann, &paths[0]), (carol, &paths[0])])
        {
            let calls = kept.calls();
            kept.get(&who, path, &[]).await;
            if kept.calls() > calls {
                asked.push((who.1, *path));
            }
        }
        assert_eq!(kept.calls() - before, asked.len());
        asked
    };
    assert_eq!(fetch().await.len(), 6);
    assert_eq!(fetch().await, []);
    kept.send(&ann, "DELETE", "/todos/7", &[]).await;
    let again = [("bob", "/todos"), ("bob", "/todos?status=open"), ("bob", "/todos/7"), ("ann", "/todos")];
    assert_eq!(fetch().await, again, "whoever changed it, for everyone in the organization, and nobody else");
    let refusing =
        vec![answer("200 OK", &[], "x"), answer("409 Conflict", &[], "no"), answer("200 OK", &[], "y")];
    let refused = Kept::new(store, lasting, refusing).await;
    refused.get(&BOB, "/todos", &[]).await;
    refused.send(&BOB, "POST", "/todos", &[]).await;
    assert_eq!(text(&refused.get(&BOB, "/todos", &[]).await), "x", "what was refused changed nothing");
}

async fn an_answer_from_before_a_change_is_not_kept_after_it(store: Store) {
    let slow = Reply::After(Duration::from_millis(300), Box::new(fresh("before")));
    let script = vec![slow, answer("204 No Content", &[], ""), fresh("after")];
    let kept = Kept::new(store, personal(), script).await;
    let (before, after) = tokio::join!(kept.get(&BOB, "/todos", &[]), async {
        kept.called(1).await;
        kept.send(&BOB, "POST", "/todos", &[]).await;
        kept.get(&BOB, "/todos", &[]).await
    });
    assert_eq!((text(&before), text(&after)), ("before", "after"));
    assert_eq!(text(&kept.get(&BOB, "/todos", &[]).await), "after");
}

async fn what_is_too_long_passes(store: Store) {
    let long = "x".repeat(20_000);
    let chunked = format!(
        "HTTP/1.1 200 OK\r\ncache-control: max-age=60\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{long}\r\n0\r\n\r\n",
        long.len()
    );
    for reply in [fresh(&long), Reply::Bytes(chunked)] {
        let kept = Kept::new(Arc::clone(&store), personal(), vec![reply]).await;
        for calls in 1..3 {
            assert_eq!(text(&kept.get(&BOB, "/todos", &[]).await), long);
            assert_eq!(kept.calls(), calls);
        }
    }
    let cut = "HTTP/1.1 200 OK\r\ncache-control: max-age=60\r\ncontent-length: 100\r\n\r\nshort";
    let kept = Kept::new(store, personal(), vec![Reply::Last(cut.to_owned()), fresh("whole")]).await;
    assert!(kept.try_send(&BOB, "GET", "/todos", &[]).await.is_err(), "half an answer is none");
    assert_eq!(text(&kept.get(&BOB, "/todos", &[]).await), "whole");
}

/// Any mixture of organizations, persons and permission sets asks for the same few URIs. What comes back names the token
/// that the upstream was asked with, so an answer that crossed a border tells on itself.
async fn case_52_no_answer_crosses_organization_permissions_or_person(store: Store) {
    let who = (
        prop::sample::select(vec!["acme", "globex", "acme.x"]),
        prop::sample::select(vec!["bob", "ann", "x.bob"]),
        0..PERMISSIONS.len(),
    );
    let calls =
        prop::collection::vec((who, prop::sample::select(vec!["/todos", "/todos?a=1", "/todos/7"])), 1..40);
    let cases = (calls, any::<bool>());
    let mut runner = TestRunner::new(Config { cases: 24, failure_persistence: None, ..Config::default() });
    let mut served = 0;
    for _ in 0..runner.config().cases {
        let (calls, personal_scope) = cases.new_tree(&mut runner).expect("a case").current();
        let scope = if personal_scope { CacheScope::Person } else { CacheScope::Organization };
        let rule = CacheRule { scope, max_age: seconds(600), ..personal() };
        let kept = Kept::new(Arc::clone(&store), rule, vec![Reply::Echo(vec![])]).await;
        let mut asked = std::collections::HashSet::new();
        for ((organization, person, permissions), path) in &calls {
            let who = Who(organization, person, *permissions);
            let answer = kept.get(&who, path, &[]).await;
            let told: serde_json::Value = serde_json::from_slice(answer.body()).expect("JSON");
            let told = told["who"].as_str().expect("text").trim_start_matches("Bearer ").to_owned();
            let own = |known: &str| match scope {
                CacheScope::Person => told == known,
                CacheScope::Organization => {
                    let parts: Vec<&str> = told.split('/').collect();
                    parts[0] == *organization && parts[2] == permissions.to_string()
                }
            };
            assert!(own(&who.token()), "{who:?} was given the answer for {told}");
            let person = if personal_scope { *person } else { "" };
            asked.insert((*organization, person, *permissions, *path));
        }
        let arrived = kept.upstream.arrived();
        assert_eq!(arrived.len(), asked.len(), "one call for each that may not share");
        served += calls.len() - arrived.len();
    }
    assert!(served > 0, "answers were shared at all");
}

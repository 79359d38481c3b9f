//! Two instances of one portal that share PostgreSQL and the event log: whichever a load balancer picks, it is one portal.

use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::json;

use crate::events::{publish, publish_at, with};
use crate::postgres::Postgres;
use crate::test_app::{Instance, TestApp, WebSocket, agree, eventually};

/// One portal on two instances.
struct World {
    first: TestApp,
    second: Instance,
    _postgres: Postgres,
}

impl World {
    async fn start() -> Self {
        let postgres = Postgres::start().await;
        let url = postgres.url("postgres");
        let first = TestApp::configured(|config| {
            std::fs::create_dir_all(&config.data_dir).expect("a directory");
            let file = config.data_dir.join("database-url");
            std::fs::write(&file, url).expect("the file can be written");
            config.storage.database_url_file = Some(file);
        })
        .await;
        let second = first.second_instance().await;
        let trusted = || first.state.sessions.trusts_memory() && second.state.sessions.trusts_memory();
        eventually("the revocation feed is heard", trusted).await;
        Self { first, second, _postgres: postgres }
    }

    /// The same path on the second instance.
    fn there(&self, path: &str) -> String {
        format!("{}{path}", self.second.origin)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_16_a_cookie_is_refused_on_every_instance_within_a_second_of_logout() {
    let world = World::start().await;
    world.first.events_ready().await;
    let bob = world.first.signed_in("bob").await;
    let stolen = bob.copy();
    let session = world.there("/api/platform/session");
    stolen.get(&session).send().await.expect(200);
    let mut stream = stolen.get(&world.there("/stream")).open().await.expect("a stream");
    stream.opened().await;
    bob.post("/auth/logout").send().await.expect(303);
    let ended = Instant::now();
    stolen.get("/api/platform/session").send().await.problem(401);
    while stolen.get(&session).send().await.status != 401 {
        assert!(ended.elapsed() < Duration::from_secs(10), "the other instance never heard of it");
    }
    println!("refused on the other instance after {:?}", ended.elapsed());
    let bye = stream.rest().await;
    assert!(bye.iter().any(|event| event.kind == "bye"), "the stream there is told: {bye:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_18_fifty_parallel_calls_on_two_instances_lead_to_one_refresh() {
    let world = World::start().await;
    let bob = world.first.signed_in("bob").await;
    let there = world.there("/bff/acme.todos/todos");
    bob.get(&there).send().await.expect(200);
    world.first.pass(time::Duration::minutes(6));
    let calls = (0..50).map(|n| {
        let url = if n % 2 == 0 { "/bff/acme.todos/todos" } else { there.as_str() };
        bob.get(url).send()
    });
    for answer in join_all(calls).await {
        answer.expect(200);
    }
    assert_eq!(world.first.outbound.count("refresh_token"), 1);
    world.first.pass(time::Duration::minutes(6));
    bob.get(&there).send().await.expect(200);
    assert_eq!(world.first.outbound.count("refresh_token"), 2, "the rotated token serves on both");
}

/// The promise is about requests that begin a second after the removal: how long one takes is the machine's affair.
#[tokio::test(flavor = "multi_thread")]
async fn case_51_a_member_removed_on_one_instance_is_refused_on_the_other_within_a_second() {
    let world = World::start().await;
    world.first.events_ready().await;
    let (alice, bob) = (world.first.signed_in("alice").await, world.first.signed_in("bob").await);
    let (todos, session) = (world.there("/bff/acme.todos/todos"), world.there("/api/platform/session"));
    bob.get(&todos).send().await.expect(200);
    let mut stream = bob.get(&world.there("/stream")).open().await.expect("a stream");
    stream.opened().await;
    let members = alice.get("/api/platform/members").send().await.expect(200).json();
    let member = members.as_array().into_iter().flatten().find(|member| member["name"] == "Bob Baker");
    let id = member.and_then(|member| member["id"].as_str()).expect("bob is a member").to_owned();

    alice.post(&format!("/api/platform/members/{id}/remove")).send().await.expect(200);
    let removed = Instant::now();
    loop {
        let begun = removed.elapsed();
        if bob.get(&session).send().await.status == 401 {
            break;
        }
        assert!(begun < Duration::from_secs(1), "still served {begun:?} after the removal");
    }
    println!("refused on the other instance after {:?}", removed.elapsed());
    let calls = world.first.todos.seen().len();
    bob.get(&todos).send().await.problem(401);
    assert_eq!(world.first.todos.seen().len(), calls, "nothing reaches the service");
    let bye = stream.rest().await;
    assert!(bye.iter().any(|event| event.kind == "bye"), "the stream there is told: {bye:?}");
    bob.get(&world.there("/stream")).send().await.problem(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_began_on_one_instance_ends_on_the_other() {
    let world = World::start().await;
    let browser = world.first.browser();
    let callback = browser.up_to_callback("/auth/login?login_hint=alice").await;
    let there = world.there(&format!("{}?{}", callback.path(), callback.query().unwrap_or_default()));
    browser.get(&there).sent_from("cross-site").send().await.expect(303);
    browser.get("/api/platform/session").send().await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_66_a_stream_resumes_on_the_other_instance_without_gap_or_repeat() {
    let world = World::start().await;
    world.first.events_ready().await;
    let bob = world.first.signed_in("bob").await;
    let publish_number = async |n: u32| {
        let event = with(&json!({ "id": format!("n{n}"), "data": { "n": n } }));
        publish(&bob, &event).await.expect(202);
    };
    let mut stream = bob.get("/stream").open().await.expect("a stream");
    stream.opened().await;
    publish_number(1).await;
    let first = stream.next_event().await;
    assert_eq!(first.json()["data"]["n"], 1);
    drop(stream);
    publish_number(2).await;
    let mut resumed =
        bob.get(&world.there("/stream")).header("last-event-id", &first.id).open().await.expect("a stream");
    publish_number(3).await;
    let (second, third) = (resumed.next_event().await, resumed.next_event().await);
    assert_eq!((&second.json()["data"]["n"], &third.json()["data"]["n"]), (&json!(2), &json!(3)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_sent_again_to_the_other_instance_is_answered_the_same_and_published_once() {
    let world = World::start().await;
    world.first.events_ready().await;
    let bob = world.first.signed_in("bob").await;
    let there = world.there("/events");
    let (event, other) = (with(&json!({ "id": "once" })), with(&json!({ "id": "once", "data": "another" })));
    let instances = ["/events", &there];
    for answer in join_all((0..10).map(|n| publish_at(instances[n % 2], &bob, &event))).await {
        assert_eq!(answer.expect(202).json(), json!({ "id": "once" }));
    }
    let published = [&world.first.state, &world.second.state]
        .map(|state| state.events.gateway().metrics().published.get());
    assert_eq!(published.iter().sum::<u64>(), 1, "{published:?}");
    for url in instances {
        assert_eq!(publish_at(url, &bob, &other).await.problem_kind(409), "event-id-reused");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_78_without_the_store_there_is_503_and_never_anonymous_access() {
    let world = World::start().await;
    let bob = world.first.signed_in("bob").await;
    let World { first, second, _postgres } = world;
    drop(_postgres);
    let trusted = || first.state.sessions.trusts_memory() || second.state.sessions.trusts_memory();
    eventually("memory is not trusted any more", || !trusted()).await;
    for url in ["/api/platform/session".to_owned(), format!("{}/api/platform/session", second.origin)] {
        bob.get(&url).send().await.problem(503);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_web_socket_ends_within_a_second_of_a_logout_on_the_other_instance() {
    let world = World::start().await;
    let bob = world.first.signed_in("bob").await;
    world.first.todos.answers(agree);
    let there = world.second.origin.trim_start_matches("http://").parse().expect("an address");
    for (at, elsewhere) in [(there, String::new()), (world.first.addr, world.second.origin.clone())] {
        bob.login("bob").await;
        let mut socket = WebSocket::open(at, &bob, "/bff/acme.todos/live/feed", "", b"").await;
        socket.answer.expect(101);
        socket.say(1, b"hello").await;
        assert_eq!(socket.read(11).await, b"\x81\x85\0\0\0\0hello");
        bob.post(&format!("{elsewhere}/auth/logout")).send().await.expect(303);
        let ended = Instant::now();
        let rest = socket.rest().await;
        assert_eq!(rest.get(2..4), Some(4401_u16.to_be_bytes().as_slice()), "{rest:?}");
        println!("closed on the other instance after {:?}", ended.elapsed());
        assert!(ended.elapsed() < Duration::from_secs(1), "{:?}", ended.elapsed());
    }
    eventually("the upstream's connections end too", || {
        let switched = world.first.todos.switched();
        switched.len() == 2 && switched.iter().all(|one| one.is_over)
    })
    .await;
}

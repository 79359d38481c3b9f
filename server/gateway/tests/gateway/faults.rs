use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use http_body_util::Full;

use crate::world::{Reply, Upstream, World, answer, ok, spec};

#[tokio::test]
async fn an_answer_that_nobody_asked_for_is_given_to_nobody() {
    let twice =
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nfirstHTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison";
    let late = Reply::Slowly(
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nfirst".to_owned(),
        Duration::from_millis(20),
        "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison".to_owned(),
    );
    for poisoned in [Reply::Bytes(twice.to_owned()), late] {
        let upstream = Upstream::start(vec![poisoned, answer("200 OK", &[], "mine")]).await;
        let world = World::before(&upstream);
        assert_eq!(world.call("GET", "/bff/acme.todos/todos/1").await.response().body(), "first");
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(world.call("GET", "/bff/acme.todos/todos/2").await.response().body(), "mine");
        assert_eq!(upstream.arrived()[1].connection, 1, "the poisoned connection is closed");
    }
}

#[tokio::test]
async fn a_head_in_pieces_and_informational_answers_are_read_to_the_final_one() {
    let pieces = Reply::Slowly(
        "HTTP/1.1 103 Early Hints\r\nlink: </x>; rel=preload\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 2"
            .to_owned(),
        Duration::from_millis(30),
        "00 OK\r\ncontent-length: 4\r\n\r\nfine".to_owned(),
    );
    let upstream = Upstream::start(vec![pieces]).await;
    let seen = World::before(&upstream).call("GET", "/bff/acme.todos/todos").await;
    assert_eq!(seen.response().body(), "fine");
    assert!(!seen.response().headers().contains_key("link"));
}

/// Every third answer is a fault, while many calls are under way.
fn faulty() -> (Vec<Reply>, usize) {
    let kinds = [
        ok(),
        Reply::Close,
        ok(),
        ok(),
        Reply::Reset,
        ok(),
        ok(),
        Reply::Last("HTTP/1.1 200 OK\r\ncontent-le".to_owned()),
        ok(),
    ];
    let script: Vec<Reply> = (0..2000).map(|n| kinds[n % kinds.len()].clone()).collect();
    let faults = script.iter().filter(|reply| !matches!(reply, Reply::Bytes(_))).count();
    (script, faults)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_49_under_load_with_faults_no_post_arrives_twice_and_no_answer_is_wrong() {
    let (script, planned) = faulty();
    let upstream = Upstream::start(script).await;
    let mut spec = spec(&format!("http://{}", upstream.address));
    spec.retries = 1;
    // A third of the calls fail by plan, and each is to be made.
    spec.resilience.breaker.consecutive = 0;
    spec.resilience.breaker.percent = 0;
    let world = Arc::new(World::with(spec));
    let calls: Vec<_> = (0..40)
        .map(|caller| {
            let world = Arc::clone(&world);
            tokio::spawn(async move {
                let mut statuses = Vec::new();
                for turn in 0..25 {
                    let key = format!("{caller}-{turn}");
                    let body = Full::from(key.clone());
                    let post =
                        Request::post("/bff/acme.todos/todos").header("idempotency-key", &key).body(body);
                    let seen = world.send(post.expect("a request")).await;
                    if seen.status() == 200 {
                        assert_eq!(seen.response().body(), "fine");
                    }
                    statuses.push(seen.status());
                }
                statuses
            })
        })
        .collect();
    let mut statuses: HashMap<u16, usize> = HashMap::new();
    for call in calls {
        call.await
            .expect("no panic")
            .into_iter()
            .for_each(|status| *statuses.entry(status).or_default() += 1);
    }
    let arrived = upstream.arrived();
    let mut times: HashMap<&str, usize> = HashMap::new();
    for request in &arrived {
        let key = request.field("idempotency-key");
        assert_eq!(request.body, key.as_bytes(), "each body belongs to its own head");
        *times.entry(key).or_default() += 1;
    }
    assert!(times.values().all(|times| *times == 1), "a POST arrived more than once");
    assert_eq!(arrived.len(), 1000, "and each arrived");
    assert_eq!(statuses.values().sum::<usize>(), 1000);
    let failed = statuses.get(&502).copied().unwrap_or_default();
    assert!(planned > 600 && (330..=340).contains(&failed), "a third met a fault: {statuses:?}");
}

//! Upstreams that go away, die and come back while many calls are under way on few connections.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;

use super::upstream::{Act, Http2Upstream, Terms};
use super::{eventually, world_at};
use crate::world::{World, with_body};

const CALLERS: usize = 32;

/// Calls, one after the other by each caller, a third of them POSTs; how often they came to which status, 0 for an answer
/// that is another's.
struct Load {
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
    callers: JoinSet<HashMap<u16, usize>>,
}

impl Load {
    fn on(world: &Arc<World>) -> Self {
        let (stop, answered) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let mut callers = JoinSet::new();
        for caller in 0..CALLERS {
            let (world, stop, answered) = (Arc::clone(world), Arc::clone(&stop), Arc::clone(&answered));
            callers.spawn(async move {
                let mut statuses = HashMap::new();
                for turn in 0.. {
                    if stop.load(Ordering::SeqCst) {
                        break;
                    }
                    let key = format!("{caller}-{turn}");
                    let request = match turn % 3 {
                        0 => with_body("POST", &format!("/bff/acme.todos/todos/{key}"), &[], &key),
                        _ => with_body("GET", &format!("/bff/acme.todos/todos/{key}"), &[], ""),
                    };
                    let seen = world.send(request).await;
                    let right = seen.status() != 200 || seen.response().body() == key.as_bytes();
                    *statuses.entry(if right { seen.status() } else { 0 }).or_default() += 1;
                    answered.fetch_add(1, Ordering::SeqCst);
                }
                statuses
            });
        }
        Self { stop, answered, callers }
    }

    async fn more(&self, calls: usize) {
        let goal = self.answered.load(Ordering::SeqCst) + calls;
        eventually("calls are answered", || self.answered.load(Ordering::SeqCst) >= goal).await;
    }

    async fn end(self) -> HashMap<u16, usize> {
        self.stop.store(true, Ordering::SeqCst);
        let mut all = HashMap::new();
        for statuses in self.callers.join_all().await {
            statuses.into_iter().for_each(|(status, times)| *all.entry(status).or_default() += times);
        }
        all
    }
}

/// Answers with the last part of the path, a moment later.
async fn upstream() -> Http2Upstream {
    Http2Upstream::start(Terms::default(), |arrived| {
        let key = arrived.path().rsplit('/').next().unwrap_or_default().to_owned();
        Act::After(Duration::from_millis(3), key.into())
    })
    .await
}

fn no_post_arrived_twice(upstreams: &[&Http2Upstream]) {
    let mut times: HashMap<String, usize> = HashMap::new();
    for arrived in upstreams.iter().flat_map(|upstream| upstream.arrived()) {
        if arrived.head.method() == http::Method::POST {
            *times.entry(arrived.path().to_owned()).or_default() += 1;
        }
    }
    assert!(times.len() > 10 && times.values().all(|times| *times == 1), "a POST arrived more than once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upstream_that_goes_away_in_order_under_load_loses_no_call() {
    let upstream = upstream().await;
    let world = world_at(&[upstream.address]);
    let load = Load::on(&world);
    let mut in_flight = 0;
    for _ in 0..10 {
        load.more(100).await;
        in_flight += upstream.under_way();
        upstream.go_away();
    }
    load.more(100).await;
    let statuses = load.end().await;
    println!(
        "10 GOAWAYs, {in_flight} calls under way at them, {} connections: {statuses:?}",
        upstream.connections()
    );
    assert!(in_flight > 0 && upstream.connections() > 2);
    assert_eq!(statuses.keys().collect::<Vec<_>>(), [&200], "{statuses:?}");
    no_post_arrived_twice(&[&upstream]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_49_an_upstream_that_dies_under_load_costs_what_was_under_way_there_and_no_more() {
    let (dying, staying) = (upstream().await, upstream().await);
    let world = world_at(&[dying.address, staying.address]);
    let load = Load::on(&world);
    load.more(500).await;
    let in_flight = dying.under_way();
    dying.kill();
    load.more(1_000).await;
    let statuses = load.end().await;
    println!("1 upstream killed, {in_flight} calls under way there: {statuses:?}");
    assert!(in_flight > 0, "calls were under way");
    let failed: usize = statuses.iter().filter(|(status, _)| **status != 200).map(|(_, times)| times).sum();
    assert!(failed <= CALLERS, "only POSTs that were under way there can fail: {statuses:?}");
    assert!(!statuses.contains_key(&0), "no answer is another's: {statuses:?}");
    assert!(world.remote.snapshot().endpoints.iter().any(|endpoint| endpoint.failed > 0));
    no_post_arrived_twice(&[&dying, &staying]);
}

//! Upstreams that die, hang, reset, crawl and talk nonsense while many calls are under way. Counted is what arrived there
//! and what every caller got; each test says how many faults it injected and how many calls were under way when it began
//! to, and fails if that was none. Nothing is asserted about speed but that others go on; the times are printed.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use http_body_util::BodyExt as _;
use portico_gateway::{BreakerState, Place, UpstreamSnapshot};
use tokio::task::JoinSet;

use crate::world::{Arrived, Reply, Upstream, World, answer, spec, with_body};

/// Callers of the upstream that fails, and of the other.
const CALLERS: usize = 24;
const NEIGHBOURS: usize = 4;
/// How long a fault lasts: longer than a call's time limit, so that some end by it.
const LASTS: Duration = Duration::from_millis(900);
const TIMEOUT: Duration = Duration::from_millis(600);
const PROBE_INTERVAL: Duration = Duration::from_millis(300);

/// What an upstream does to a request while it is at fault.
type Fault = fn(&Arrived) -> Reply;

/// The right answer: the request's own number, from the body of a POST or the path of a GET.
fn right(arrived: &Arrived) -> Reply {
    answer("200 OK", &[], &number(arrived))
}

fn number(arrived: &Arrived) -> String {
    match arrived.body.is_empty() {
        true => arrived.target().rsplit('/').next().unwrap_or_default().to_owned(),
        false => String::from_utf8_lossy(&arrived.body).into_owned(),
    }
}

/// An upstream that can be put at fault, and counts how often it was.
struct Faulty {
    upstream: Upstream,
    at_fault: Arc<AtomicBool>,
    faults: Arc<AtomicUsize>,
}

impl Faulty {
    async fn start(fault: Fault) -> Self {
        let (at_fault, faults) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let upstream = Upstream::answering({
            let (at_fault, faults) = (Arc::clone(&at_fault), Arc::clone(&faults));
            move |arrived| {
                if !at_fault.load(Ordering::SeqCst) {
                    return right(arrived);
                }
                faults.fetch_add(1, Ordering::SeqCst);
                fault(arrived)
            }
        })
        .await;
        Self { upstream, at_fault, faults }
    }
}

/// What one caller got for one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Got {
    Right,
    /// An answer that is another's, or part of one passed off as whole.
    Wrong,
    /// An error, by its status; a body that broke off is 0.
    Failed(u16),
}

async fn call(world: &World, number: usize) -> Got {
    // Every third writes.
    let expected = number.to_string();
    let request = match number % 3 {
        0 => with_body("POST", "/bff/acme.todos/todos", &[], &expected),
        _ => with_body("GET", &format!("/bff/acme.todos/todos/{expected}"), &[], ""),
    };
    match world.begin(request).await {
        Err(error) => Got::Failed(error.status().as_u16()),
        Ok(response) if response.status() != 200 => Got::Failed(response.status().as_u16()),
        Ok(response) => match response.into_body().collect().await {
            Err(_) => Got::Failed(0),
            Ok(body) => {
                if body.to_bytes() == expected.as_bytes() {
                    Got::Right
                } else {
                    Got::Wrong
                }
            }
        },
    }
}

/// Calls one after the other until it is told to stop.
struct Load {
    stop: Arc<AtomicBool>,
    next: Arc<AtomicUsize>,
    right: Arc<AtomicUsize>,
    got: Arc<Mutex<HashMap<Got, usize>>>,
    times: Arc<Mutex<Vec<Duration>>>,
    callers: JoinSet<()>,
}

impl Load {
    /// Calls numbered from `first` on.
    fn on(world: &Arc<World>, callers: usize, first: usize) -> Self {
        let mut load = Self {
            stop: Arc::default(),
            next: Arc::new(AtomicUsize::new(first)),
            right: Arc::default(),
            got: Arc::default(),
            times: Arc::default(),
            callers: JoinSet::new(),
        };
        for _ in 0..callers {
            let (stop, next, right) =
                (Arc::clone(&load.stop), Arc::clone(&load.next), Arc::clone(&load.right));
            let (world, got, times) = (Arc::clone(world), Arc::clone(&load.got), Arc::clone(&load.times));
            load.callers.spawn(async move {
                while !stop.load(Ordering::SeqCst) {
                    let begin = Instant::now();
                    let seen = call(&world, next.fetch_add(1, Ordering::SeqCst)).await;
                    times.lock().expect("no panic").push(begin.elapsed());
                    *got.lock().expect("no panic").entry(seen).or_default() += 1;
                    match seen {
                        Got::Right => drop(right.fetch_add(1, Ordering::SeqCst)),
                        // As a person would, not as a flood.
                        _ => tokio::time::sleep(Duration::from_millis(5)).await,
                    }
                }
            });
        }
        load
    }

    /// Until this many more calls were answered rightly.
    async fn answered(&self, more: usize) {
        let goal = self.right.load(Ordering::SeqCst) + more;
        let wait = async {
            while self.right.load(Ordering::SeqCst) < goal {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), wait).await.expect("calls are answered");
    }

    /// The 99th percentile of the calls since it was last asked.
    fn p99(&self) -> Duration {
        let mut times = std::mem::take(&mut *self.times.lock().expect("no panic"));
        times.sort();
        times.get(times.len() * 99 / 100).copied().unwrap_or_default()
    }

    /// Lets every call come to its end; what they got.
    async fn end(mut self) -> HashMap<Got, usize> {
        self.stop.store(true, Ordering::SeqCst);
        while let Some(caller) = self.callers.join_next().await {
            caller.expect("no panic");
        }
        self.got.lock().expect("no panic").clone()
    }
}

fn world(upstreams: &[&Upstream], timeout: Duration) -> Arc<World> {
    let place = |upstream: &&Upstream| Place::parse(&upstream.address.to_string()).expect("a place");
    let mut spec = spec("http://todos.example");
    spec.addresses = upstreams.iter().map(place).collect();
    spec.timeout = timeout;
    spec.resilience.breaker.probe_interval = PROBE_INTERVAL;
    Arc::new(World::with(spec))
}

/// Every POST that arrived, arrived once, whole, and nowhere else.
fn no_post_arrived_twice(upstreams: &[&Upstream]) -> usize {
    let mut times: HashMap<Vec<u8>, usize> = HashMap::new();
    for arrived in upstreams.iter().flat_map(|upstream| upstream.arrived()) {
        if arrived.line.starts_with("POST ") {
            *times.entry(arrived.body).or_default() += 1;
        }
    }
    let repeated: Vec<_> = times.iter().filter(|(_, times)| **times > 1).collect();
    assert!(repeated.is_empty(), "{} sent twice, {:?} among them", repeated.len(), repeated.first());
    times.len()
}

/// Puts one upstream at fault while it and another are under load, then well again.
async fn survives(name: &str, fault: Fault, kill: bool) {
    let victim = Faulty::start(fault).await;
    let other = Upstream::answering(right).await;
    let (suffering, neighbour) =
        (world(&[&victim.upstream], TIMEOUT), world(&[&other], Duration::from_secs(30)));
    let (load, neighbours) = (Load::on(&suffering, CALLERS, 0), Load::on(&neighbour, NEIGHBOURS, 1_000_000));
    load.answered(200).await;
    neighbours.answered(200).await;
    let before = neighbours.p99();

    let in_flight = under_way(&suffering).await;
    victim.at_fault.store(true, Ordering::SeqCst);
    if kill {
        victim.upstream.kill();
    }
    tokio::time::sleep(LASTS).await;
    neighbours.answered(100).await;
    let (during, at_worst) = (neighbours.p99(), suffering.remote.snapshot());

    victim.at_fault.store(false, Ordering::SeqCst);
    if kill {
        victim.upstream.revive().await;
    }
    load.answered(100).await;
    let got = load.end().await;
    let neighbours = neighbours.end().await;
    let posts = no_post_arrived_twice(&[&victim.upstream, &other]);
    let faults = victim.faults.load(Ordering::SeqCst) + if kill { in_flight } else { 0 };
    eprintln!(
        "{name}: {faults} faults, {in_flight} calls under way; {got:?}; {posts} POSTs, each once; breaker opened {} \
         times, refused {}; neighbour's p99 {before:?} before, {during:?} during",
        at_worst.opened, at_worst.refused
    );
    assert!(faults > 0 && in_flight > 0, "{name}: {faults} faults, {in_flight} calls under way");
    assert!(!got.contains_key(&Got::Wrong), "{name}: {got:?}");
    assert!(got.keys().any(|got| matches!(got, Got::Failed(_))), "{name} was felt: {got:?}");
    assert!(at_worst.opened > 0, "{name}: {at_worst:?}");
    let only_right = neighbours.len() == 1 && neighbours.contains_key(&Got::Right);
    assert!(only_right, "{name}: the other upstream's callers notice nothing: {neighbours:?}");
    is_well(&neighbour.remote.snapshot());
}

fn is_well(snapshot: &UpstreamSnapshot) {
    assert_eq!((snapshot.breaker, snapshot.failed, snapshot.refused), (BreakerState::Closed, 0, 0));
    assert_eq!((snapshot.shed, snapshot.retries, snapshot.limit), (0, 0, 1024), "{snapshot:?}");
}

/// Waits for a moment at which calls are under way; how many.
async fn under_way(world: &World) -> usize {
    loop {
        let in_flight = world.remote.snapshot().in_flight;
        if in_flight > 0 {
            return usize::try_from(in_flight).expect("few");
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_49_an_upstream_is_killed_under_load() {
    survives("kill", |_| Reply::Close, true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_49_an_upstream_hangs_under_load() {
    survives("hang", |_| Reply::Hang, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_49_an_upstream_resets_under_load() {
    survives("reset", |_| Reply::Reset, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_49_an_upstream_crawls_under_load() {
    let slow = |arrived: &Arrived| {
        let Reply::Bytes(whole) = right(arrived) else { return Reply::Close };
        let (first, rest) = whole.split_at(12);
        Reply::Slowly(first.to_owned(), TIMEOUT + TIMEOUT / 2, rest.to_owned())
    };
    survives("slow", slow, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_49_an_upstream_talks_nonsense_under_load() {
    survives("corrupt", corrupt, false).await;
}

/// By the request's number: a head that is none, one that breaks off, a length that is a lie, and two lengths.
fn corrupt(arrived: &Arrived) -> Reply {
    let number = number(arrived);
    let kind = number.parse::<usize>().unwrap_or_default() / 3 % 4;
    Reply::Last(match kind {
        0 => format!("HTTP/1.1 2x0 {number}\r\n\r\n{number}"),
        1 => "HTTP/1.1 200 OK\r\ncontent-le".to_owned(),
        2 => "\u{0}\u{1}\u{2}\r\n\r\n".to_owned(),
        _ => format!("HTTP/1.1 200 OK\r\ncontent-length: 9\r\ncontent-length: 1\r\n\r\n{number}"),
    })
}

/// By a generator with a fixed seed: of three answers two are right.
fn mixed(arrived: &Arrived) -> Reply {
    let seed = number(arrived).parse::<u64>().unwrap_or_default().wrapping_mul(0x9e37_79b9_7f4a_7c15);
    match (seed >> 32) % 12 {
        0 => Reply::Reset,
        1 => Reply::Close,
        2 => Reply::Last("HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\nhalf".to_owned()),
        3 => answer("503 Service Unavailable", &[], ""),
        _ => right(arrived),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_49_with_two_endpoints_one_may_do_anything_and_reading_goes_on() {
    let bad = Faulty::start(mixed).await;
    let good = Upstream::answering(right).await;
    let world = world(&[&bad.upstream, &good], Duration::from_secs(30));
    let load = Load::on(&world, CALLERS, 0);
    load.answered(200).await;
    let in_flight = under_way(&world).await;
    bad.at_fault.store(true, Ordering::SeqCst);
    load.answered(600).await;
    let killed = under_way(&world).await;
    bad.upstream.kill();
    load.answered(600).await;
    bad.at_fault.store(false, Ordering::SeqCst);
    bad.upstream.revive().await;
    load.answered(200).await;
    let got = load.end().await;
    let faults = bad.faults.load(Ordering::SeqCst) + killed;
    let posts = no_post_arrived_twice(&[&bad.upstream, &good]);
    let snapshot = world.remote.snapshot();
    eprintln!(
        "one of two: {faults} faults, {in_flight} calls under way; {got:?}; {posts} POSTs, each once; {} retries",
        snapshot.retries
    );
    assert!(faults > 0 && in_flight > 0 && killed > 0);
    assert!(!got.contains_key(&Got::Wrong), "{got:?}");
    assert_eq!(snapshot.refused, 0, "the upstream as a whole never was away");
    assert!(snapshot.retries > 0 || snapshot.endpoints[0].failed > 0, "{snapshot:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hanging_upstream_costs_its_own_callers_only() {
    let hanging = Faulty::start(|_| Reply::Hang).await;
    hanging.at_fault.store(true, Ordering::SeqCst);
    let other = Upstream::answering(right).await;
    let long = Duration::from_secs(60);
    let (suffering, neighbour) = (world(&[&hanging.upstream], long), world(&[&other], long));
    let load = Load::on(&neighbour, NEIGHBOURS, 0);
    load.answered(500).await;
    let before = load.p99();
    let mut stuck = JoinSet::new();
    for number in 0..200 {
        let suffering = Arc::clone(&suffering);
        stuck.spawn(async move { call(&suffering, number).await });
    }
    let all_arrived = async {
        while hanging.faults.load(Ordering::SeqCst) < 200 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), all_arrived).await.expect("all of them hang");
    load.p99();
    load.answered(500).await;
    let during = load.p99();
    let in_flight = suffering.remote.snapshot().in_flight;
    assert_eq!((in_flight, stuck.try_join_next().is_none()), (200, true), "they hang all the while");
    let others = neighbour.remote.snapshot();
    let most = u32::try_from(NEIGHBOURS).expect("few");
    assert!(others.in_flight <= most && others.queued == 0, "{others:?}");
    is_well(&others);
    let got = load.end().await;
    eprintln!("200 calls hang; the neighbour's: {got:?}, p99 {before:?} before, {during:?} while they hang");
    assert_eq!(got.keys().collect::<Vec<_>>(), [&Got::Right]);
    stuck.shutdown().await;
    assert_eq!(suffering.remote.snapshot().in_flight, 0, "whoever goes away leaves no place taken");
}

#[tokio::test]
async fn an_upstream_that_is_back_is_called_again_within_one_probe_interval() {
    // What hangs opens the breaker of each route; what breaks, that of the upstream.
    let faults: [(Fault, u64); 3] =
        [(|_: &Arrived| Reply::Reset, 1), (corrupt, 1), (|_: &Arrived| Reply::Hang, 2)];
    for (fault, breakers) in faults {
        let victim = Faulty::start(fault).await;
        let world = world(&[&victim.upstream], TIMEOUT);
        victim.at_fault.store(true, Ordering::SeqCst);
        let mut calls = JoinSet::new();
        for number in 0..30 {
            let world = Arc::clone(&world);
            calls.spawn(async move { call(&world, number).await });
        }
        let in_flight = under_way(&world).await;
        calls.join_all().await;
        let faults = victim.faults.load(Ordering::SeqCst);
        eprintln!("recovery: {faults} faults, {in_flight} calls under way");
        assert!(faults > 0 && in_flight > 0);
        let opened = world.remote.snapshot();
        assert!(opened.opened == breakers, "{opened:?}");
        victim.at_fault.store(false, Ordering::SeqCst);
        tokio::time::sleep(PROBE_INTERVAL).await;
        for number in [3001, 3003] {
            assert_eq!(call(&world, number).await, Got::Right, "the first call after one interval");
        }
        let snapshot = world.remote.snapshot();
        assert!(snapshot.breaker == BreakerState::Closed && snapshot.slow_routes.is_empty(), "{snapshot:?}");
    }
}

//! Streams that stay open, and how long events were under way to them.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use portico_ports::{Clock as _, SystemClock};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::answer::{Answer, Number};
use crate::{Streams, request};

/// How many connect at once; all of them together would overflow an accept queue, which is not measured here.
const BATCH: usize = 50;
/// Deliveries are given up after that.
const PATIENCE: Duration = Duration::from_secs(30);
/// Stands before the moment at which an event was published, in milliseconds since 1970.
const AT: &str = "\"at\":";

/// They end when this is dropped.
pub struct Held {
    _streams: JoinSet<()>,
    deliveries: Arc<Mutex<Deliveries>>,
}

/// In milliseconds each.
#[derive(Default)]
struct Deliveries {
    latencies: Vec<f64>,
    expected: usize,
    done: Option<oneshot::Sender<Result<Vec<f64>, String>>>,
}

impl Held {
    /// Opens all of them.
    ///
    /// # Errors
    /// One was refused, or no connection came about.
    pub async fn open(Streams { address, requests }: Streams) -> std::io::Result<Self> {
        let deliveries = Arc::new(Mutex::new(Deliveries::default()));
        let connecting = Arc::new(Semaphore::new(BATCH));
        let mut opening = JoinSet::new();
        for text in requests {
            let connecting = Arc::clone(&connecting);
            opening.spawn(async move {
                let _turn = connecting.acquire_owned().await.map_err(std::io::Error::other)?;
                let mut answer = Answer::new(request(address, &text).await?);
                while !answer.is_open() {
                    if !answer.read(|_| {}).await? {
                        return Err(std::io::Error::other("a connection was closed without an answer"));
                    }
                }
                Ok(answer)
            });
        }
        let mut streams = JoinSet::new();
        while let Some(opened) = opening.join_next().await {
            streams.spawn(follow(opened??, Arc::clone(&deliveries)));
        }
        Ok(Self { _streams: streams, deliveries })
    }

    /// Counts from now on; the future is there once so many events have arrived, or says why they did not.
    pub fn expect(&self, count: usize) -> impl Future<Output = Value> + use<> {
        let (done, arrived) = oneshot::channel();
        *self.deliveries.lock() =
            Deliveries { latencies: Vec::with_capacity(count), expected: count, done: Some(done) };
        let deliveries = Arc::clone(&self.deliveries);
        async move {
            match timeout(PATIENCE, arrived).await {
                Ok(Ok(Ok(latencies))) => summary(latencies),
                Ok(Ok(Err(error))) => json!({ "error": error }),
                _ => {
                    json!({ "error": format!("{} of {count} deliveries arrived", deliveries.lock().latencies.len()) })
                }
            }
        }
    }
}

async fn follow(mut answer: Answer, deliveries: Arc<Mutex<Deliveries>>) {
    let number = Number::after(AT);
    loop {
        let read = answer.read(|line| number.each(line, |at: f64| deliveries.lock().arrived(now() - at)));
        match read.await {
            Ok(true) => {}
            Ok(false) => return deliveries.lock().ended("a stream ended early".to_owned()),
            Err(error) => return deliveries.lock().ended(error.to_string()),
        }
    }
}

impl Deliveries {
    fn arrived(&mut self, latency: f64) {
        self.latencies.push(latency);
        if self.latencies.len() == self.expected {
            let latencies = std::mem::take(&mut self.latencies);
            self.tell(Ok(latencies));
        }
    }

    fn ended(&mut self, why: String) {
        self.tell(Err(why));
    }

    fn tell(&mut self, outcome: Result<Vec<f64>, String>) {
        if let Some(done) = self.done.take() {
            // Whoever asked may have given up.
            let _ = done.send(outcome);
        }
    }
}

fn summary(mut latencies: Vec<f64>) -> Value {
    latencies.sort_by(f64::total_cmp);
    let at = |share: f64| latencies[((latencies.len() - 1) as f64 * share).round() as usize];
    json!({ "count": latencies.len(), "p50": at(0.5), "p99": at(0.99) })
}

fn now() -> f64 {
    SystemClock.now().unix_timestamp_nanos() as f64 / 1e6
}

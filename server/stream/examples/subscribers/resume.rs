//! Streams that come back all at once, each behind by the same events: what each gets is counted, event by event.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::answer::{Answer, Number};
use crate::{Streams, request};

/// An event's number, as it stands in its data.
const NUMBER: &str = "\"n\":";
/// Whoever has got nothing for this long gets nothing more.
const PATIENCE: Duration = Duration::from_secs(10);
/// Time for what comes twice.
const AFTERWARDS: Duration = Duration::from_millis(500);
const LOOK: Duration = Duration::from_millis(1);
/// How many wait for an answer at once: more than the accept queue of a Linux machine takes (net.core.somaxconn) would be told to try
/// again a second later, whoever serves them.
const UNANSWERED: usize = 4_000;

/// Over all streams.
struct Progress {
    last: Instant,
    complete: usize,
    arrived: usize,
    doubled: usize,
    refused: usize,
}

/// After how many milliseconds the last stream had every event, how many of them never came or came again, and how many streams
/// were refused.
pub async fn resume(Streams { address, requests }: Streams, events: usize) -> Value {
    let count = requests.len();
    let began = Instant::now();
    let progress =
        Arc::new(Mutex::new(Progress { last: began, complete: 0, arrived: 0, doubled: 0, refused: 0 }));
    let unanswered = Arc::new(Semaphore::new(UNANSWERED));
    let mut streams = JoinSet::new();
    for text in requests {
        let (progress, unanswered) = (Arc::clone(&progress), Arc::clone(&unanswered));
        streams.spawn(async move {
            let answered = async {
                let _turn = unanswered.acquire().await.map_err(std::io::Error::other)?;
                let answer = Answer::new(request(address, &text).await?);
                answer.begun().await?;
                Ok(answer)
            };
            let read = match answered.await {
                Ok(answer) => follow(answer, events, &progress).await,
                Err(error) => Err(error),
            };
            if read.is_err() {
                progress.lock().refused += 1;
            }
        });
    }
    loop {
        sleep(LOOK).await;
        let progress = progress.lock();
        if progress.complete == count || progress.last.elapsed() > PATIENCE {
            break;
        }
    }
    let milliseconds = progress.lock().last.duration_since(began).as_secs_f64() * 1_000.0;
    sleep(AFTERWARDS).await;
    let progress = progress.lock();
    let lost = count * events - progress.arrived;
    json!({ "milliseconds": milliseconds, "lost": lost, "doubled": progress.doubled, "refused": progress.refused })
}

async fn follow(mut answer: Answer, events: usize, progress: &Mutex<Progress>) -> std::io::Result<()> {
    let number = Number::after(NUMBER);
    let mut had = vec![false; events];
    let mut missing = events;
    loop {
        let (mut arrived, mut doubled) = (0, 0);
        let open = answer
            .read(|line| {
                number.each(line, |number: usize| match had.get_mut(number) {
                    Some(true) => doubled += 1,
                    Some(had) => {
                        *had = true;
                        arrived += 1;
                    }
                    None => {}
                });
            })
            .await?;
        let mut progress = progress.lock();
        progress.arrived += arrived;
        progress.doubled += doubled;
        if arrived > 0 {
            missing -= arrived;
            progress.complete += usize::from(missing == 0);
            progress.last = Instant::now();
        }
        if !open {
            return Ok(());
        }
    }
}

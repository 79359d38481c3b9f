//! A browser's side: one stream at a time, from any portal, resumed wherever it broke off.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use http::StatusCode;
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};

use crate::dice::Dice;
use crate::portals::REQUEST;
use crate::publishers::TEXT;
use crate::test_app::LiveStream;
use crate::world::{CLIENTS_PER_PERSON, Round, World};

/// Portals ping every second: one that says nothing for so long is gone, whatever its socket says.
const SILENCE: Duration = Duration::from_secs(8);

/// Listens until `stop` says so. Says on `opened` when it has its first id: what is published later is for it.
pub async fn listen(round: Arc<Round>, number: usize, opened: mpsc::Sender<()>, stop: watch::Receiver<bool>) {
    let mut dice = Dice::for_each(round.seed, 300 + number);
    let (mut last_id, mut opened) = (String::new(), Some(opened));
    while !*stop.borrow() {
        let portal = dice.below(2);
        if let Some(mut stream) = open(&round.world, number, portal, &last_id).await {
            round.ledger.opened(number);
            round.world.portals.streams[portal].fetch_add(1, Ordering::Relaxed);
            // Now and then a client goes of its own accord: a laptop sleeps, a network changes.
            let leaves = (!dice.one_in(4)).then(|| 1 + dice.below(400));
            read(&round, number, &mut stream, (&mut last_id, &mut opened), leaves, &stop).await;
            round.world.portals.streams[portal].fetch_sub(1, Ordering::Relaxed);
        }
        sleep(dice.millis(20..400)).await;
    }
}

async fn open(world: &World, number: usize, portal: usize, last_id: &str) -> Option<LiveStream> {
    let url = format!("{}/stream", world.portals.origins[portal]);
    let mut request = world.browsers[number / CLIENTS_PER_PERSON].get(&url);
    if !last_id.is_empty() {
        request = request.header("last-event-id", last_id);
    }
    match timeout(SILENCE, request.try_open()).await {
        Ok(Ok(Ok(stream))) => Some(stream),
        Ok(Ok(Err(answer))) => {
            let later = answer.status == StatusCode::SERVICE_UNAVAILABLE;
            assert!(later, "a stream is opened, or may be later: {answer:?}");
            None
        }
        Ok(Err(_)) | Err(_) => None,
    }
}

/// Reads until the stream ends, or `leaves` events have come.
async fn read(
    round: &Round,
    number: usize,
    stream: &mut LiveStream,
    (last_id, opened): (&mut String, &mut Option<mpsc::Sender<()>>),
    leaves: Option<usize>,
    stop: &watch::Receiver<bool>,
) {
    let mut events = 0;
    while !*stop.borrow() && leaves.is_none_or(|most| events < most) {
        let Ok(Some(event)) = timeout(SILENCE, stream.read()).await else { return };
        match event.kind.as_str() {
            "ping" => {}
            "reset" => {
                eprintln!("  client {number} is told of a gap: {}", event.data);
                round.ledger.reset(number);
            }
            "lagged" => round.ledger.lagged(number),
            "bye" => {}
            _ => {
                let event = event.json();
                let whole = event["type"] != REQUEST || event["data"]["text"] == TEXT;
                assert!(whole, "an event arrives byte for byte: {event}");
                round.ledger.received(number, &event);
                events += 1;
            }
        }
        last_id.clone_from(&event.id);
        drop(opened.take());
    }
}

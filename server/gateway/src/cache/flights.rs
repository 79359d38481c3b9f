use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::time::Instant;

use super::store::EntryName;
use super::stored::StoredResponse;

/// A question, and the generation of what it asks for: who asks after a change does not get an answer from before it.
type FlightKey = (EntryName, u64);

/// Calls that are under way, so that others with the same question wait for their answer instead of asking again.
#[derive(Debug, Default)]
pub(crate) struct Flights(Arc<Mutex<Table>>);

#[derive(Debug, Default)]
struct Table {
    under_way: HashMap<FlightKey, watch::Receiver<Option<Landed>>>,
    /// Questions whose answer was not kept, and until when they are not waited for: each caller needs an own answer, and
    /// waiting for somebody else's would only make a queue.
    alone: HashMap<FlightKey, Instant>,
}

/// How long a question whose answer was not kept is not waited for.
const ALONE: Duration = Duration::from_secs(10);

/// Such questions that are remembered.
const MOST_ALONE: usize = 4_096;

/// What came of a call that others waited for.
#[derive(Clone, Debug)]
pub(crate) enum Landed {
    /// An answer that they may have, too, where it is the one for their fields: the name says for which it is.
    Kept(Arc<StoredResponse>, EntryName),
    /// One that only its caller may have.
    NotKept,
    /// The upstream failed. That is no reason to ask for the next one alone.
    Failed,
}

/// What a call does.
pub(crate) enum Joined {
    /// It asks the upstream, and others wait.
    Leads(Flight),
    /// It waits for another.
    Waits(watch::Receiver<Option<Landed>>),
    /// It asks the upstream for itself.
    Alone,
}

/// A call that others may wait for. Dropped without an answer, because its caller is gone, it lets one of them take over.
#[derive(Debug)]
pub(crate) struct Flight {
    table: Arc<Mutex<Table>>,
    key: FlightKey,
    landing: watch::Sender<Option<Landed>>,
}

impl Flights {
    pub(crate) fn join(&self, key: FlightKey) -> Joined {
        let mut table = self.0.lock();
        if table.alone.get(&key).is_some_and(|until| *until > Instant::now()) {
            return Joined::Alone;
        }
        match table.under_way.entry(key) {
            Entry::Occupied(flight) => Joined::Waits(flight.get().clone()),
            Entry::Vacant(place) => {
                let (landing, waiting) = watch::channel(None);
                place.insert(waiting);
                Joined::Leads(Flight { table: Arc::clone(&self.0), key, landing })
            }
        }
    }

    pub(crate) fn under_way(&self) -> usize {
        self.0.lock().under_way.len()
    }
}

impl Flight {
    /// Ends it. Whoever asks from now on looks at what is kept.
    pub(crate) fn land(self, landed: Landed) {
        let mut table = self.table.lock();
        match &landed {
            Landed::Kept(..) => {
                table.alone.remove(&self.key);
            }
            Landed::Failed => {}
            Landed::NotKept => {
                if table.alone.len() >= MOST_ALONE {
                    table.alone.clear();
                }
                table.alone.insert(self.key, Instant::now() + ALONE);
            }
        }
        drop(table);
        self.landing.send_replace(Some(landed));
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.table.lock().under_way.remove(&self.key);
    }
}

/// What another call brought; none where it ended without an answer.
pub(crate) async fn landed(mut waiting: watch::Receiver<Option<Landed>>) -> Option<Landed> {
    let landed = waiting.wait_for(Option::is_some).await.ok()?;
    landed.clone()
}

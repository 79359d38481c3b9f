use std::pin::pin;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{MutexGuard, Notify};

use super::{Http2Connection, Slot};
use crate::upstream::DialError;

/// Connections to one endpoint at the same time: beyond it, calls wait for a place.
const MAX_CONNECTIONS: usize = 32;

/// The HTTP/2 connections of one endpoint.
#[derive(Debug, Default)]
pub(crate) struct Http2Pool {
    connections: Mutex<Vec<Arc<Http2Connection>>>,
    /// Told when there may be room for a call.
    pub(super) freed: Notify,
    /// Held by whoever opens a connection, so that many who find none open one.
    opening: tokio::sync::Mutex<()>,
    failures: Mutex<Failures>,
}

/// What became of connections that could not be opened.
#[derive(Debug, Default)]
struct Failures {
    count: u64,
    last: Option<DialError>,
}

/// What came first.
pub(crate) enum Waited<'a> {
    /// A place on a connection that is there.
    Place(Slot),
    /// The turn to open one.
    Turn(Turn<'a>),
}

/// The right to open a connection. Others wait while it is held.
pub(crate) struct Turn<'a> {
    _held: MutexGuard<'a, ()>,
}

impl Http2Pool {
    /// A place on a connection that is there. The oldest one first, so that those beyond what is needed become idle.
    pub(crate) fn take(&self) -> Option<Slot> {
        self.connections.lock().iter().find_map(Http2Connection::enter)
    }

    /// Waits for a place, or for the turn to open a connection.
    pub(crate) async fn wait(&self) -> Waited<'_> {
        loop {
            let mut freed = pin!(self.freed.notified());
            // From here on: nothing that becomes free while this looks around is missed.
            freed.as_mut().enable();
            if let Some(slot) = self.take() {
                return Waited::Place(slot);
            }
            if self.is_full() {
                freed.await;
                continue;
            }
            tokio::select! {
                held = self.opening.lock() => match self.take() {
                    Some(slot) => return Waited::Place(slot),
                    None if self.is_full() => {}
                    None => return Waited::Turn(Turn { _held: held }),
                },
                () = freed => {}
            }
        }
    }

    /// Keeps a connection that was opened, and takes a place on it.
    pub(crate) fn add(&self, connection: Arc<Http2Connection>, turn: Turn<'_>) -> Option<Slot> {
        let slot = connection.enter();
        self.connections.lock().push(connection);
        drop(turn);
        self.freed.notify_waiters();
        slot
    }

    fn is_full(&self) -> bool {
        self.connections.lock().len() >= MAX_CONNECTIONS
    }

    /// Gives up every connection; each ends with its last call.
    pub(crate) fn clear(&self) {
        let given_up = std::mem::take(&mut *self.connections.lock());
        // Outside the lock.
        drop(given_up);
        self.freed.notify_waiters();
    }

    /// Gives up a connection, which ends with its last call.
    pub(super) fn forget(&self, connection: &Http2Connection) {
        self.connections.lock().retain(|known| !std::ptr::eq(&raw const **known, connection));
        // Whoever waits for a place on it may open another one.
        self.freed.notify_waiters();
    }

    /// How many connections could not be opened so far.
    pub(crate) fn failures(&self) -> u64 {
        self.failures.lock().count
    }

    /// No connection could be opened.
    pub(crate) fn failed(&self, error: &DialError) {
        let mut failures = self.failures.lock();
        failures.count += 1;
        failures.last = Some(error.clone());
    }

    /// Why the last one could not be opened, where that was after `count` others.
    pub(crate) fn failure_after(&self, count: u64) -> Option<DialError> {
        let failures = self.failures.lock();
        failures.last.clone().filter(|_| failures.count > count)
    }

    /// How many connections take calls, and how many calls are on them.
    pub(crate) fn usage(&self) -> (usize, usize) {
        let connections = self.connections.lock();
        (connections.len(), connections.iter().map(|connection| connection.calls()).sum())
    }
}

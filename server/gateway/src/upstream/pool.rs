use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;

use super::Connection;

/// How long an idle connection is kept. Node's servers close theirs after 5 s, and a request that crosses such a close
/// on the wire is lost; staying below avoids the crossing.
const IDLE_LIMIT: Duration = Duration::from_secs(4);
/// A request that may not be sent twice goes out on a connection that was in use a moment ago, or on a new one: the
/// longer it was idle, the likelier the upstream is closing it just now.
const IDLE_LIMIT_UNREPEATABLE: Duration = Duration::from_secs(1);
/// Idle connections kept per upstream; more are closed after use.
const MAX_IDLE: usize = 512;

/// Idle connections to one upstream, the last used first.
pub(crate) struct Pool {
    state: Mutex<State>,
    this: Weak<Self>,
}

#[derive(Default)]
struct State {
    idle: Vec<Connection>,
    swept: bool,
}

impl Pool {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new_cyclic(|this| Self { state: Mutex::default(), this: this.clone() })
    }

    /// An idle connection, if there is one that the request may use.
    pub(crate) fn take(&self, repeatable: bool) -> Option<Connection> {
        let limit = if repeatable { IDLE_LIMIT } else { IDLE_LIMIT_UNREPEATABLE };
        loop {
            // The last used is on top: when it is too old, all are.
            let mut connection = {
                let mut state = self.state.lock();
                if state.idle.last()?.idle() > limit {
                    return None;
                }
                state.idle.pop()?
            };
            if connection.is_alive() {
                return Some(connection);
            }
        }
    }

    /// Takes a connection back after an answer was read to its end; one that is not ready for more is closed.
    pub(crate) fn put(&self, mut connection: Connection) {
        if !connection.settle() {
            return;
        }
        let sweep = {
            let mut state = self.state.lock();
            if state.idle.len() >= MAX_IDLE {
                return;
            }
            state.idle.push(connection);
            !std::mem::replace(&mut state.swept, true)
        };
        if sweep {
            drop(tokio::spawn(sweep_while_idle(self.this.clone())));
        }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.state.lock().idle.len()
    }

    /// Closes every idle connection.
    pub(crate) fn clear(&self) {
        let idle = std::mem::take(&mut self.state.lock().idle);
        // Outside the lock.
        drop(idle);
    }

    /// Closes what has been idle too long; whether anything is left.
    fn sweep(&self) -> bool {
        let expired: Vec<Connection>;
        let mut state = self.state.lock();
        let keep_from = state.idle.partition_point(|connection| connection.idle() > IDLE_LIMIT);
        expired = state.idle.drain(..keep_from).collect();
        state.swept = !state.idle.is_empty();
        let left = state.swept;
        drop(state);
        // Closing sockets takes system calls: outside the lock.
        drop(expired);
        left
    }
}

/// Runs while a pool holds idle connections, and ends with the pool.
async fn sweep_while_idle(pool: Weak<Pool>) {
    loop {
        tokio::time::sleep(IDLE_LIMIT / 2).await;
        match pool.upgrade() {
            Some(pool) if pool.sweep() => {}
            _ => return,
        }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("idle", &self.len()).finish_non_exhaustive()
    }
}

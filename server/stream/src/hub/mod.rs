//! The hub: what this instance has read of the log, and who listens to it.

mod attach;
mod dispatch;
mod heartbeat;
mod history;
mod index;
mod outlet;
mod registry;
mod repeats;
mod subscriber;
#[cfg(test)]
mod tests;
mod topics;

use std::sync::Arc;

use parking_lot::Mutex;
use portico_ports::Clock;
use tokio::sync::Notify;

pub(crate) use attach::Attached;
pub use outlet::{Outlet, OutletSlot, Written};
pub(crate) use registry::OpenError;
pub use registry::{Backlog, CloseReason, StreamScope};
pub(crate) use repeats::{RepeatHasher, RepeatKey, Repeats};
#[cfg(test)]
pub(crate) use subscriber::Frames;
pub(crate) use subscriber::{Subscriber, Taken};
pub(crate) use topics::{Memory, ResetReason};

use crate::{
    StreamConfig,
    metrics::StreamMetrics,
    position::{IdCodec, Position},
};

/// One consumer fills it, any number of streams read from it.
///
/// Everything that must agree at one instant stands under one lock: the position, the history up to it, and who has
/// been given what. So a stream joins exactly at a position, with no gap and no repeat. A stream that is given one frame
/// takes the lock of its own inbox alone; one that has fallen behind by more reads them from the history that all share.
/// Where the connection is known ([`Outlet`]), a stream that sleeps is not even woken.
pub(crate) struct Hub {
    state: Mutex<State>,
    pub(crate) codec: IdCodec,
    pub(crate) config: StreamConfig,
    pub(crate) metrics: Arc<StreamMetrics>,
    pub(crate) hasher: RepeatHasher,
    clock: Arc<dyn Clock>,
    /// Signalled after every batch, for streams that are ahead of this instance.
    pub(crate) progress: Notify,
}

struct State {
    position: Position,
    history: history::History,
    repeats: Repeats,
    live: index::Index,
    streams: registry::Registry,
    heartbeat: heartbeat::Heartbeat,
    replay: Option<attach::Replay>,
}

impl Hub {
    pub(crate) fn new(
        codec: IdCodec,
        config: StreamConfig,
        clock: Arc<dyn Clock>,
        metrics: Arc<StreamMetrics>,
    ) -> Self {
        let state = State {
            position: Position::default(),
            history: history::History::new(config.history.bytes),
            repeats: Repeats::new(config.history.repeat_window),
            live: index::Index::default(),
            streams: registry::Registry::default(),
            heartbeat: heartbeat::Heartbeat::default(),
            replay: None,
        };
        Self {
            state: Mutex::new(state),
            codec,
            config,
            metrics,
            hasher: RepeatHasher::default(),
            clock,
            progress: Notify::new(),
        }
    }

    /// Where this instance is in the log.
    pub(crate) fn position(&self) -> Position {
        self.state.lock().position.clone()
    }
}

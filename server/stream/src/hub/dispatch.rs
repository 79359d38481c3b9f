use std::{sync::Arc, task::Waker};

use bytes::Bytes;
use time::OffsetDateTime;

use super::{Hub, State, Subscriber, history::Entry, index::Index, subscriber::Push};
use crate::{
    frame::EventFrame,
    log::LogRecord,
    position::{Scope, stamp},
    record::{RoutedEvent, SkippedRecord},
    signature::SignatureError,
};

/// Whom a batch of frames is to reach, once the lock is given back, which they would want at once.
#[derive(Default)]
pub(super) struct Ready {
    /// Tasks that have to write themselves.
    wakers: Vec<Waker>,
    /// Streams that the hub writes to.
    held: Vec<Arc<Subscriber>>,
}

impl Ready {
    /// Reaches all of them.
    pub(super) fn go(self, hub: &Arc<Hub>) {
        self.wakers.into_iter().for_each(Waker::wake);
        hub.write_held(self.held);
    }
}

impl Hub {
    /// Takes in records as the log has them: each moves the position, and those that are events go to their receivers.
    pub(crate) fn dispatch(self: &Arc<Self>, records: Vec<LogRecord>) {
        self.metrics.records.add(records.len() as u64);
        let now = self.clock.now();
        let mut ready = Ready::default();
        let mut state = self.state.lock();
        for record in records {
            self.take_in(&mut state, &record, now, &mut ready);
        }
        drop(state);
        ready.go(self);
        self.progress.notify_waiters();
    }

    fn take_in(&self, state: &mut State, record: &LogRecord, now: OffsetDateTime, ready: &mut Ready) {
        let Ok(partition) = usize::try_from(record.partition) else { return };
        let Some(position) = state.position.topic_mut(&record.topic) else { return };
        if position.next.get(partition).is_none_or(|next| record.offset < *next) {
            // Read before; a consumer that started anew may bring the tail of the old one once more.
            return;
        }
        position.advance(partition, record.offset, record.timestamp);
        state.history.remember_stamp(&record.topic, partition, record.offset, stamp(record.timestamp));
        let Some(event) = self.route(record) else { return };
        let repeat = self.hasher.key(&event.org, event.user.as_deref(), &event.source, &event.id);
        if !state.repeats.is_new(repeat) {
            self.metrics.skipped.repeated.increment();
            return;
        }
        let scope = Scope { org: &event.org, user: event.user.as_deref() };
        let id = self.codec.encode(&state.position, scope);
        let frame = EventFrame::new(&event.kind, &id, &event.json);
        let sequence = state.history.next_sequence();
        let delivered = self.deliver(&mut state.live, &record.topic, &event, sequence, frame.bytes(), ready);
        if delivered > 0 {
            self.metrics.frames.add(delivered);
            let written = i128::from(record.timestamp) * 1_000_000;
            let age = u64::try_from(now.unix_timestamp_nanos() - written).unwrap_or(0);
            self.metrics.latency.observe(std::time::Duration::from_nanos(age));
        }
        state.history.push(Arc::new(Entry {
            sequence,
            topic: Arc::clone(&record.topic),
            partition,
            offset: record.offset,
            org: event.org.into(),
            user: event.user.map(Into::into),
            kind: event.kind.into(),
            repeat,
            frame,
        }));
    }

    /// The event in a record; what is none is counted and skipped.
    pub(crate) fn route(&self, record: &LogRecord) -> Option<RoutedEvent> {
        match RoutedEvent::read(record, &self.config.keyring) {
            Ok(event) => Some(event),
            Err(reason) => {
                let skipped = &self.metrics.skipped;
                let counter = match &reason {
                    SkippedRecord::Unreadable(_) => &skipped.unreadable,
                    SkippedRecord::NoOrganization => &skipped.untenanted,
                    SkippedRecord::Signature(SignatureError::Missing) => &skipped.unsigned,
                    SkippedRecord::Signature(
                        SignatureError::ForeignTopic | SignatureError::ForeignSource,
                    ) => &skipped.foreign,
                    SkippedRecord::Signature(_) => &skipped.forged,
                };
                counter.increment();
                // The first, the second, the fourth and so on: a flood of bad records is no flood of log lines.
                if counter.get().is_power_of_two() {
                    tracing::warn!(
                        kafka.topic = &*record.topic,
                        kafka.partition = record.partition,
                        kafka.offset = record.offset,
                        skipped = counter.get(),
                        "a record is skipped: {reason}"
                    );
                }
                None
            }
        }
    }

    /// Tells every receiver of an event of its frame. Those that are too slow leave the index. How many there were.
    fn deliver(
        &self,
        live: &mut Index,
        topic: &str,
        event: &RoutedEvent,
        sequence: u64,
        frame: &Bytes,
        ready: &mut Ready,
    ) -> u64 {
        let (mut delivered, mut gone) = (0, Vec::new());
        let personal = event.user.is_some();
        live.receivers(&event.org, event.user.as_deref(), topic, &event.kind, |subscriber| {
            delivered += 1;
            let pushed = subscriber.push(sequence, frame, personal, &self.config.limits);
            if !self.pushed(subscriber, pushed, ready) {
                gone.push(Arc::clone(subscriber));
            }
        });
        gone.iter().for_each(|subscriber| live.remove(subscriber));
        delivered
    }

    /// Queues a frame for one stream alone.
    pub(super) fn notify(
        &self,
        live: &mut Index,
        subscriber: &Arc<Subscriber>,
        sequence: u64,
        frame: &Bytes,
        ready: &mut Ready,
    ) {
        let pushed = subscriber.notify(sequence, frame, &self.config.limits);
        if !self.pushed(subscriber, pushed, ready) {
            live.remove(subscriber);
        }
    }

    /// Whether the stream goes on.
    pub(super) fn pushed(&self, subscriber: &Arc<Subscriber>, pushed: Push, ready: &mut Ready) -> bool {
        match pushed {
            Push::Queued(waker) => {
                ready.wakers.extend(waker);
                true
            }
            Push::Held => {
                ready.held.push(Arc::clone(subscriber));
                true
            }
            Push::Lagged(waker) => {
                self.metrics.streams_lagged.increment();
                ready.wakers.extend(waker);
                false
            }
            Push::Ended => false,
        }
    }
}

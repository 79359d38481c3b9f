use std::{sync::Arc, task::Waker};

use bytes::Bytes;

use super::{Hub, State, Subscriber, history::Entry, index::Index, subscriber::Push};
use crate::{
    frame::EventFrame,
    log::LogRecord,
    position::{Scope, stamp},
    record::{RoutedEvent, UnroutableRecord},
};

impl Hub {
    /// Takes in records as the log has them: each moves the position, and those that are events go to their receivers.
    pub(crate) fn dispatch(&self, records: Vec<LogRecord>) {
        self.metrics.records.add(records.len() as u64);
        let mut wakers = Vec::new();
        let mut state = self.state.lock();
        for record in records {
            self.take_in(&mut state, &record, &mut wakers);
        }
        drop(state);
        // Woken once per batch and outside the lock, which they would want at once.
        wakers.into_iter().for_each(Waker::wake);
        self.progress.notify_waiters();
    }

    fn take_in(&self, state: &mut State, record: &LogRecord, wakers: &mut Vec<Waker>) {
        let Ok(partition) = usize::try_from(record.partition) else { return };
        let Some(position) = state.position.topic_mut(&record.topic) else { return };
        if position.next.get(partition).is_none_or(|next| record.offset < *next) {
            // Read before; a consumer that started anew may bring the tail of the old one once more.
            return;
        }
        position.advance(partition, record.offset, record.timestamp);
        state.history.remember_stamp(&record.topic, partition, record.offset, stamp(record.timestamp));
        let Some(event) = self.route(record) else { return };
        let repeat = self.hasher.key(&event);
        if !state.repeats.is_new(repeat) {
            self.metrics.records_repeated.increment();
            return;
        }
        let scope = Scope { org: &event.org, user: event.user.as_deref() };
        let id = self.codec.encode(&state.position, scope);
        let frame = EventFrame::new(&event.kind, &id, &event.json);
        let mut receivers = Vec::new();
        state.live.receivers(&event.org, event.user.as_deref(), &event.kind, |subscriber| {
            receivers.push(Arc::clone(subscriber));
        });
        for subscriber in &receivers {
            self.deliver(&mut state.live, subscriber, frame.bytes(), wakers);
        }
        self.metrics.frames.add(receivers.len() as u64);
        state.history.push(Entry {
            sequence: 0,
            topic: Arc::clone(&record.topic),
            partition,
            offset: record.offset,
            org: event.org.into(),
            user: event.user.map(Into::into),
            kind: event.kind.into(),
            repeat,
            frame,
        });
    }

    /// The event in a record; what is none is counted and skipped.
    pub(crate) fn route(&self, record: &LogRecord) -> Option<RoutedEvent> {
        match RoutedEvent::parse(record.value.as_ref()) {
            Ok(event) => Some(event),
            Err(reason) => {
                let counter = match reason {
                    UnroutableRecord::NoOrganization => &self.metrics.records_without_organization,
                    UnroutableRecord::Unreadable(_) => &self.metrics.records_unreadable,
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

    /// Queues a frame for one stream, which leaves the index when it is too slow.
    pub(super) fn deliver(
        &self,
        live: &mut Index,
        subscriber: &Arc<Subscriber>,
        frame: &Bytes,
        wakers: &mut Vec<Waker>,
    ) {
        match subscriber.push(frame, &self.config.limits) {
            Push::Queued(waker) => wakers.extend(waker),
            Push::Lagged(waker) => {
                live.remove(subscriber);
                self.metrics.streams_lagged.increment();
                wakers.extend(waker);
            }
            Push::Ended => live.remove(subscriber),
        }
    }
}

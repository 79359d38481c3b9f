use std::{sync::Arc, time::Duration};

use tokio::time::interval;

use super::{Hub, State, dispatch::Ready};
use crate::frame;

/// Into how many parts the time between two pings of a stream is divided.
pub(super) const SLOTS: usize = 32;
/// How many streams are given a ping under one lock.
const BATCH: usize = 256;

/// When each live stream has its next ping: a wheel of stream numbers that turns once in `ping_interval`.
///
/// With a timer for each stream, each wakes a task and a client on its own, and a wake is many times as dear as the ping: ten thousand
/// quiet streams took 5 % of a core. Those of one slot are written one after the other, like those that get the same event.
pub(super) struct Heartbeat {
    at: usize,
    slots: [Vec<u64>; SLOTS],
}

impl Default for Heartbeat {
    fn default() -> Self {
        Self { at: 0, slots: std::array::from_fn(|_| Vec::new()) }
    }
}

impl Heartbeat {
    /// Its first ping comes after half a turn at least. Streams that were opened at once do not ping at once for ever after.
    pub(super) fn add(&mut self, number: u64) {
        let half = SLOTS / 2;
        self.slots[(self.at + half + number as usize % half) % SLOTS].push(number);
    }

    /// Goes on by one slot; the streams in it.
    fn turn(&mut self) -> Vec<u64> {
        self.at = (self.at + 1) % SLOTS;
        std::mem::take(&mut self.slots[self.at])
    }

    /// It is due again when this slot is.
    fn put_back(&mut self, number: u64) {
        self.slots[self.at].push(number);
    }
}

impl Hub {
    /// Gives every stream a ping once in `ping_interval`, for ever.
    pub(crate) async fn ping_regularly(self: Arc<Self>) {
        let slot = self.config.ping_interval / SLOTS as u32;
        let mut turns = interval(slot.max(Duration::from_millis(1)));
        loop {
            turns.tick().await;
            self.ping_some();
        }
    }

    /// Gives a ping to the streams whose turn it is.
    pub(super) fn ping_some(self: &Arc<Self>) {
        let mut due = self.state.lock().heartbeat.turn();
        while !due.is_empty() {
            let batch = due.split_off(due.len().saturating_sub(BATCH));
            self.ping_each(batch);
        }
    }

    /// Id and place in the queue under one lock: an id read earlier could lie before a frame that the client has by then, one read
    /// later beyond a frame that it does not have yet.
    fn ping_each(self: &Arc<Self>, numbers: Vec<u64>) {
        let mut ready = Ready::default();
        let mut state = self.state.lock();
        let State { streams, position, heartbeat, .. } = &mut *state;
        for number in numbers {
            let Some(subscriber) = streams.get(number) else { continue };
            let pushed = subscriber.ping(|| frame::ping(&self.id_at(position, subscriber)));
            if self.pushed(subscriber, pushed, &mut ready) {
                heartbeat.put_back(number);
            }
        }
        drop(state);
        ready.go(self);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::{
        Frames, Subscriber, Taken,
        tests::{hub, open, record},
    };

    /// Streams of as many sessions.
    fn opened(hub: &Hub, count: usize) -> Vec<Arc<Subscriber>> {
        let streams = (0..count).map(|session| hub.open(&session.to_string(), "acme", "alice", &[]));
        streams
            .map(|stream| stream.expect("admitted"))
            .inspect(|stream| drop(hub.attach_now(stream)))
            .collect()
    }

    /// The turns, out of one whole round, in which the stream found something, and what.
    fn round(hub: &Arc<Hub>, subscriber: &Subscriber) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        for turn in 0..SLOTS {
            hub.ping_some();
            while let Taken::Frames(frames) = hub.take(subscriber, None) {
                found.push((turn, String::from_utf8(frames.joined().to_vec()).expect("text")));
            }
        }
        found
    }

    #[test]
    fn every_stream_has_one_ping_a_round_and_those_opened_at_once_not_at_once() {
        let hub = hub();
        let streams = opened(&hub, 40);
        let mut pings = vec![Vec::new(); streams.len()];
        for turn in 0..3 * SLOTS {
            hub.ping_some();
            for (stream, pings) in streams.iter().zip(&mut pings) {
                if let Taken::Frames(Frames::One(_)) = hub.take(stream, None) {
                    pings.push(turn);
                }
            }
        }
        for pings in &pings {
            assert!((SLOTS / 2..SLOTS).contains(&(pings[0] + 1)), "{pings:?}");
            assert!(pings.is_sorted_by(|one, next| next - one == SLOTS) && pings.len() == 3, "{pings:?}");
        }
        let at_once = pings.iter().filter(|one| one[0] == pings[0][0]).count();
        assert!(at_once < 4, "{at_once} of 40 at the same turn");
    }

    #[test]
    fn a_ping_tells_how_far_the_hub_has_come_and_nothing_beyond_what_waits() {
        let hub = hub();
        let alice = open(&hub, "alice");
        let opening = hub.attach_now(&alice);
        let bare = |id: &str| format!("event: ping\nid: {id}\ndata: {{}}\n\n");
        assert_eq!(round(&hub, &alice)[0].1, bare(&opening));
        hub.dispatch(vec![record(0, 0, "bob")]);
        let now = hub.id_at(&hub.position(), &alice);
        assert_ne!(now, opening);
        assert_eq!(round(&hub, &alice)[0].1, bare(&now));
        // What waits is a sign of life itself.
        hub.dispatch(vec![record(0, 1, "alice")]);
        let found = round(&hub, &alice);
        assert!(found[0].1.starts_with("event: a.b"), "{found:?}");
        hub.dispatch((2..5).map(|offset| record(0, offset, "alice")).collect());
        (0..SLOTS).for_each(|_| hub.ping_some());
        let Taken::Frames(Frames::Many(frames)) = hub.take(&alice, None) else { panic!("three frames wait") };
        assert!(frames.iter().all(|frame| frame.starts_with(b"event: a.b")) && frames.len() == 3);
    }

    #[test]
    fn a_stream_that_has_gone_leaves_the_wheel() {
        let hub = hub();
        let streams = opened(&hub, 10);
        streams[3..].iter().for_each(|stream| hub.release(stream));
        (0..SLOTS).for_each(|_| hub.ping_some());
        let kept: usize = hub.state.lock().heartbeat.slots.iter().map(Vec::len).sum();
        assert_eq!(kept, 3);
    }
}

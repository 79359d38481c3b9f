use std::{fmt, sync::Arc};

use bytes::Bytes;

use super::{Hub, Subscriber, Taken, subscriber::Held};
use crate::EventType;

/// How many streams one task writes to in one go: it takes about as long as a page does, and other tasks have their turn
/// before the next ones.
const BATCH: usize = 64;
/// So few are written to at once.
const FEW: usize = 8;

/// A client's connection, for as long as its stream has nothing else to write.
///
/// A frame costs a `send`, and hardly anything beside it is as dear as waking a task for each stream: its memory is cold, and so
/// is the code by then. The hub writes to the connections of streams that sleep, one after the other, itself.
pub trait Outlet: Send + Sync {
    /// Writes what goes out at once. Called by one writer at a time.
    fn write(&self, bytes: &[u8]) -> Written;
}

/// How far a write came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// Everything has left.
    All,
    /// So many bytes were taken, and the stream's task has to see to the rest, to what is still held back, or to an error.
    Part(usize),
}

/// Where a stream's connection is told to the hub, and how much it wrote to it.
#[derive(Clone)]
pub struct OutletSlot(Arc<Subscriber>);

impl OutletSlot {
    pub(crate) fn of(subscriber: &Arc<Subscriber>) -> Self {
        Self(Arc::clone(subscriber))
    }

    /// Lets the hub write to the connection whenever the stream returned `Pending`: everything that it returned before must
    /// have been written by then. Counts once.
    pub fn connect(&self, outlet: Box<dyn Outlet>) {
        self.0.connect(outlet);
    }

    /// Bytes that did not pass through the stream.
    pub fn bytes(&self) -> u64 {
        self.0.written()
    }
}

impl fmt::Debug for OutletSlot {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("OutletSlot").field("stream", &self.0.number).finish()
    }
}

/// What many streams got last, joined once: those that wait for the same share it.
#[derive(Default)]
pub(super) struct Joined(Option<Shared>);

struct Shared {
    run: Run,
    org: Box<str>,
    types: Arc<[EventType]>,
    bytes: Bytes,
}

/// Events of one organization that wait for a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) first: u64,
    pub(super) frames: usize,
    /// Whether one of them is for this person or this stream alone.
    pub(super) personal: bool,
}

impl Joined {
    fn of(&self, run: Run, subscriber: &Subscriber) -> Option<&Bytes> {
        let shared = self.0.as_ref()?;
        let same = shared.run == run
            && *shared.org == *subscriber.org
            && Arc::ptr_eq(&shared.types, &subscriber.types);
        same.then_some(&shared.bytes)
    }

    fn keep(&mut self, run: Run, subscriber: &Subscriber, bytes: &Bytes) {
        let (org, types, bytes) = (subscriber.org.clone(), Arc::clone(&subscriber.types), bytes.clone());
        self.0 = Some(Shared { run, org, types, bytes });
    }
}

impl Hub {
    /// Writes to streams that sleep.
    pub(super) fn write_held(self: &Arc<Self>, mut streams: Vec<Arc<Subscriber>>) {
        if streams.len() <= FEW {
            return self.write_each(&streams);
        }
        while !streams.is_empty() {
            let batch = streams.split_off(streams.len().saturating_sub(BATCH));
            let hub = Arc::clone(self);
            tokio::spawn(async move { hub.write_each(&batch) });
        }
    }

    fn write_each(&self, streams: &[Arc<Subscriber>]) {
        let mut joined = Joined::default();
        for subscriber in streams {
            self.write_to(subscriber, &mut joined);
        }
    }

    /// Writes until nothing waits; what the connection does not take is left to the stream's task.
    fn write_to(&self, subscriber: &Subscriber, joined: &mut Joined) {
        loop {
            let bytes = match subscriber.hold() {
                Held::Nothing => return,
                Held::Frame(frame) => frame,
                Held::Run(run) => match joined.of(run, subscriber) {
                    Some(bytes) if subscriber.skip(run) => bytes.clone(),
                    _ => match self.join(subscriber, run, joined) {
                        Some(bytes) => bytes,
                        // How it ended is for the task to say.
                        None => continue,
                    },
                },
            };
            if !subscriber.write(bytes) {
                return;
            }
        }
    }

    fn join(&self, subscriber: &Subscriber, run: Run, joined: &mut Joined) -> Option<Bytes> {
        let (taken, is_all) = subscriber.take_from(&self.state.lock().history, &self.metrics.streams_lagged);
        let Taken::Frames(frames) = taken else { return None };
        let count = frames.len();
        let bytes = frames.joined();
        if is_all && count == run.frames && !run.personal {
            joined.keep(run, subscriber, &bytes);
        }
        Some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        task::{Context, Wake, Waker},
        thread::{self, Thread},
    };

    use parking_lot::Mutex;

    use super::*;
    use crate::hub::{
        CloseReason, Frames,
        heartbeat::SLOTS,
        tests::{hub, open, record},
    };

    /// What a client got, and how much its connection takes at each write.
    #[derive(Clone, Default)]
    struct Client {
        got: Arc<Mutex<Vec<u8>>>,
        writes: Arc<Mutex<Vec<usize>>>,
        room: Arc<Mutex<Box<[usize]>>>,
    }

    impl Client {
        /// Takes at most so much at each write, one after the other and over again; everything where nothing is said.
        fn taking(room: &[usize]) -> Self {
            Self { room: Arc::new(Mutex::new(room.into())), ..Self::default() }
        }

        fn connect(&self, subscriber: &Arc<Subscriber>) {
            OutletSlot::of(subscriber).connect(Box::new(self.clone()));
        }

        fn text(&self) -> String {
            String::from_utf8(self.got.lock().clone()).expect("text")
        }

        /// As the stream's task would write it.
        fn take(&self, frames: Frames) {
            self.got.lock().extend_from_slice(&frames.joined());
        }
    }

    impl Outlet for Client {
        fn write(&self, bytes: &[u8]) -> Written {
            let mut writes = self.writes.lock();
            let room = self.room.lock();
            let room = if room.is_empty() { bytes.len() } else { room[writes.len() % room.len()] };
            writes.push(bytes.len());
            self.got.lock().extend_from_slice(&bytes[..room.min(bytes.len())]);
            if room >= bytes.len() { Written::All } else { Written::Part(room) }
        }
    }

    /// The task looks, finds nothing and sleeps.
    fn sleep(hub: &Hub, subscriber: &Subscriber) {
        let taken = hub.take(subscriber, Some(&Context::from_waker(Waker::noop())));
        assert!(matches!(taken, Taken::Nothing), "{taken:?}");
    }

    fn connected(hub: &Hub, user: &str, client: &Client) -> Arc<Subscriber> {
        let subscriber = open(hub, user);
        hub.attach_now(&subscriber);
        client.connect(&subscriber);
        subscriber
    }

    #[test]
    fn a_stream_that_sleeps_is_written_to_and_has_nothing_to_take() {
        let (hub, client) = (hub(), Client::default());
        let alice = connected(&hub, "alice", &client);
        sleep(&hub, &alice);
        hub.dispatch(vec![record(0, 0, "alice")]);
        hub.dispatch(vec![record(0, 1, "alice")]);
        assert_eq!(client.text().matches("event: a.b").count(), 2);
        assert_eq!(OutletSlot::of(&alice).bytes(), client.text().len() as u64);
        sleep(&hub, &alice);
    }

    #[test]
    fn a_task_that_has_something_to_write_is_not_overtaken() {
        let (hub, client) = (hub(), Client::default());
        let alice = connected(&hub, "alice", &client);
        hub.dispatch(vec![record(0, 0, "alice")]);
        let Taken::Frames(frames) = hub.take(&alice, None) else { panic!("a frame waits") };
        hub.dispatch(vec![record(0, 1, "alice")]);
        assert_eq!(client.text(), "", "the task has not said that it wrote the first one");
        client.take(frames);
        let Taken::Frames(frames) = hub.take(&alice, None) else { panic!("a frame waits") };
        client.take(frames);
        sleep(&hub, &alice);
        hub.dispatch(vec![record(0, 2, "alice")]);
        assert_eq!(client.text().matches("event: a.b").count(), 3);
    }

    #[test]
    fn events_that_come_together_are_one_write_and_shared_by_those_who_get_the_same() {
        let (hub, one, other) = (hub(), Client::default(), Client::default());
        let streams = [connected(&hub, "alice", &one), connected(&hub, "alice", &other)];
        streams.iter().for_each(|stream| sleep(&hub, stream));
        hub.dispatch((0..8).map(|offset| record(0, offset, "alice")).collect());
        for client in [&one, &other] {
            assert_eq!(client.writes.lock().len(), 1);
            assert_eq!(client.text().matches("event: a.b").count(), 8);
        }
        assert_eq!(one.text(), other.text());
    }

    #[test]
    fn what_a_connection_does_not_take_is_the_tasks_and_goes_before_everything_else() {
        let (hub, client) = (hub(), Client::taking(&[5]));
        let alice = connected(&hub, "alice", &client);
        sleep(&hub, &alice);
        hub.dispatch(vec![record(0, 0, "alice")]);
        assert_eq!(client.text(), "event");
        hub.dispatch(vec![record(0, 1, "alice")]);
        assert_eq!(client.writes.lock().len(), 1, "it is the task's turn");
        assert!(alice.close(CloseReason::SignedOut).is_none(), "the task was woken");
        let Taken::Frames(frames) = hub.take(&alice, None) else { panic!("the rest of a frame") };
        client.take(frames);
        assert!(client.text().ends_with("\n\n"), "{}", client.text());
        assert!(matches!(hub.take(&alice, None), Taken::Closed(CloseReason::SignedOut)));
    }

    #[test]
    fn a_ping_is_written_to_who_sleeps_and_what_is_not_taken_of_it_is_the_tasks() {
        let (hub, client) = (hub(), Client::taking(&[usize::MAX, 5]));
        let alice = connected(&hub, "alice", &client);
        sleep(&hub, &alice);
        (0..3 * SLOTS).for_each(|_| hub.ping_some());
        let text = client.text();
        assert_eq!(text.matches("event: ping").count(), 1, "{text}");
        assert!(
            text.ends_with("\n\nevent"),
            "the second one is the task's, and a third would be in vain: {text}"
        );
        let Taken::Frames(frames) = hub.take(&alice, None) else { panic!("the rest of a ping") };
        client.take(frames);
        sleep(&hub, &alice);
        hub.dispatch(vec![record(0, 0, "alice")]);
        assert_eq!(client.text().matches("\n\nevent: ").count(), 2, "{}", client.text());
    }

    #[test]
    fn a_stream_that_is_closed_gets_nothing_more() {
        let (hub, client) = (hub(), Client::default());
        let alice = connected(&hub, "alice", &client);
        sleep(&hub, &alice);
        assert!(alice.close(CloseReason::SignedOut).is_some(), "the task is to say bye");
        hub.dispatch(vec![record(0, 0, "alice")]);
        assert_eq!(client.text(), "");
    }

    struct Unpark(Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    /// One thread reads the log; another one is the stream's task, which is left the rest of every other write.
    #[test]
    fn two_writers_never_mix_lose_or_repeat() {
        const RECORDS: i64 = 5000;
        let (hub, client) = (hub(), Client::taking(&[usize::MAX, 7, usize::MAX, 0]));
        let alice = connected(&hub, "alice", &client);
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let taken = hub.take(&alice, Some(&Context::from_waker(&waker)));
        assert!(matches!(taken, Taken::Nothing), "{taken:?}");
        let reader = Arc::clone(&hub);
        let reading = thread::spawn(move || {
            let mut next = 0;
            while next < RECORDS {
                let end = (next + 1 + next % 5).min(RECORDS);
                reader.dispatch((next..end).map(|offset| record(0, offset, "alice")).collect());
                next = end;
                // Far from what would cut the stream, and often enough that the task sleeps again and again.
                while reader.backlog().frames > 100 {
                    thread::yield_now();
                }
            }
        });
        let ends = |client: &Client| client.text().contains(&format!("\"id\":\"0-{}\"", RECORDS - 1));
        loop {
            match hub.take(&alice, Some(&Context::from_waker(&waker))) {
                Taken::Frames(frames) => client.take(frames),
                Taken::Nothing if reading.is_finished() && hub.backlog().frames == 0 && ends(&client) => {
                    break;
                }
                // The end of the other thread wakes nobody.
                Taken::Nothing => thread::park_timeout(std::time::Duration::from_millis(10)),
                other => panic!("{other:?}"),
            }
        }
        reading.join().expect("no panic");
        let text = client.text();
        let frames: Vec<_> = text.split_terminator("\n\n").collect();
        assert_eq!(frames.len() as i64, RECORDS);
        for (offset, frame) in frames.iter().enumerate() {
            assert!(frame.starts_with("event: a.b\nid: "), "{frame}");
            assert!(frame.contains(&format!("\"id\":\"0-{offset}\"")), "{offset}: {frame}");
        }
        assert!(client.writes.lock().len() > 10, "both of them wrote");
    }
}

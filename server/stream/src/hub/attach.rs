use std::{sync::Arc, task::Context};

use bytes::Bytes;

use super::{Hub, State, Subscriber, Taken, history::Entry, subscriber::Look};
use crate::{
    EventType,
    log::LogRange,
    position::{Position, Scope},
    subscription::Cursor,
};

/// How many bytes of frames a stream takes from memory at once; the next part waits until these were read.
const PORTION: usize = 1 << 20;

/// So much is joined under the lock: what a stream would join for itself is joined once for all that are as far behind.
const JOINED: usize = 64 << 10;

/// What the last stream that came back was given. After a break there are many that missed the same.
pub(super) struct Replay {
    /// The first of the events, and the place in the order of arrival that they reach to.
    oldest: Arc<Entry>,
    last: u64,
    /// Whose own events are among them, if anybody's.
    user: Option<Box<str>>,
    types: Arc<[EventType]>,
    /// How far the log had been read with the oldest of the events: whoever is within that, and misses it, misses all the others, and
    /// finds their ids right.
    covers: Position,
    frames: u64,
    bytes: Bytes,
}

/// What a stream that wants to join the live feed is told.
pub(crate) enum Attached {
    /// It is live from here on, after these frames.
    Live(Vec<Bytes>),
    /// There is more in memory than one portion: read these frames and ask again.
    Portion(Vec<Bytes>),
    /// These parts have to be read from the log first.
    Older(Vec<LogRange>),
    /// It is ahead of this instance: wait.
    Ahead,
}

impl Hub {
    /// Makes the stream live at the current position; its id.
    pub(crate) fn attach_now(&self, subscriber: &Arc<Subscriber>) -> String {
        let mut state = self.state.lock();
        state.join_live(subscriber);
        self.id_at(&state.position, subscriber)
    }

    /// Brings the cursor forward through what is remembered, and makes the stream live when it has caught up.
    pub(crate) fn attach(&self, subscriber: &Arc<Subscriber>, cursor: &mut Cursor) -> Attached {
        let mut state = self.state.lock();
        let older = missing(&state, &mut cursor.position);
        if !older.is_empty() {
            return Attached::Older(older);
        }
        if !cursor.position.is_within(&state.position) {
            return Attached::Ahead;
        }
        let (frames, finished) = self.recall_frames(&mut state, subscriber, cursor);
        if !finished {
            return Attached::Portion(frames);
        }
        cursor.position = state.position.clone();
        state.join_live(subscriber);
        Attached::Live(frames)
    }

    /// Takes what waits for the stream, or leaves word whom to wake.
    pub(crate) fn take(&self, subscriber: &Subscriber, cx: Option<&Context<'_>>) -> Taken {
        match subscriber.take(cx) {
            Look::Found(taken) => taken,
            Look::InHistory => {
                subscriber.take_from(&self.state.lock().history, &self.metrics.streams_lagged).0
            }
            Look::Elsewhere => Taken::Nothing,
        }
    }

    /// The id of `position` for this stream's person.
    pub(crate) fn id_at(&self, position: &Position, subscriber: &Subscriber) -> String {
        self.codec.encode(position, Scope { org: &subscriber.org, user: Some(&subscriber.user) })
    }

    /// The frames after the cursor, and whether that is all of them; the cursor moves with them.
    fn recall_frames(
        &self,
        state: &mut State,
        subscriber: &Subscriber,
        cursor: &mut Cursor,
    ) -> (Vec<Bytes>, bool) {
        let (start, names) = (cursor.position.clone(), cursor.position.names());
        let first = state.history.first_beyond(&start);
        let entries = state.history.since(&subscriber.org, &subscriber.user, first);
        let missed =
            |entry: &&Arc<Entry>| !has_seen(&start, entry) && subscriber.wants(&entry.topic, &entry.kind);
        let mut entries = entries.filter(missed).peekable();
        let Some(oldest) = entries.peek().map(|oldest| Arc::clone(oldest)) else { return (Vec::new(), true) };
        if let Some(replay) = &state.replay
            && replay.is_for(&oldest, state, subscriber, cursor)
        {
            self.metrics.frames_replayed.add(replay.frames);
            return (vec![replay.bytes.clone()], true);
        }
        let covers = self.codec.own(oldest.frame.id(), &names);
        let (mut given, mut frames, mut bytes) = (Vec::new(), Vec::new(), 0);
        // Ids grow with the order of arrival: once one covers where the client started, all later ones do.
        let is_common = start.is_within(&covers) && cursor.given.is_empty();
        let mut covered = is_common;
        let mut finished = true;
        for entry in entries.filter(|entry| !cursor.given.has(entry.repeat)) {
            if bytes > PORTION {
                finished = false;
                break;
            }
            covered = covered || start.is_within(&self.codec.own(entry.frame.id(), &names));
            let frame = match covered {
                true => entry.frame.bytes().clone(),
                false => self.moved(&mut cursor.position, entry, &names),
            };
            bytes += frame.len();
            frames.push(frame);
            given.push(entry);
        }
        self.metrics.frames_replayed.add(frames.len() as u64);
        if !finished {
            for entry in &given {
                cursor.given.is_new(entry.repeat);
            }
            if let Some(last) = given.last() {
                cursor.position.merge(&self.codec.own(last.frame.id(), &names));
            }
        } else if is_common && bytes <= JOINED {
            let replay = Replay::new(oldest, state, subscriber, covers, &frames);
            frames = vec![replay.bytes.clone()];
            state.replay = Some(replay);
        }
        (frames, finished)
    }

    /// The entry's frame with an id that is right for this client.
    ///
    /// The id made when the entry arrived says what *this* instance had read by then. A client that comes from another
    /// instance may have read more of some partition; its id must not fall behind that.
    fn moved(&self, position: &mut Position, entry: &Entry, names: &[Arc<str>]) -> Bytes {
        position.merge(&self.codec.own(entry.frame.id(), names));
        let scope = Scope { org: &entry.org, user: entry.user.as_deref() };
        entry.frame.with_id(&entry.kind, &self.codec.encode(position, scope)).bytes().clone()
    }
}

impl Replay {
    fn new(
        oldest: Arc<Entry>,
        state: &State,
        subscriber: &Subscriber,
        covers: Position,
        frames: &[Bytes],
    ) -> Self {
        let Subscriber { user, types, .. } = subscriber;
        let is_personal = state.history.is_personal_since(&oldest.org, user, oldest.sequence);
        Self {
            last: state.history.sequence(),
            user: is_personal.then(|| user.clone()),
            types: Arc::clone(types),
            covers,
            frames: frames.len() as u64,
            bytes: Bytes::from(frames.concat()),
            oldest,
        }
    }

    /// Whether it is all that a stream is to get, the oldest of whose missed events is `oldest`.
    fn is_for(&self, oldest: &Arc<Entry>, state: &State, subscriber: &Subscriber, cursor: &Cursor) -> bool {
        let Subscriber { user, types, .. } = subscriber;
        Arc::ptr_eq(&self.oldest, oldest)
            && self.last == state.history.sequence()
            && Arc::ptr_eq(&self.types, types)
            && match &self.user {
                Some(theirs) => theirs == user,
                None => !state.history.is_personal_since(&oldest.org, user, oldest.sequence),
            }
            && cursor.given.is_empty()
            && cursor.position.is_within(&self.covers)
    }
}

impl State {
    fn join_live(&mut self, subscriber: &Arc<Subscriber>) {
        self.live.add(subscriber);
        self.heartbeat.add(subscriber.number);
    }
}

fn has_seen(position: &Position, entry: &Entry) -> bool {
    let next = position.topic(&entry.topic).and_then(|topic| topic.next.get(entry.partition));
    next.is_some_and(|next| entry.offset < *next)
}

/// Fits the position to the partitions that are followed now; the parts of the log between it and memory.
fn missing(state: &State, position: &mut Position) -> Vec<LogRange> {
    let mut older = Vec::new();
    for ours in &state.position.topics {
        let Some(theirs) = position.topic_mut(&ours.name) else {
            // A topic that was not followed then: the client joins it now.
            position.topics.push(ours.clone());
            continue;
        };
        // A partition that did not exist then is read from its beginning.
        let known = theirs.next.len();
        theirs.next.resize(known.max(ours.next.len()), 0);
        for (partition, from) in theirs.next.iter().enumerate() {
            if let Some(floor) = state.history.floor(&ours.name, partition)
                && *from < floor
            {
                let (topic, partition) = (Arc::clone(&ours.name), partition as i32);
                older.push(LogRange { topic, partition, from: *from, to: floor });
            }
        }
    }
    older
}

use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    fmt,
    sync::Arc,
    task::Waker,
};

use thiserror::Error;

use super::{Hub, Subscriber};
use crate::{EventType, StreamLimits};

/// Why a stream ends from the server's side; the client reads it in the `bye` event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// The person signed out, here or at the provider.
    SignedOut,
    /// The session reached the end of its life.
    Expired,
    /// The session was replaced, by a switch of organization or a change of rights.
    Replaced,
    /// The session goes on and may have other events than before: open the stream again.
    Changed,
    /// The instance goes down; another one takes over.
    Shutdown,
}

impl CloseReason {
    /// As it stands in the `bye` event.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::Expired => "expired",
            Self::Replaced => "replaced",
            Self::Changed => "changed",
            Self::Shutdown => "shutdown",
        }
    }
}

/// What has as many streams as it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamScope {
    /// One session.
    Session,
    /// One organization.
    Organization,
    /// This instance; another one may have room.
    Instance,
}

impl fmt::Display for StreamScope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Session => "session",
            Self::Organization => "organization",
            Self::Instance => "instance",
        })
    }
}

/// Why no stream may be opened.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OpenError {
    #[error("too many open streams for this {0}")]
    TooMany(StreamScope),
    #[error("the session has ended")]
    SessionEnded,
    #[error("the instance is going down")]
    ShuttingDown,
}

/// What streams have yet to get.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Frames that live streams have not taken yet.
    pub frames: u64,
    /// Their bytes, each counted for every stream that has yet to take it.
    pub bytes: u64,
    /// Records of the log between the present and the resuming stream that is furthest from it.
    pub deepest_resume: u64,
}

/// How many ended sessions are remembered, so that a stream asked for at the moment of logout is not opened after it.
const ENDED_SESSIONS: usize = 4096;

/// Every open stream, live or still resuming.
#[derive(Default)]
pub(super) struct Registry {
    last_number: u64,
    streams: BTreeMap<u64, Arc<Subscriber>>,
    sessions: HashMap<Box<str>, Vec<u64>>,
    organizations: HashMap<Box<str>, usize>,
    types: HashSet<Arc<[EventType]>>,
    ended: HashSet<Box<str>>,
    ended_order: VecDeque<Box<str>>,
    shutting_down: bool,
}

impl Registry {
    fn admit(&self, session: &str, org: &str, limits: &StreamLimits) -> Result<(), OpenError> {
        if self.shutting_down {
            return Err(OpenError::ShuttingDown);
        }
        if self.ended.contains(session) {
            return Err(OpenError::SessionEnded);
        }
        if self.sessions.get(session).map_or(0, Vec::len) >= limits.per_session {
            return Err(OpenError::TooMany(StreamScope::Session));
        }
        if self.organizations.get(org).copied().unwrap_or(0) >= limits.per_organization {
            return Err(OpenError::TooMany(StreamScope::Organization));
        }
        if self.streams.len() >= limits.per_instance {
            return Err(OpenError::TooMany(StreamScope::Instance));
        }
        Ok(())
    }

    fn add(&mut self, session: &str, org: &str, user: &str, types: &[EventType]) -> Arc<Subscriber> {
        self.last_number += 1;
        let types = self.shared(types);
        let subscriber = Arc::new(Subscriber::new(self.last_number, session, org, user, types));
        self.sessions.entry(session.into()).or_default().push(subscriber.number);
        *self.organizations.entry(org.into()).or_default() += 1;
        self.streams.insert(subscriber.number, Arc::clone(&subscriber));
        subscriber
    }

    /// Most streams want what many others want: one list for all of them.
    fn shared(&mut self, types: &[EventType]) -> Arc<[EventType]> {
        if let Some(shared) = self.types.get(types) {
            return Arc::clone(shared);
        }
        let shared: Arc<[EventType]> = types.into();
        self.types.insert(Arc::clone(&shared));
        shared
    }

    fn remove(&mut self, subscriber: &Subscriber) -> bool {
        if self.streams.remove(&subscriber.number).is_none() {
            return false;
        }
        if let Some(numbers) = self.sessions.get_mut(&subscriber.session) {
            numbers.retain(|number| *number != subscriber.number);
            if numbers.is_empty() {
                self.sessions.remove(&subscriber.session);
            }
        }
        if let Some(count) = self.organizations.get_mut(&subscriber.org) {
            *count -= 1;
            if *count == 0 {
                self.organizations.remove(&subscriber.org);
            }
        }
        // The caller's, and the one in the set.
        if Arc::strong_count(&subscriber.types) <= 2 {
            self.types.remove(&subscriber.types);
        }
        true
    }

    fn of_session(&self, session: &str) -> Vec<Arc<Subscriber>> {
        let numbers = self.sessions.get(session).into_iter().flatten();
        numbers.filter_map(|number| self.streams.get(number).cloned()).collect()
    }

    fn end_session(&mut self, session: &str) {
        if self.ended.insert(session.into()) {
            self.ended_order.push_back(session.into());
        }
        if self.ended_order.len() > ENDED_SESSIONS
            && let Some(oldest) = self.ended_order.pop_front()
        {
            self.ended.remove(&oldest);
        }
    }

    pub(super) fn get(&self, number: u64) -> Option<&Arc<Subscriber>> {
        self.streams.get(&number)
    }
}

impl Hub {
    /// Registers a stream within the limits. It gets nothing until it is attached.
    pub(crate) fn open(
        &self,
        session: &str,
        org: &str,
        user: &str,
        types: &[EventType],
    ) -> Result<Arc<Subscriber>, OpenError> {
        let mut state = self.state.lock();
        let admitted = state.streams.admit(session, org, &self.config.limits);
        admitted.inspect_err(|_| self.metrics.streams_refused.increment())?;
        self.metrics.streams_opened.increment();
        Ok(state.streams.add(session, org, user, types))
    }

    /// Forgets a stream.
    pub(crate) fn release(&self, subscriber: &Subscriber) {
        let mut state = self.state.lock();
        state.live.remove(subscriber);
        if state.streams.remove(subscriber) {
            self.metrics.streams_closed.increment();
        }
    }

    /// How many streams are open.
    pub(crate) fn open_streams(&self) -> usize {
        self.state.lock().streams.streams.len()
    }

    /// What waits for slow readers, and how far streams that resume are from the present.
    pub(crate) fn backlog(&self) -> Backlog {
        let mut backlog = Backlog::default();
        for subscriber in self.state.lock().streams.streams.values() {
            let (frames, bytes) = subscriber.unread();
            backlog.frames += frames as u64;
            backlog.bytes += bytes as u64;
            backlog.deepest_resume = backlog.deepest_resume.max(subscriber.behind());
        }
        backlog
    }

    /// How many streams a session has open.
    pub(crate) fn streams_of(&self, session: &str) -> usize {
        self.state.lock().streams.sessions.get(session).map_or(0, Vec::len)
    }

    /// Ends the session's streams, and refuses new ones: session ids are never used again.
    pub(crate) fn close_session(&self, session: &str, reason: CloseReason) -> usize {
        let mut state = self.state.lock();
        state.streams.end_session(session);
        let doomed = state.streams.of_session(session);
        drop(state);
        close_each(&doomed, reason)
    }

    /// Ends the session's streams, which it may open again.
    pub(crate) fn interrupt_session(&self, session: &str, reason: CloseReason) -> usize {
        let doomed = self.state.lock().streams.of_session(session);
        close_each(&doomed, reason)
    }

    /// Ends the streams that `doomed` picks.
    pub(crate) fn close_where(&self, reason: CloseReason, doomed: impl Fn(&Subscriber) -> bool) -> usize {
        let state = self.state.lock();
        let doomed: Vec<_> = state.streams.streams.values().filter(|one| doomed(one)).cloned().collect();
        drop(state);
        close_each(&doomed, reason)
    }

    /// Ends every stream and refuses new ones.
    pub(crate) fn shut_down(&self) -> usize {
        self.state.lock().streams.shutting_down = true;
        self.close_where(CloseReason::Shutdown, |_| true)
    }
}

fn close_each(doomed: &[Arc<Subscriber>], reason: CloseReason) -> usize {
    let wakers: Vec<Waker> = doomed.iter().filter_map(|subscriber| subscriber.close(reason)).collect();
    wakers.into_iter().for_each(Waker::wake);
    doomed.len()
}

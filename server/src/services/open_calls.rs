//! What lasts longer than its request: connections that have left HTTP, and answers that go on. None outlives the session
//! that it was opened for.

use std::collections::HashMap;
use std::future::pending;
use std::sync::Arc;

use parking_lot::Mutex;
use portico_gateway::TunnelEnd;
use portico_identity::session::SessionId;
use portico_telemetry::Gauge;
use tokio::sync::watch;

use crate::http::Authenticated;
use crate::state::AppState;

/// Everything of this instance that lasts, by session.
#[derive(Debug)]
pub struct OpenCalls {
    sessions: Mutex<HashMap<SessionId, Open>>,
    upgrades_per_session: usize,
    going_away: watch::Sender<bool>,
    upgrades: Gauge,
}

#[derive(Debug)]
struct Open {
    end: watch::Sender<Option<TunnelEnd>>,
    upgrades: usize,
}

/// One thing that lasts; it is told when its session is over.
#[derive(Debug)]
pub struct Lasting {
    calls: Arc<OpenCalls>,
    id: SessionId,
    /// None once it leaves.
    end: Option<watch::Receiver<Option<TunnelEnd>>>,
    is_upgrade: bool,
}

impl OpenCalls {
    /// None yet; a session may have this many connections that have left HTTP.
    pub fn new(upgrades_per_session: usize) -> Arc<Self> {
        let going_away = watch::Sender::new(false);
        Arc::new(Self {
            sessions: Mutex::default(),
            upgrades_per_session,
            going_away,
            upgrades: Gauge::default(),
        })
    }

    /// One more connection of a session; none where it has as many as it may have.
    pub fn upgrade(self: &Arc<Self>, id: SessionId) -> Option<Lasting> {
        let mut sessions = self.sessions.lock();
        let open = sessions.entry(id).or_default();
        if open.upgrades >= self.upgrades_per_session {
            return None;
        }
        open.upgrades += 1;
        self.upgrades.increment();
        Some(self.lasting(id, open, true))
    }

    /// Connections of all sessions that have left HTTP.
    pub fn upgrades(&self) -> &Gauge {
        &self.upgrades
    }

    /// An answer of a session that goes on.
    pub fn answer(self: &Arc<Self>, id: SessionId) -> Lasting {
        self.lasting(id, self.sessions.lock().entry(id).or_default(), false)
    }

    /// Ends what a session has open here.
    pub fn end(&self, id: &SessionId, why: TunnelEnd) {
        // What is opened from now on belongs to the session as it is now.
        if let Some(open) = self.sessions.lock().remove(id) {
            open.end.send_replace(Some(why));
        }
    }

    /// Ends everything, now and from now on: the instance goes down.
    pub fn end_all(&self) {
        self.going_away.send_replace(true);
    }

    fn lasting(self: &Arc<Self>, id: SessionId, open: &Open, is_upgrade: bool) -> Lasting {
        Lasting { calls: Arc::clone(self), id, end: Some(open.end.subscribe()), is_upgrade }
    }
}

impl Default for Open {
    fn default() -> Self {
        Self { end: watch::Sender::new(None), upgrades: 0 }
    }
}

impl Lasting {
    /// Resolves when it has to end, and says why. `session` is what it was opened with: what has changed since then counts
    /// too.
    pub async fn ended(mut self, state: AppState, session: Authenticated) -> TunnelEnd {
        if let Some(why) = changed(&state, &session).await {
            return why;
        }
        let mut going_away = self.calls.going_away.subscribe();
        let told = async {
            let Some(end) = &mut self.end else { return pending().await };
            match end.wait_for(Option::is_some).await {
                Ok(why) => why.unwrap_or(TunnelEnd::SessionOver),
                Err(_) => TunnelEnd::SessionOver,
            }
        };
        tokio::select! {
            why = told => why,
            _ = going_away.wait_for(|going| *going) => TunnelEnd::GoingAway,
        }
    }
}

/// What happened to a session between its request and now.
async fn changed(state: &AppState, session: &Authenticated) -> Option<TunnelEnd> {
    match state.sessions.find(&session.active.id).await {
        Ok(None) => Some(TunnelEnd::SessionOver),
        Ok(Some(now)) => {
            let now = now.state();
            let same = now.org_id == session.state.org_id && now.organizations == session.state.organizations;
            (!same).then_some(TunnelEnd::PrivilegesChanged)
        }
        // The store does not answer: sessions in memory are looked up every second until it does.
        Err(_) => None,
    }
}

impl Drop for Lasting {
    fn drop(&mut self) {
        if self.is_upgrade {
            self.calls.upgrades.decrement();
        }
        let Some(end) = self.end.take() else { return };
        let mut sessions = self.calls.sessions.lock();
        let Some(open) = sessions.get_mut(&self.id).filter(|open| open.end.subscribe().same_channel(&end))
        else {
            return;
        };
        drop(end);
        if self.is_upgrade {
            open.upgrades -= 1;
        }
        if open.end.receiver_count() == 0 {
            sessions.remove(&self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_left_is_forgotten_and_makes_room() {
        let calls = OpenCalls::new(2);
        let id = SessionId(7);
        let (one, two) = (calls.upgrade(id), calls.upgrade(id));
        assert!(one.is_some() && two.is_some() && calls.upgrade(id).is_none());
        assert!(calls.upgrade(SessionId(8)).is_some(), "another session has its own");
        assert_eq!(calls.upgrades().get(), 2);
        let answer = calls.answer(id);
        drop(one);
        assert!(calls.upgrade(id).is_some());
        drop((two, answer));
        assert!(calls.sessions.lock().is_empty());
        assert_eq!(calls.upgrades().get(), 0);
    }

    #[test]
    fn what_ends_makes_room_for_the_session_as_it_is_then() {
        let calls = OpenCalls::new(1);
        let id = SessionId(7);
        let old = calls.upgrade(id).expect("room");
        calls.end(&id, TunnelEnd::PrivilegesChanged);
        let new = calls.upgrade(id).expect("room");
        let end_of = |lasting: &Lasting| *lasting.end.as_ref().expect("there").borrow();
        assert_eq!(end_of(&old), Some(TunnelEnd::PrivilegesChanged));
        assert_eq!(end_of(&new), None);
        drop(old);
        assert!(calls.upgrade(id).is_none(), "the old one's leaving is not the new one's");
    }
}

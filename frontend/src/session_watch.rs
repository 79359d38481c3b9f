use std::cell::{Cell, RefCell};
use std::rc::Rc;

use portico_app::bridge::Connection;

use crate::limits::Limits;
use crate::portal::Portal;
use crate::{task, time};

/// Knows whether this page's session still stands.
///
/// A 401 or 409 may come from an upstream, which must not be able to sign anyone out. So it only raises a doubt, and
/// the portal is asked: no session ends the page's connection, another organization reloads the page.
pub(crate) struct SessionWatch {
    portal: Rc<dyn Portal>,
    org_id: String,
    asking: Cell<bool>,
    again: Cell<bool>,
    /// When the person began to leave the page, by `time::now`.
    left_at: Cell<Option<f64>>,
    leave: u32,
    /// How long it waits between two questions, in milliseconds.
    calm: u32,
    status: Rc<Status>,
}

type Handler = Rc<dyn Fn(Connection)>;

/// What the shell is told about the connection.
pub(crate) struct Status {
    current: Cell<Connection>,
    handler: RefCell<Option<Handler>>,
}

/// What the portal said about the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It stands, or nothing is known to the contrary.
    Good,
    /// It has ended.
    Ended,
}

impl SessionWatch {
    /// `org_id` is what the page was rendered for.
    pub(crate) fn new(portal: Rc<dyn Portal>, org_id: String, status: Rc<Status>, limits: &Limits) -> Self {
        Self {
            portal,
            org_id,
            asking: Cell::new(false),
            again: Cell::new(false),
            left_at: Cell::new(None),
            leave: limits.leave,
            calm: limits.calm,
            status,
        }
    }

    /// Something suggests that the session has ended or changed. Doubts raised while one is looked into, or shortly
    /// after, are looked into together: whoever raises them may raise many.
    pub(crate) fn doubt(self: &Rc<Self>) {
        if self.asking.replace(true) {
            self.again.set(true);
            return;
        }
        let watch = Rc::clone(self);
        task::spawn(async move {
            loop {
                watch.again.set(false);
                let standing = watch.ask().await;
                time::sleep(watch.calm).await;
                if standing == Standing::Ended || !watch.again.get() {
                    break;
                }
            }
            watch.asking.set(false);
        });
    }

    /// Asks the portal, and acts on its answer.
    pub(crate) async fn ask(&self) -> Standing {
        if self.status.get() == Connection::Ended {
            return Standing::Ended;
        }
        match self.portal.organization().await {
            Ok(org_id) if org_id != self.org_id => self.reload().await,
            // The question itself names the page's organization, so a mismatch can be the answer to it as well.
            Err(problem) if problem.status == 409 => self.reload().await,
            // A page that nobody is signed in on has no session to lose.
            Err(problem) if problem.status == 401 && !self.org_id.is_empty() => {
                self.let_go().await;
                self.status.set(Connection::Ended);
                return Standing::Ended;
            }
            _ => {}
        }
        Standing::Good
    }

    /// The person sent a form of the shell: to sign out, or to switch. What that does to the session is no news, and the
    /// page must not get in the way of where they go.
    pub(crate) fn leaving(&self) {
        self.left_at.set(Some(time::now()));
    }

    async fn reload(&self) {
        self.let_go().await;
        self.portal.reload();
    }

    /// Gives a person who is leaving the time to leave.
    async fn let_go(&self) {
        let is_leaving = |at| time::now() - at < f64::from(self.leave);
        if self.left_at.get().is_some_and(is_leaving) {
            time::sleep(self.leave).await;
        }
    }
}

impl Status {
    /// No stream yet.
    pub(crate) fn new() -> Self {
        Self { current: Cell::new(Connection::Idle), handler: RefCell::default() }
    }

    /// The state now.
    pub(crate) fn get(&self) -> Connection {
        self.current.get()
    }

    /// Changes it. An ended session stays ended until the page is loaded anew.
    pub(crate) fn set(&self, connection: Connection) {
        if self.get() == connection || self.get() == Connection::Ended {
            return;
        }
        self.current.set(connection);
        let handler = self.handler.borrow().clone();
        if let Some(handler) = handler {
            handler(connection);
        }
    }

    /// Tells `handler` the state now and at every change.
    pub(crate) fn watch(&self, handler: Handler) {
        self.handler.replace(Some(Rc::clone(&handler)));
        handler(self.get());
    }
}

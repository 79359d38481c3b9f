use std::cell::{Cell, RefCell};

use portico_contracts::Problem;
use portico_frontend::{LocalFuture, NewEvent, Portal, Subscription, Token};

use super::sleep;

/// A portal that answers as the test tells it to, and remembers what it was asked.
pub(crate) struct FakePortal {
    pub(crate) exchanges: Cell<u32>,
    /// How long a token lasts, in milliseconds; `None` refuses.
    pub(crate) token_lasts: Cell<Option<f64>>,
    pub(crate) published: RefCell<Vec<(String, String, String)>>,
    /// The ids that they were published under.
    pub(crate) published_ids: RefCell<Vec<String>>,
    /// The status that publishing is refused with.
    pub(crate) refuse_publish: Cell<Option<u16>>,
    /// The session's organization; `None` is no session.
    pub(crate) organization: RefCell<Option<String>>,
    pub(crate) questions: Cell<u32>,
    /// The types that the session may subscribe to.
    pub(crate) types: RefCell<Vec<String>>,
    /// What a stream's URL is answered with.
    pub(crate) stream_status: Cell<u16>,
    pub(crate) versions: RefCell<Vec<(String, String)>>,
    pub(crate) reports: RefCell<Vec<String>>,
    pub(crate) reloads: Cell<u32>,
}

impl Default for FakePortal {
    fn default() -> Self {
        Self {
            exchanges: Cell::new(0),
            token_lasts: Cell::new(Some(300_000.0)),
            published: RefCell::default(),
            published_ids: RefCell::default(),
            refuse_publish: Cell::new(None),
            organization: RefCell::new(Some("acme".into())),
            questions: Cell::new(0),
            types: RefCell::new(["chat.edit", "chat.reply", "todo.changed"].map(Into::into).into()),
            stream_status: Cell::new(200),
            versions: RefCell::default(),
            reports: RefCell::default(),
            reloads: Cell::new(0),
        }
    }
}

pub(crate) fn problem(status: u16) -> Problem {
    Problem {
        kind: "/problems/test".into(),
        title: "Refused".into(),
        status,
        detail: "by the test".into(),
        instance: String::new(),
        trace_id: "0af7651916cd43dd8448eb211c80319c".into(),
        errors: Vec::new(),
    }
}

fn bump(counter: &Cell<u32>) -> u32 {
    counter.set(counter.get() + 1);
    counter.get()
}

impl Portal for FakePortal {
    fn exchange_token(&self, remote: String) -> LocalFuture<Result<Token, Problem>> {
        let number = bump(&self.exchanges);
        let lasts = self.token_lasts.get();
        Box::pin(async move {
            sleep(10).await;
            let Some(lasts) = lasts else { return Err(problem(502)) };
            let ends = js_sys::Date::new(&(js_sys::Date::now() + lasts).into());
            Ok(Token {
                access_token: format!("token {number} of {remote}"),
                expires_at: ends.to_iso_string().into(),
            })
        })
    }

    fn publish(&self, event: NewEvent) -> LocalFuture<Result<String, Problem>> {
        let refusal = self.refuse_publish.get();
        self.published.borrow_mut().push((event.source, event.kind, event.data));
        self.published_ids.borrow_mut().push(event.id);
        Box::pin(async move { refusal.map_or(Ok("e-1".into()), |status| Err(problem(status))) })
    }

    fn subscription(&self) -> LocalFuture<Result<Subscription, Problem>> {
        let types = self.types.borrow().clone();
        Box::pin(async { Ok(Subscription { url: "/stream".into(), types }) })
    }

    fn stream_status(&self, _url: String) -> LocalFuture<u16> {
        let status = self.stream_status.get();
        Box::pin(async move { status })
    }

    fn organization(&self) -> LocalFuture<Result<String, Problem>> {
        bump(&self.questions);
        let answer = self.organization.borrow().clone().ok_or_else(|| problem(401));
        Box::pin(async { answer })
    }

    fn versions(&self) -> LocalFuture<Result<Vec<(String, String)>, Problem>> {
        let versions = self.versions.borrow().clone();
        Box::pin(async { Ok(versions) })
    }

    fn report(&self, measurements: String) {
        self.reports.borrow_mut().push(measurements);
    }

    fn reload(&self) {
        bump(&self.reloads);
    }
}

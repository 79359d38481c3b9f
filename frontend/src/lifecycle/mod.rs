//! A remote's life in one outlet: load, mount, unmount, each timed, each able to fail without anyone else noticing.

mod load;
mod mount;
mod root;
pub(crate) mod scope;
mod unmount;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use portico_app::bridge::{FailedPhase, Failure, MountRequest, Phase, Reason};
use portico_contracts::Session;
use web_sys::HtmlElement;

use crate::page::Page;
use crate::report::Measurement;
use crate::{task, time};
use mount::OnPage;

/// One outlet of the shell and what has become of the remote in it.
pub(crate) struct Outlet {
    page: Rc<Page>,
    host: HtmlElement,
    request: MountRequest,
    on_phase: Rc<dyn Fn(Phase)>,
    /// Counts attempts. What an earlier attempt brings, late, belongs to nobody and is put away.
    turn: Cell<u32>,
    /// The turn whose remote is ready.
    ready: Cell<Option<u32>>,
    on_page: RefCell<Option<OnPage>>,
}

impl Outlet {
    /// An outlet with nothing in it.
    pub(crate) fn new(
        page: Rc<Page>,
        host: HtmlElement,
        request: MountRequest,
        on_phase: Rc<dyn Fn(Phase)>,
    ) -> Rc<Self> {
        Rc::new(Self {
            page,
            host,
            request,
            on_phase,
            turn: Cell::new(0),
            ready: Cell::new(None),
            on_page: RefCell::default(),
        })
    }

    /// Begins an attempt, ending the one before.
    pub(crate) fn start(self: &Rc<Self>) {
        self.stop();
        let turn = self.turn.get();
        if let Err(wait) = self.page.breakers.enter(&self.request.application.id) {
            self.skip(turn, wait);
            return;
        }
        self.tell(turn, Phase::Loading);
        let outlet = Rc::clone(self);
        task::spawn(async move {
            let began = time::now();
            if let Err(failure) = outlet.attempt(turn).await {
                outlet.failed(turn, began, failure);
            }
        });
    }

    /// A person asked for another attempt.
    pub(crate) fn retry(self: &Rc<Self>) {
        self.page.breakers.allow(&self.request.application.id);
        self.start();
    }

    /// Unmounts what is there. Nothing is told afterwards.
    pub(crate) fn stop(&self) {
        self.turn.set(self.turn.get() + 1);
        if let Some(on_page) = self.on_page.take() {
            unmount::unmount(&self.page, &self.request, on_page);
        }
    }

    async fn attempt(self: &Rc<Self>, turn: u32) -> Result<(), Failure> {
        let session = self.session()?;
        let began = time::now();
        let loaded = load::load(&self.page, &self.request.application).await?;
        if !self.is_current(turn) {
            return Ok(());
        }
        let application = &self.request.application;
        self.page.reporter.send(Measurement::phase(application, FailedPhase::Load, began));
        self.tell(turn, Phase::Mounting);
        let began = time::now();
        mount::mount(self, turn, &session, loaded).await?;
        if self.is_current(turn) {
            self.page.reporter.send(Measurement::phase(application, FailedPhase::Mount, began));
            self.page.breakers.succeeded(&application.id);
            self.ready.set(Some(turn));
            self.tell(turn, Phase::Ready);
        }
        Ok(())
    }

    /// Says that there is another version of what is ready in this turn.
    fn on_update(self: &Rc<Self>, turn: u32) -> Box<dyn Fn()> {
        let outlet = Rc::downgrade(self);
        Box::new(move || {
            if let Some(outlet) = outlet.upgrade().filter(|outlet| outlet.ready.get() == Some(turn)) {
                outlet.tell(turn, Phase::Updated);
            }
        })
    }

    fn failed(&self, turn: u32, began: f64, failure: Failure) {
        if !self.is_current(turn) {
            return;
        }
        self.stop();
        let application = &self.request.application;
        self.page.breakers.failed(&application.id, began);
        let message = [failure.reason.code(), ": ", &failure.message].concat();
        self.page.reporter.send(Measurement {
            trace_id: failure.trace_id.clone(),
            ..Measurement::failure(application, failure.phase, &message)
        });
        (self.on_phase)(Phase::Failed(failure));
    }

    /// Says that the remote is skipped, and probes it once the pause is over.
    fn skip(self: &Rc<Self>, turn: u32, wait: u32) {
        self.tell(
            turn,
            Phase::Failed(Failure {
                phase: FailedPhase::Load,
                reason: Reason::Skipped,
                message: String::new(),
                trace_id: None,
                retryable: true,
            }),
        );
        let outlet = Rc::clone(self);
        task::spawn(async move {
            time::sleep(wait).await;
            if outlet.is_current(turn) {
                outlet.start();
            }
        });
    }

    fn session(&self) -> Result<Session, Failure> {
        self.page.session.clone().ok_or_else(|| Failure {
            phase: FailedPhase::Load,
            reason: Reason::Unsupported,
            message: "nobody is signed in".into(),
            trace_id: None,
            retryable: false,
        })
    }

    fn is_current(&self, turn: u32) -> bool {
        self.turn.get() == turn
    }

    fn tell(&self, turn: u32, phase: Phase) {
        if self.is_current(turn) {
            (self.on_phase)(phase);
        }
    }
}

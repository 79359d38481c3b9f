use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Array, JSON};
use portico_app::bridge::FailedPhase;
use portico_contracts::Application;
use wasm_bindgen::JsValue;

use crate::portal::Portal;
use crate::{js, task, time};

/// A page sends at most so many measurements a minute: a remote that fails in a loop must not become load.
const PER_MINUTE: u32 = 60;

/// One browser measurement, an item of the array that `POST /api/platform/rum` takes.
#[derive(Clone, Debug)]
pub struct Measurement {
    /// `phase`: a phase of a remote's life ended well; `error`: it did not, or the remote reported an error.
    pub kind: &'static str,
    /// The remote's name; none for the shell itself.
    pub remote: Option<String>,
    /// The remote's version.
    pub version: Option<String>,
    /// `load`, `mount`, `unmount`; none for errors in between.
    pub phase: Option<&'static str>,
    /// How long the phase took, in milliseconds.
    pub duration_ms: Option<u32>,
    /// What was said about the error, at most 300 bytes.
    pub message: Option<String>,
    /// The trace of the call that led to the error, where it is known.
    pub trace_id: Option<String>,
}

/// Gathers measurements and sends them together.
pub(crate) struct Reporter {
    portal: Rc<dyn Portal>,
    gather: u32,
    waiting: RefCell<Vec<Measurement>>,
    minute: Cell<(f64, u32)>,
}

impl Measurement {
    /// A phase that ended well.
    pub(crate) fn phase(application: &Application, phase: FailedPhase, since: f64) -> Self {
        Self {
            kind: "phase",
            phase: Some(phase.code()),
            duration_ms: Some((time::now() - since) as u32),
            message: None,
            ..Self::error(application, String::new())
        }
    }

    /// An error of a remote.
    pub(crate) fn error(application: &Application, message: String) -> Self {
        Self {
            remote: Some(application.name.clone()),
            version: Some(application.version.clone()),
            ..Self::shell_error(message)
        }
    }

    /// An error of the shell itself.
    pub(crate) fn shell_error(message: String) -> Self {
        Self {
            kind: "error",
            remote: None,
            version: None,
            phase: None,
            duration_ms: None,
            message: Some(js::bounded(message, 300)),
            trace_id: None,
        }
    }

    /// As the server reads it. What is none becomes `undefined`, which `JSON.stringify` leaves out.
    fn to_js(&self) -> JsValue {
        let measurement = js::frozen([
            ("kind", self.kind.into()),
            ("remote", JsValue::from(self.remote.as_deref())),
            ("version", JsValue::from(self.version.as_deref())),
            ("phase", JsValue::from(self.phase)),
            ("durationMs", JsValue::from(self.duration_ms)),
            ("message", JsValue::from(self.message.as_deref())),
            ("traceId", JsValue::from(self.trace_id.as_deref())),
        ]);
        measurement.into()
    }

    /// An error of a phase of a remote's life.
    pub(crate) fn failure(application: &Application, phase: FailedPhase, message: &str) -> Self {
        Self { phase: Some(phase.code()), ..Self::error(application, message.to_owned()) }
    }
}

impl Reporter {
    /// `gather` is how long measurements wait for company, in milliseconds.
    pub(crate) fn new(portal: Rc<dyn Portal>, gather: u32) -> Self {
        Self { portal, gather, waiting: RefCell::default(), minute: Cell::new((0.0, 0)) }
    }

    /// Sends a measurement soon, unless this page has sent too many.
    pub(crate) fn send(self: &Rc<Self>, measurement: Measurement) {
        let now = time::now();
        let (since, sent) = self.minute.get();
        let (since, sent) = if now - since > 60_000.0 { (now, 0) } else { (since, sent) };
        if sent >= PER_MINUTE {
            return;
        }
        self.minute.set((since, sent + 1));
        self.waiting.borrow_mut().push(measurement);
        if self.waiting.borrow().len() == 1 {
            let reporter = Rc::clone(self);
            task::spawn(async move {
                time::sleep(reporter.gather).await;
                reporter.flush();
            });
        }
    }

    /// Sends what is waiting at once: the page may be going away.
    pub(crate) fn flush(&self) {
        let waiting = std::mem::take(&mut *self.waiting.borrow_mut());
        if waiting.is_empty() {
            return;
        }
        self.portal.report(to_json(&waiting));
    }
}

/// The body that `POST /api/platform/rum` takes.
pub(crate) fn to_json(measurements: &[Measurement]) -> String {
    let items: Array = measurements.iter().map(Measurement::to_js).collect();
    // Plain data: there is nothing in it that the browser could refuse to write.
    JSON::stringify(&items).ok().and_then(|json| json.as_string()).unwrap_or_default()
}

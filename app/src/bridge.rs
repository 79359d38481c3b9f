//! The contract between the shell and the browser's half that loads remotes.
//!
//! `frontend` implements [`Bridge`]; the shell calls it from outlets and from its navigation. The shell never touches a
//! remote's code itself, and the bridge never touches the shell's markup beyond the host element it was handed.

use std::rc::Rc;
use std::sync::Arc;

use portico_contracts::Application;

/// How far a remote has come in one outlet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Its modules and styles are being fetched.
    Loading,
    /// Its `mount(el, ctx)` has been called and has not settled.
    Mounting,
    /// It is on the page.
    Ready,
    /// It is not on the page; the outlet shows why.
    Failed(Failure),
    /// It is on the page, and the portal now resolves it to a newer version.
    Updated,
}

/// Why a remote is not on the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The phase that failed.
    pub phase: FailedPhase,
    /// The kind of failure; the shell has words for each.
    pub reason: Reason,
    /// What the browser or the remote said, for the details: text, never markup, at most a few hundred characters.
    pub message: String,
    /// The trace of the call that led to it, where it is known: an administrator finds the portal's log by it.
    pub trace_id: Option<String>,
    /// Whether `Mounted::retry` may help without a reload of the page.
    pub retryable: bool,
}

/// The phase of a remote's life that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailedPhase {
    /// Fetching and evaluating its modules.
    Load,
    /// Its `mount(el, ctx)`.
    Mount,
    /// Its unmount function; the outlet is already empty.
    Unmount,
}

/// The kinds of failure that people are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The phase's time limit passed.
    Timeout,
    /// A file could not be fetched, or was refused by the browser because its hash differs.
    Network,
    /// The module has no such export, or not with the `mount` signature.
    Contract,
    /// The remote's own code threw or rejected.
    Threw,
    /// It failed repeatedly and is skipped for a while (circuit breaker).
    Skipped,
    /// The portal cannot mount this format.
    Unsupported,
}

impl FailedPhase {
    /// Its stable name: `load`, `mount`, `unmount`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Load => "load",
            Self::Mount => "mount",
            Self::Unmount => "unmount",
        }
    }
}

impl Reason {
    /// Its stable name, as in reports.
    pub fn code(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Network => "network",
            Self::Contract => "contract",
            Self::Threw => "threw",
            Self::Skipped => "skipped",
            Self::Unsupported => "unsupported",
        }
    }
}

/// The event stream's state, as the top bar shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connection {
    /// No remote has subscribed yet, so there is no stream.
    Idle,
    /// Being opened, or opened again.
    Connecting,
    /// Open.
    Live,
    /// Lost; the bridge keeps trying.
    Offline,
    /// The session ended elsewhere; the bridge has stopped trying.
    Ended,
}

impl Connection {
    /// Its stable name: `idle`, `connecting`, `live`, `offline`, `ended`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Connecting => "connecting",
            Self::Live => "live",
            Self::Offline => "offline",
            Self::Ended => "ended",
        }
    }
}

/// The colour scheme in effect, after the person's choice and the system's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// `light`
    Light,
    /// `dark`
    Dark,
}

impl Scheme {
    /// As `ctx.shell.theme` spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// Where on the page a remote is mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The content area.
    Page {
        /// The route's path, `ctx.shell.basePath`.
        base_path: String,
    },
    /// A card of the home page.
    Card {
        /// `home:top`, `home:left` or `home:right`.
        slot: String,
    },
}

/// What the shell asks of the browser's half; `frontend` implements it, tests fake it. Components find it in
/// context as `SendWrapper<Rc<dyn Bridge>>`.
pub trait Bridge {
    /// Loads the remote if needed and mounts `request.mount` into `host`, which is empty and on the page. Reports
    /// phases until the handle is unmounted; calls `on_phase` asynchronously or synchronously, as it comes.
    fn mount(
        &self,
        host: web_sys::HtmlElement,
        request: MountRequest,
        on_phase: Rc<dyn Fn(Phase)>,
    ) -> Box<dyn Mounted>;
    /// Warms a remote's modules up: the pointer or the focus is on its link. Called often; must be cheap.
    fn prefetch(&self, application: &Application);
    /// The path changed by a shell navigation; mounted remotes hear of it through `ctx.onNavigate`.
    fn navigated(&self, path: &str);
    /// Calls `handler` with the event stream's state, at once and at every change. One handler per page.
    fn on_connection(&self, handler: Rc<dyn Fn(Connection)>);
    /// The colour scheme changed; mounted remotes are told.
    fn theme_changed(&self, scheme: Scheme);
    /// Gives the bridge the shell's own navigation, for `ctx.navigate`. The argument is a path of this portal
    /// (`/todos/7?done=1#top`); anything else is ignored by the shell.
    fn set_navigator(&self, navigate: Rc<dyn Fn(String)>);
}

/// One remote in one outlet.
pub trait Mounted {
    /// Tries again in the same host, after a failure.
    fn retry(&self);
    /// Unmounts and empties the host; never blocks the shell. Reports nothing afterwards.
    fn unmount(self: Box<Self>);
}

/// What is to be mounted.
#[derive(Clone, Debug)]
pub struct MountRequest {
    /// The remote.
    pub application: Arc<Application>,
    /// The export with the `mount` signature.
    pub mount: String,
    /// Where.
    pub place: Place,
}

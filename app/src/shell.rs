use std::rc::Rc;
use std::sync::Arc;

use send_wrapper::SendWrapper;

use crate::bridge::Bridge;
use crate::state::ShellState;
use crate::text::Text;

/// What a page is made from, on the server and in the browser.
#[derive(Clone)]
pub(crate) struct Shell {
    pub(crate) state: Arc<ShellState>,
    pub(crate) text: &'static Text,
    bridge: Option<SendWrapper<Rc<dyn Bridge>>>,
}

impl Shell {
    /// The shell as the server has it: remotes stay at their skeletons.
    pub(crate) fn new(state: Arc<ShellState>) -> Self {
        Self { text: Text::of(state.preferences.locale), state, bridge: None }
    }

    /// The shell in the browser.
    #[cfg(feature = "hydrate")]
    pub(crate) fn with_bridge(state: Arc<ShellState>, bridge: Rc<dyn Bridge>) -> Self {
        Self { bridge: Some(SendWrapper::new(bridge)), ..Self::new(state) }
    }

    /// The browser's half; none on the server.
    pub(crate) fn bridge(&self) -> Option<&dyn Bridge> {
        self.bridge.as_ref().map(|bridge| &***bridge)
    }
}

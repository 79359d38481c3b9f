use std::cell::Cell;
use std::rc::Rc;

use crate::lifecycle::scope::Scope;
use crate::portal::Portal;
use crate::time;

/// Finds out whether the portal now resolves a mounted remote to another version. The page keeps the one it has (versions
/// are never mixed on a page); its outlet offers a reload.
pub(crate) struct Updates {
    portal: Rc<dyn Portal>,
    /// The least time between two questions, in milliseconds.
    every: u32,
    asked_at: Cell<f64>,
}

impl Updates {
    /// The page itself is as new as can be.
    pub(crate) fn new(portal: Rc<dyn Portal>, every: u32) -> Self {
        Self { portal, every, asked_at: Cell::new(time::now()) }
    }

    /// Whether it is time to ask again; if so, the caller does.
    pub(crate) fn is_due(&self) -> bool {
        let now = time::now();
        let due = now - self.asked_at.get() >= f64::from(self.every);
        if due {
            self.asked_at.set(now);
        }
        due
    }

    /// Asks, and tells the outlets of those that changed. A remote that is not resolved any more is left as it is: its
    /// next call says so.
    pub(crate) async fn tell(&self, mounted: Vec<Rc<Scope>>) {
        let Ok(versions) = self.portal.versions().await else { return };
        for scope in mounted {
            let resolved = versions.iter().find(|(id, _)| *id == scope.application.id);
            if resolved.is_some_and(|(_, version)| *version != scope.application.version) {
                scope.updated();
            }
        }
    }
}

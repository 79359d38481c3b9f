use std::rc::Rc;

use js_sys::Promise;
use portico_app::bridge::{FailedPhase, MountRequest, Reason};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::mount::OnPage;
use crate::page::Page;
use crate::report::Measurement;
use crate::{js, task, time};

/// Takes a remote off the page. Nobody waits: its element is hidden at once and removed when the unmount function has
/// settled, or when its time is over; a failure is only reported.
pub(super) fn unmount(page: &Rc<Page>, request: &MountRequest, on_page: OnPage) {
    let OnPage { root, scope, unmount } = on_page;
    scope.end();
    let Some(unmount) = unmount else { return };
    root.hide();
    let began = time::now();
    let page = Rc::clone(page);
    let application = request.application.clone();
    // Called here and not in the task below: the shell takes the outlet out of the document right after this.
    let returned = unmount.call0(&JsValue::UNDEFINED);
    task::spawn(async move {
        let outcome = match returned {
            Ok(returned) => {
                time::within(page.limits.unmount, JsFuture::from(Promise::resolve(&returned))).await
            }
            Err(thrown) => Some(Err(thrown)),
        };
        drop(root);
        page.reporter.send(match outcome {
            Some(Ok(_)) => Measurement::phase(&application, FailedPhase::Unmount, began),
            Some(Err(thrown)) => {
                let message = [Reason::Threw.code(), ": ", &js::message_of(&thrown)].concat();
                let trace_id = js::trace_of(&thrown);
                Measurement { trace_id, ..Measurement::failure(&application, FailedPhase::Unmount, &message) }
            }
            None => Measurement::failure(&application, FailedPhase::Unmount, Reason::Timeout.code()),
        });
    });
}

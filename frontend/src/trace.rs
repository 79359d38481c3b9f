//! The trace (W3C Trace Context) that calls of this page belong to: one for each turn of the browser's event loop that
//! sends anything. What the handler of one click starts is one trace, promises that are settled by then included; what
//! begins by itself later, by a timer or after an answer, is another. The person's action could be guessed at beyond
//! that, and would be guessed wrong.

use std::cell::RefCell;

use wasm_bindgen::prelude::*;

use crate::{task, time};

thread_local! {
    /// The trace id of this turn, if anything was sent in it.
    static CURRENT: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// The trace id of this turn: 32 hex digits.
pub(crate) fn id() -> String {
    current().unwrap_or_else(|| {
        let id = random();
        CURRENT.set(Some(id.clone()));
        // Promises that settle meanwhile come first: a timer is a turn of its own.
        task::spawn(async {
            time::sleep(0).await;
            CURRENT.take();
        });
        id
    })
}

/// The trace id of this turn, if anything was sent in it.
pub(crate) fn current() -> Option<String> {
    CURRENT.with_borrow(Clone::clone)
}

/// The `traceparent` of one call in the trace `id`. Whether a trace is kept is the portal's decision; "not sampled" from
/// here would be one.
pub(crate) fn parent(id: &str) -> String {
    ["00-", id, "-", &random()[16..], "-01"].concat()
}

/// 32 random hex digits of which neither half is all zeros: a UUID says in both what it is.
pub(crate) fn random() -> String {
    uuid().chars().filter(|digit| *digit != '-').collect()
}

#[wasm_bindgen]
extern "C" {
    /// There wherever the session's cookie is: on https, and on loopback.
    #[wasm_bindgen(js_namespace = crypto, js_name = randomUUID)]
    pub(crate) fn uuid() -> String;
}

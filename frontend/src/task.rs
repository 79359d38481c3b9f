//! Asynchronous work. Every task goes through one boxed type: each further type is another copy of the executor's glue
//! to download.

use std::future::Future;

use js_sys::Promise;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::{future_to_promise, spawn_local};

use crate::portal::LocalFuture;

/// Runs work that nobody waits for.
pub(crate) fn spawn(work: impl Future<Output = ()> + 'static) {
    spawn_boxed(Box::pin(work));
}

/// Runs work that JavaScript waits for.
pub(crate) fn promise(work: impl Future<Output = Result<JsValue, JsValue>> + 'static) -> Promise {
    promise_boxed(Box::pin(work))
}

fn spawn_boxed(work: LocalFuture<()>) {
    spawn_local(work);
}

fn promise_boxed(work: LocalFuture<Result<JsValue, JsValue>>) -> Promise {
    future_to_promise(work)
}

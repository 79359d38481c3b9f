//! Time limits and pauses.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(handler: &Function, milliseconds: u32) -> JsValue;
    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(id: &JsValue);
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
}

/// Milliseconds since the page began; never goes backwards.
pub(crate) fn now() -> f64 {
    performance_now()
}

/// A moment, by two clocks: the page's does not count while the computer sleeps, and the wall's may be set.
#[derive(Clone, Copy)]
pub(crate) struct Moment {
    page: f64,
    wall: f64,
}

impl Moment {
    /// Now.
    pub(crate) fn now() -> Self {
        Self { page: now(), wall: js_sys::Date::now() }
    }

    /// Milliseconds since, sleep included.
    pub(crate) fn elapsed(self) -> f64 {
        let now = Self::now();
        (now.page - self.page).max(now.wall - self.wall)
    }
}

/// So long at most, half of it random: what many tabs wait for is not met by all of them at once.
pub(crate) fn jittered(milliseconds: u32) -> u32 {
    (f64::from(milliseconds) * (0.5 + js_sys::Math::random() / 2.0)) as u32
}

/// Waits; dropping it clears the timer.
pub(crate) struct Sleep {
    timer: JsValue,
    fired: JsFuture,
}

/// Waits for `milliseconds`.
pub(crate) fn sleep(milliseconds: u32) -> Sleep {
    let mut timer = JsValue::UNDEFINED;
    let fired = Promise::new(&mut |resolve, _| timer = set_timeout(&resolve, milliseconds));
    Sleep { timer, fired: JsFuture::from(fired) }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.fired).poll(context).map(|_| ())
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        clear_timeout(&self.timer);
    }
}

/// The outcome of `work`, or `None` when it takes longer than `milliseconds`. The work is dropped then.
pub(crate) async fn within<T>(milliseconds: u32, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    let mut limit = pin!(sleep(milliseconds));
    poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
        Poll::Pending => limit.as_mut().poll(context).map(|()| None),
    })
    .await
}

use std::rc::Rc;

use js_sys::{Function, Promise};
use portico_app::bridge::{FailedPhase, Failure, Reason};
use portico_contracts::Session;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::Outlet;
use super::load::Loaded;
use super::root::Root;
use super::scope::Scope;
use crate::{context, js, task, time};

/// A remote that is on the page, or on its way there.
pub(super) struct OnPage {
    pub(super) root: Root,
    pub(super) scope: Rc<Scope>,
    /// What `mount` resolved to, once it has.
    pub(super) unmount: Option<Function>,
}

/// Calls the remote's `mount(el, ctx)` and waits for it to settle.
pub(super) async fn mount(
    outlet: &Rc<Outlet>,
    turn: u32,
    session: &Session,
    loaded: Loaded,
) -> Result<(), Failure> {
    let request = &outlet.request;
    let (this, mount) = export(&loaded.namespace, &request.mount)
        .ok_or_else(|| failure(Reason::Contract, ["no function is exported as ", &request.mount].concat()))?;
    let page = &outlet.page;
    let root =
        Root::attach(&outlet.host, &request.application, page.scheme.get(), loaded.sheets).map_err(threw)?;
    let on_update = outlet.on_update(turn);
    let scope = Scope::new(Rc::clone(page), request.application.clone(), root.outer().clone(), on_update);
    let scope = scope.map_err(threw)?;
    let ctx = context::build(&scope, session, request);
    let element = root.element().clone();
    outlet.on_page.replace(Some(OnPage { root, scope: Rc::clone(&scope), unmount: None }));

    let returned = mount.call2(&this, &element, &ctx).map_err(threw)?;
    let promise = Promise::resolve(&returned);
    let settled = time::within(page.limits.mount, JsFuture::from(promise.clone())).await;
    match settled {
        Some(Ok(unmount)) if outlet.is_current(turn) => {
            if let Some(on_page) = outlet.on_page.borrow_mut().as_mut() {
                on_page.unmount = unmount_function(&scope, unmount);
            }
            Ok(())
        }
        Some(Ok(unmount)) => {
            call_late(&scope, &unmount);
            Ok(())
        }
        Some(Err(thrown)) => Err(threw(thrown)),
        None => {
            unmount_when_late(scope, promise);
            Err(failure(Reason::Timeout, String::new()))
        }
    }
}

/// The export with the `mount` signature and what it is called on: a named export, or a method of the default export.
fn export(namespace: &JsValue, name: &str) -> Option<(JsValue, Function)> {
    let default = js::get(namespace, "default");
    [namespace, &default].into_iter().find_map(|object| {
        let function = js::get(object, name).dyn_into::<Function>().ok()?;
        Some((object.clone(), function))
    })
}

/// What `mount` resolved to, if it is a function. Without one, nothing is left to call at unmount, which is against the
/// contract and worth a report, but no reason to take a working remote off the page.
fn unmount_function(scope: &Scope, returned: JsValue) -> Option<Function> {
    let function = returned.dyn_into::<Function>();
    if function.is_err() {
        scope.report(&js::error("ContractError", "mount did not resolve to an unmount function"));
    }
    function.ok()
}

/// A mount that timed out may still resolve; its unmount is called then, so that it can let go of what it holds.
fn unmount_when_late(scope: Rc<Scope>, mounting: Promise) {
    task::spawn(async move {
        if let Ok(unmount) = JsFuture::from(mounting).await {
            call_late(&scope, &unmount);
        }
    });
}

/// Unmounts what mounted after its outlet was gone.
fn call_late(scope: &Rc<Scope>, unmount: &JsValue) {
    if let Some(unmount) = unmount.dyn_ref::<Function>() {
        scope.call(unmount, &JsValue::UNDEFINED);
    }
}

fn failure(reason: Reason, message: String) -> Failure {
    Failure { phase: FailedPhase::Mount, reason, message, trace_id: None, retryable: true }
}

fn threw(thrown: JsValue) -> Failure {
    Failure { trace_id: js::trace_of(&thrown), ..failure(Reason::Threw, js::message_of(&thrown)) }
}

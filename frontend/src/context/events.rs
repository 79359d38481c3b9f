//! `ctx.events`: what a remote declared, it may publish and subscribe to.

use std::rc::Rc;

use js_sys::{Function, JSON, Object, Promise};
use portico_contracts::ApplicationEvent;
use wasm_bindgen::prelude::*;

use crate::events::RESET;
use crate::lifecycle::scope::Scope;
use crate::portal::NewEvent;
use crate::time::{self, Moment};
use crate::{js, task, trace};

/// The object with `publish` and `subscribe`.
pub(super) fn object(scope: &Rc<Scope>) -> Object {
    js::frozen([("publish", publish(scope).into()), ("subscribe", subscribe(scope).into())])
}

/// `publish(type, data)`: resolves to `{id}` once Kafka has acknowledged the event.
fn publish(scope: &Rc<Scope>) -> Function {
    let scope = Rc::clone(scope);
    js::function(move |kind, data| {
        let promise = match message(&scope, &kind, &data) {
            Ok((kind, data)) => send(Rc::clone(&scope), kind, data),
            Err(error) => Promise::reject(&error),
        };
        Ok(promise.into())
    })
}

/// The type, checked, and the payload as JSON text. It is written once, here: what the browser's own `JSON.stringify`
/// wrote is what Kafka stores.
fn message(scope: &Scope, kind: &JsValue, data: &JsValue) -> Result<(String, String), JsValue> {
    let kind = declared(&scope.application.publishes, kind, "publish")?;
    let data = JSON::stringify(data)?.as_string().unwrap_or_else(|| "null".into());
    Ok((kind, data))
}

/// Sends it, and again while that may help: under one id, since what got no answer may have been published.
fn send(scope: Rc<Scope>, kind: String, data: String) -> Promise {
    let event = NewEvent { source: scope.application.name.clone(), kind, data, id: trace::uuid() };
    let begun = Moment::now();
    task::promise(async move {
        let page = scope.page();
        let mut pause = page.limits.backoff;
        loop {
            let problem = match page.portal.publish(event.clone()).await {
                Ok(id) => return Ok(js::frozen([("id", id.into())]).into()),
                Err(problem) => problem,
            };
            let left = f64::from(page.limits.publish) - begun.elapsed();
            if !is_passing(problem.status) || left < f64::from(pause) {
                if problem.status == 401 || problem.status == 409 {
                    page.watch.doubt();
                }
                return Err(js::problem(&problem));
            }
            time::sleep(time::jittered(pause)).await;
            pause *= 2;
        }
    })
}

/// The network, a proxy on the way, or Kafka, away for a moment.
fn is_passing(status: u16) -> bool {
    matches!(status, 0 | 502..=504)
}

/// `subscribe(type, handler)`: returns the function that ends it. Besides the declared types, every remote may listen
/// for `reset`: events were missed, so what was built from them should be fetched anew.
fn subscribe(scope: &Rc<Scope>) -> Function {
    let scope = Rc::clone(scope);
    js::function(move |kind, handler| {
        let kind = match kind.as_string() {
            Some(kind) if kind == RESET => kind,
            _ => declared(&scope.application.subscribes, &kind, "subscribe to")?,
        };
        let handler = handler.dyn_into::<Function>();
        let handler = handler.map_err(|_| js::error("TypeError", "subscribe takes a handler function"))?;
        let hub = Rc::clone(&scope.page().hub);
        let subscription = hub.subscribe(&kind, &scope, handler);
        let number = scope.at_end(move || hub.unsubscribe(&kind, subscription));
        let scope = Rc::clone(&scope);
        let end = js::function(move |_, _| {
            scope.end_one(number);
            Ok(JsValue::UNDEFINED)
        });
        Ok(end.into())
    })
}

fn declared(events: &[ApplicationEvent], kind: &JsValue, verb: &str) -> Result<String, JsValue> {
    let kind = kind.as_string().unwrap_or_default();
    if events.iter().any(|event| event.kind == kind) {
        return Ok(kind);
    }
    let message = [
        "this remote may not ",
        verb,
        " \"",
        &js::bounded(kind, 80),
        "\": its manifest does not declare it, or this session is not entitled to it",
    ];
    Err(js::error("UndeclaredEventError", &message.concat()))
}

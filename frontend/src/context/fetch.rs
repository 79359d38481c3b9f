//! `ctx.fetch(path, init)`: calls below the remote's own part of the proxy, and nowhere else.

use std::rc::Rc;

use js_sys::{Function, Object};
use thiserror::Error;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Headers, RequestInit, Response, Url};

use crate::lifecycle::scope::Scope;
use crate::{dom, js, task, trace};

/// Why a path is not fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum PathError {
    #[error("path must be a string")]
    NotText,
    #[error("path must not name a scheme, a host or a fragment: it is relative to ctx.apiBaseUrl")]
    NotRelative,
    #[error("path must not contain backslashes or control characters")]
    Unclean,
    #[error("path leaves ctx.apiBaseUrl")]
    Escapes,
}

/// The function. Requests carry the session's cookie, the anti-forgery header, the page's organization and a
/// `traceparent`; they end with the mount, unless they bring a signal of their own or are `keepalive`.
pub(super) fn function(scope: &Rc<Scope>, base: String, org_id: String) -> Function {
    let scope = Rc::clone(scope);
    js::function(move |path, init| {
        let scope = Rc::clone(&scope);
        let url = resolve(&base, &path);
        let org_id = org_id.clone();
        let promise = task::promise(async move {
            let url = url.map_err(|error| js::error("TypeError", &error.to_string()))?;
            let (init, trace_id) = prepare(&scope, &init, &org_id)?;
            let response = JsFuture::from(dom::window().fetch_with_str_and_init(&url, &init)).await;
            let response = response.map_err(|error| with_trace(error, &trace_id))?;
            let status = response.unchecked_ref::<Response>().status();
            if status == 401 || status == 409 {
                scope.page().watch.doubt();
            }
            Ok(response)
        });
        Ok(promise.into())
    })
}

/// The URL of `path` below `base`. The check is made on what the browser's own parser makes of it (WHATWG URL), so
/// that encoded dot segments count as what they are.
fn resolve(base: &str, path: &JsValue) -> Result<String, PathError> {
    let path = path.as_string().ok_or(PathError::NotText)?;
    if path.chars().any(|c| c == '\\' || c.is_control()) {
        return Err(PathError::Unclean);
    }
    if path.starts_with("//") || path.contains('#') || Url::new(&path).is_ok() {
        return Err(PathError::NotRelative);
    }
    let origin = dom::window().location().origin().map_err(|_| PathError::Escapes)?;
    let below = [base, "/"].concat();
    let joined = [below.as_str(), path.trim_start_matches('/')].concat();
    let url = Url::new_with_base(&joined, &origin).map_err(|_| PathError::NotRelative)?;
    if url.origin() != origin || !url.pathname().starts_with(&below) {
        return Err(PathError::Escapes);
    }
    Ok(url.href())
}

/// The request, and the id of its trace: that of this turn, unless the remote brings a `traceparent` of its own.
fn prepare(scope: &Scope, init: &JsValue, org_id: &str) -> Result<(RequestInit, String), JsValue> {
    let prepared = Object::new();
    if let Some(init) = init.dyn_ref::<Object>() {
        Object::assign(&prepared, init);
    }
    let headers: Headers = AnyHeaders::new(&js::get(&prepared, "headers"))?.unchecked_into();
    headers.set("X-CSRF", "1")?;
    headers.set("X-Portico-Org", org_id)?;
    let trace_id = match headers.get("traceparent")? {
        Some(own) => own.split('-').nth(1).unwrap_or_default().to_owned(),
        None => {
            let id = trace::id();
            headers.set("traceparent", &trace::parent(&id))?;
            id
        }
    };
    js::set(&prepared, "headers", headers);
    js::set(&prepared, "credentials", "same-origin");
    js::set(&prepared, "mode", "same-origin");
    if js::get(&prepared, "signal").is_falsy() && js::get(&prepared, "keepalive").is_falsy() {
        js::set(&prepared, "signal", scope.signal());
    }
    Ok((prepared.unchecked_into(), trace_id))
}

/// The error of a call that got no answer, which could tell its trace. An abort's reason is the remote's own object.
fn with_trace(error: JsValue, trace_id: &str) -> JsValue {
    if js::text(&error, "name").as_deref() == Some("TypeError") {
        js::set(&error, "traceId", trace_id);
    }
    error
}

#[wasm_bindgen]
extern "C" {
    /// web-sys takes one form of headers at a time; a remote may bring any, or none.
    #[wasm_bindgen(js_name = Headers)]
    type AnyHeaders;
    #[wasm_bindgen(constructor, catch, js_class = "Headers")]
    fn new(init: &JsValue) -> Result<AnyHeaders, JsValue>;
}

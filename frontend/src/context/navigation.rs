//! `ctx.navigate` and `ctx.onNavigate`: the shell's location, as a remote may use it.

use std::rc::Rc;

use js_sys::Function;
use wasm_bindgen::prelude::*;
use web_sys::Url;

use crate::lifecycle::scope::Scope;
use crate::{dom, js};

/// `ctx.navigate(path)`: `/settings` is a path of the portal, `7` one below the remote's own page.
///
/// The function throws a `TypeError` for an address outside this portal.
pub(super) fn navigate(scope: &Rc<Scope>, base_path: String) -> Function {
    let page = Rc::clone(scope.page());
    js::function(move |path, _| {
        let path = path.as_string().and_then(|path| within_portal(&base_path, &path));
        let path = path.ok_or_else(|| js::error("TypeError", "navigate takes a path of this portal"))?;
        page.navigate(path);
        Ok(JsValue::UNDEFINED)
    })
}

/// `ctx.onNavigate(handler)`: returns the function that ends it.
pub(super) fn on_navigate(scope: &Rc<Scope>) -> Function {
    let scope = Rc::clone(scope);
    js::function(move |handler, _| {
        let handler = handler.dyn_into::<Function>();
        let handler = handler.map_err(|_| js::error("TypeError", "onNavigate takes a function"))?;
        let number = scope.on_navigate(handler);
        let scope = Rc::clone(&scope);
        Ok(js::function(move |_, _| {
            scope.off_navigate(number);
            Ok(JsValue::UNDEFINED)
        })
        .into())
    })
}

fn within_portal(base_path: &str, path: &str) -> Option<String> {
    let origin = dom::window().location().origin().ok()?;
    let base = [origin.as_str(), base_path.trim_end_matches('/'), "/"].concat();
    let url = Url::new_with_base(path, &base).ok()?;
    (url.origin() == origin).then(|| [url.pathname(), url.search(), url.hash()].concat())
}

//! The platform context, `ctx`: what a remote may know and do.
//!
//! Every object in it is frozen, and every method works without its object (`const { fetch } = ctx`).

mod events;
mod fetch;
mod navigation;
pub(crate) mod tokens;

use std::rc::Rc;

use js_sys::Object;
use portico_app::bridge::{MountRequest, Place};
use portico_contracts::{Application, Session};
use wasm_bindgen::JsValue;

use crate::js;
use crate::lifecycle::scope::Scope;

/// The context of one mount.
pub(crate) fn build(scope: &Rc<Scope>, session: &Session, request: &MountRequest) -> Object {
    let application = &request.application;
    let ctx = Object::new();
    let remote = js::frozen([
        ("name", application.name.as_str().into()),
        ("version", application.version.as_str().into()),
        ("mount", request.mount.as_str().into()),
    ]);
    let base_path = base_path(request);
    js::set(&ctx, "remote", remote);
    js::set(&ctx, "shell", shell(scope, &base_path));
    js::set(&ctx, "user", user(session));
    js::set(&ctx, "orgId", session.org_id.as_str());
    js::set(&ctx, "permissions", js::strings(&session.entitlements));
    let api_base_url = ["/bff/", &application.id].concat();
    js::set(&ctx, "apiBaseUrl", api_base_url.as_str());
    js::set(&ctx, "fetch", fetch::function(scope, api_base_url, session.org_id.clone()));
    js::set(&ctx, "events", events::object(scope));
    js::set(&ctx, "navigate", navigation::navigate(scope, base_path));
    js::set(&ctx, "onNavigate", navigation::on_navigate(scope));
    js::set(&ctx, "flags", flags(application));
    let reporting = Rc::clone(scope);
    let report = js::function(move |error, _| {
        reporting.report(&error);
        Ok(JsValue::UNDEFINED)
    });
    js::set(&ctx, "reportError", report);
    js::set(&ctx, "signal", scope.signal());
    tokens::install(&ctx, scope);
    Object::freeze(&ctx)
}

/// Where the remote lives in the portal: its page's path. A card's is that of its remote's first page.
fn base_path(request: &MountRequest) -> String {
    match &request.place {
        Place::Page { base_path } => base_path.clone(),
        Place::Card { .. } => {
            request.application.routes.first().map_or_else(|| "/".into(), |route| route.path.clone())
        }
    }
}

fn shell(scope: &Rc<Scope>, base_path: &str) -> Object {
    let page = scope.page();
    let shell = Object::new();
    js::set(&shell, "version", page.shell_version.as_str());
    js::set(&shell, "basePath", base_path);
    js::set(&shell, "locale", page.locale);
    let themed = Rc::clone(page);
    js::getter(&shell, "theme", move || themed.scheme.get().as_str().into());
    Object::freeze(&shell)
}

fn user(session: &Session) -> Object {
    let user = Object::new();
    js::set(&user, "sub", session.sub.as_str());
    js::set(&user, "name", session.name.as_str());
    if let Some(email) = &session.email {
        js::set(&user, "email", email.as_str());
    }
    Object::freeze(&user)
}

fn flags(application: &Application) -> Object {
    let flags = Object::new();
    for (flag, on) in &application.flags {
        js::set(&flags, flag, *on);
    }
    Object::freeze(&flags)
}

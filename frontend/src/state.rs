//! Reads the page's state with the browser's own JSON parser.
//!
//! The server writes it with serde, from the same types. Reading it with serde too would put a parser and a visitor per
//! type into the download, a fifth of it; these readers are short, and a test holds them to what serde writes.

use std::sync::Arc;

use js_sys::{Array, JSON, Object};
use portico_app::{Locale, Preferences, ShellState, Theme};
use portico_contracts::{
    Application, ApplicationCard, ApplicationEvent, ApplicationRoute, Nav, Organization, Session, Style,
};
use thiserror::Error;
use wasm_bindgen::{JsCast, JsValue};

use crate::js;

/// Why the state cannot be read: it is not JSON, or a field is missing or of another type.
#[derive(Debug, PartialEq, Eq, Error)]
pub enum StateError {
    /// Not JSON.
    #[error("it is not JSON")]
    NotJson,
    /// This field.
    #[error("its field {0} is missing or of another type")]
    Field(&'static str),
}

type Read<T> = Result<T, StateError>;

/// The state that a page was rendered from, without what stays on the server.
///
/// # Errors
/// It is not JSON, or not such a state.
pub fn read(json: &str) -> Result<ShellState, StateError> {
    let state = JSON::parse(json).map_err(|_| StateError::NotJson)?;
    let session = Some(js::get(&state, "session")).filter(|session| !session.is_null());
    Ok(ShellState {
        session: session.map(|session| self::session(&session)).transpose()?,
        applications: list(&state, "applications", |of| application(of).map(Arc::new))?,
        preferences: preferences(&js::get(&state, "preferences"))?,
        shell_version: text(&state, "shellVersion")?,
        ..ShellState::default()
    })
}

fn session(of: &JsValue) -> Read<Session> {
    Ok(Session {
        sub: text(of, "sub")?,
        name: text(of, "name")?,
        email: js::text(of, "email"),
        org_id: text(of, "orgId")?,
        organizations: list(of, "organizations", |organization| {
            Ok(Organization { id: text(organization, "id")?, name: text(organization, "name")? })
        })?,
        permissions: list(of, "permissions", as_text)?,
        entitlements: list(of, "entitlements", as_text)?,
        expires_at: text(of, "expiresAt")?,
    })
}

fn preferences(of: &JsValue) -> Read<Preferences> {
    Ok(Preferences {
        theme: Theme::parse(&text(of, "theme")?).ok_or(StateError::Field("theme"))?,
        locale: Locale::parse(&text(of, "locale")?).ok_or(StateError::Field("locale"))?,
        // The side bar is on the page, as the server rendered it.
        ..Preferences::default()
    })
}

/// A remote that the session may load.
pub(crate) fn application(of: &JsValue) -> Read<Application> {
    Ok(Application {
        name: text(of, "name")?,
        id: text(of, "id")?,
        version: text(of, "version")?,
        display_name: text(of, "displayName")?,
        owner: text(of, "owner")?,
        entry: text(of, "entry")?,
        integrity: text(of, "integrity")?,
        format: text(of, "format")?,
        isolation: text(of, "isolation")?,
        routes: list(of, "routes", route)?,
        cards: list(of, "cards", card)?,
        styles: list(of, "styles", |style| {
            Ok(Style { href: text(style, "href")?, integrity: text(style, "integrity")? })
        })?,
        modules: map(of, "modules", as_text)?,
        // The page's policy lets the browser call them; no code here needs to know.
        direct: Vec::new(),
        token_mode: js::get(of, "tokenMode").is_truthy(),
        publishes: list(of, "publishes", event)?,
        subscribes: list(of, "subscribes", event)?,
        flags: map(of, "flags", |flag| flag.as_bool().ok_or(StateError::Field("flags")))?,
    })
}

fn route(of: &JsValue) -> Read<ApplicationRoute> {
    let nav = js::get(of, "nav");
    let nav = (!nav.is_undefined()).then(|| {
        Ok(Nav {
            section: text(&nav, "section")?,
            order: js::get(&nav, "order").as_f64().unwrap_or_default() as i32,
        })
    });
    Ok(ApplicationRoute {
        path: text(of, "path")?,
        title: text(of, "title")?,
        mount: text(of, "mount")?,
        nav: nav.transpose()?,
    })
}

fn card(of: &JsValue) -> Read<ApplicationCard> {
    Ok(ApplicationCard {
        slot: text(of, "slot")?,
        mount: text(of, "mount")?,
        title: js::text(of, "title"),
        height: js::get(of, "height").as_f64().map(|height| height as u32),
    })
}

fn event(of: &JsValue) -> Read<ApplicationEvent> {
    Ok(ApplicationEvent { kind: text(of, "type")? })
}

fn text(of: &JsValue, field: &'static str) -> Read<String> {
    js::text(of, field).ok_or(StateError::Field(field))
}

fn as_text(value: &JsValue) -> Read<String> {
    value.as_string().ok_or(StateError::Field("(an item)"))
}

/// The items of a field; serde leaves out what is empty.
fn list<T>(of: &JsValue, field: &'static str, read: fn(&JsValue) -> Read<T>) -> Read<Vec<T>> {
    let items = js::get(of, field);
    match items.dyn_ref::<Array>() {
        Some(items) => items.iter().map(|item| read(&item)).collect(),
        None if items.is_undefined() => Ok(Vec::new()),
        None => Err(StateError::Field(field)),
    }
}

/// The entries of a field; serde leaves out what is empty.
fn map<T>(of: &JsValue, field: &'static str, read: fn(&JsValue) -> Read<T>) -> Read<Vec<(String, T)>> {
    let map = js::get(of, field);
    let Some(map) = map.dyn_ref::<Object>() else { return Ok(Vec::new()) };
    let entry = |key: JsValue| {
        let key = key.as_string().unwrap_or_default();
        Ok((key.clone(), read(&js::get(map, &key))?))
    };
    Object::keys(map).iter().map(entry).collect()
}

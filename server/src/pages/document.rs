use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, VARY};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use portico_app::platform::PlatformPage;
use portico_app::routing::{Page, resolve};
use portico_app::{ShellState, render_body};
use portico_contracts::Application;
use portico_ports::token;
use portico_registry::CspSources;

use crate::assets::Assets;
use crate::http::csp::PageSources;
use crate::state::AppState;

/// What a page is rendered from.
pub(super) struct Document {
    pub(super) shell: ShellState,
    pub(super) path_and_query: String,
    /// Origins that this session's remotes need, by directive, as the registry granted them.
    pub(super) csp: CspSources,
}

/// Renders the page as a response: status, policy and markup follow from one state.
pub(super) fn respond(state: &AppState, document: Document) -> Response {
    let Document { shell, path_and_query, csp } = document;
    let page = resolve(&path_and_query, &shell);
    let status = StatusCode::from_u16(page.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let nonce = token::<16>(state.random.as_ref());
    let end_session = state.providers.end_session_origins();
    let sources = PageSources {
        granted: csp,
        form_targets: end_session
            .iter()
            .map(String::as_str)
            .filter(|origin| *origin != state.origin)
            .collect(),
    };
    let policy = crate::http::csp::page(&nonce, &sources);
    let html = html(state, shell, &page, &path_and_query, &nonce);
    let mut response = Response::new(Body::from(html));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    headers.insert(VARY, HeaderValue::from_static("Cookie, Accept-Language"));
    headers.insert("integrity-policy", HeaderValue::from_static(crate::http::csp::INTEGRITY_POLICY));
    headers.insert("reporting-endpoints", HeaderValue::from_static(crate::http::csp::REPORTING_ENDPOINTS));
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

fn html(state: &AppState, shell: ShellState, page: &Page, path_and_query: &str, nonce: &str) -> String {
    let assets = state.assets();
    let title = escape(&page.title(&shell));
    let (lang, theme) = (shell.preferences.locale.as_str(), shell.preferences.theme.as_str());
    let import_map = import_map(&assets, on_page(page, &shell));
    let json = inert_json(&shell);
    let live = matches!(shell.platform, Some(PlatformPage::Health(_)));
    let (live, refresh) = if live { (assets.live_tag.as_str(), REFRESH) } else { ("", "") };
    let body = render_body(Arc::new(shell), path_and_query);
    let mut html = String::with_capacity(body.len() + json.len() + import_map.len() + 2048);
    let _ = write!(
        html,
        "<!DOCTYPE html><html lang=\"{lang}\" dir=\"ltr\" data-theme=\"{theme}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>{title}</title>{icons}\
         <link rel=\"stylesheet\" href=\"{css}\" integrity=\"{css_integrity}\">\
         <script type=\"importmap\" nonce=\"{nonce}\">{import_map}</script>{preloads}\
         <script type=\"application/json\" id=\"portico-state\">{json}</script>{boot}{live}{refresh}</head>\
         <body>{body}</body></html>",
        icons = ICONS,
        css = assets.style.path,
        css_integrity = assets.style.integrity,
        preloads = assets.preloads,
        boot = assets.boot_tag,
    );
    html
}

/// A page of the present, where no script keeps it so.
const REFRESH: &str = "<noscript><meta http-equiv=\"refresh\" content=\"10\"></noscript>";

const ICONS: &str = "<link rel=\"icon\" href=\"/favicon.svg\" type=\"image/svg+xml\">";

/// The remotes that this page may mount at once; others get their own import map when they are opened.
fn on_page<'a>(page: &Page, shell: &'a ShellState) -> Vec<&'a Application> {
    match page {
        Page::Home => shell.applications.iter().map(|a| &**a).filter(|a| !a.cards.is_empty()).collect(),
        Page::Remote { application, .. } => {
            shell.applications.get(*application).map(|a| &**a).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// The import map's `integrity` (HTML, import maps): every script this page may run, with its hash.
fn import_map(assets: &Assets, applications: Vec<&Application>) -> String {
    let mut integrity: BTreeMap<&str, &str> = assets.module_integrity();
    for application in applications {
        integrity.insert(&application.entry, &application.integrity);
        integrity.extend(application.modules.iter().map(|(url, hash)| (url.as_str(), hash.as_str())));
    }
    inert_json(&serde_json::json!({ "imports": {}, "integrity": integrity }))
}

/// JSON that no HTML parser can take for markup, wherever it stands in a script element.
fn inert_json(value: &impl serde::Serialize) -> String {
    let mut json = serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned());
    for (dangerous, escaped) in [('<', "\\u003c"), ('\u{2028}', "\\u2028"), ('\u{2029}', "\\u2029")] {
        // Few pages hold any of them, and looking is cheaper than copying.
        if json.contains(dangerous) {
            json = json.replace(dangerous, escaped);
        }
    }
    json
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_61_state_in_a_script_element_cannot_end_it() {
        let json = inert_json(&"</script><script>alert(1)</script><!--\u{2028}");
        assert!(!json.contains('<') && !json.contains('\u{2028}'));
        let back: String = serde_json::from_str(&json).expect("still JSON");
        assert!(back.starts_with("</script>"));
    }
}

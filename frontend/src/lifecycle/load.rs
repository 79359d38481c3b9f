use js_sys::Promise;
use portico_app::bridge::{FailedPhase, Failure, Reason};
use portico_contracts::Application;
use wasm_bindgen::JsValue;
use web_sys::CssStyleSheet;

use crate::page::Page;
use crate::{js, time};

/// What a remote is made of, fetched and verified.
pub(super) struct Loaded {
    /// The entry's module namespace.
    pub(super) namespace: JsValue,
    /// Its style sheets in order.
    pub(super) sheets: Vec<CssStyleSheet>,
}

/// Fetches a remote's modules and styles, and in token mode its first token.
pub(super) async fn load(page: &Page, application: &Application) -> Result<Loaded, Failure> {
    if application.format != "esm" {
        return Err(failure(Reason::Unsupported, application.format.clone(), false));
    }
    let token = application.token_mode.then(|| page.tokens.fresh(&application.id));
    let threw = |thrown: JsValue| Failure {
        trace_id: js::trace_of(&thrown),
        ..failure(reason(&thrown), js::message_of(&thrown), true)
    };
    let import = page.loader.import(application).map_err(threw)?;
    let Some(loaded) = time::within(page.limits.load, fetch(page, application, &import)).await else {
        page.loader.abandon(application, &import);
        return Err(failure(Reason::Timeout, String::new(), true));
    };
    if let Some(token) = token {
        // Whether it came or not, `getAccessToken()` will tell the remote.
        let _ = time::within(page.limits.token, token).await;
    }
    loaded.map_err(threw)
}

/// The import has begun; the sheets begin before it is waited for.
async fn fetch(page: &Page, application: &Application, import: &Promise) -> Result<Loaded, JsValue> {
    let sheets = page.styles.sheets(application).await;
    let namespace = page.loader.settle(application, import).await?;
    Ok(Loaded { namespace, sheets: sheets? })
}

/// Browsers word the failure to fetch (or the refusal of) a module in their own way; anything else was thrown by the
/// module's own code.
fn reason(thrown: &JsValue) -> Reason {
    let message = js::text(thrown, "message").unwrap_or_default();
    let fetching =
        ["Failed to fetch", "error loading dynamically", "Importing a module script failed", "style sheet"];
    if fetching.iter().any(|words| message.starts_with(words)) { Reason::Network } else { Reason::Threw }
}

fn failure(reason: Reason, message: String, retryable: bool) -> Failure {
    Failure { phase: FailedPhase::Load, reason, message, trace_id: None, retryable }
}

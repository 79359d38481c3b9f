use axum::Router;
use axum::routing::{MethodRouter, any, get, post};

use super::{auth, dev_idp, dev_tokens, events, functions, health, platform, remotes, stream};
use crate::assets;
use crate::dev::live_reload;
use crate::pages;
use crate::state::AppState;

/// Every path of the portal (docs/ARCHITECTURE.md, "HTTP surface") but those below `/bff/`, which [`crate::app::App`] hands to
/// the proxy itself. What is not listed is a page.
pub fn table(state: &AppState) -> Router<AppState> {
    let table = Table::default()
        .route("/auth/login", get(auth::login))
        .route("/auth/callback", get(auth::callback))
        .route("/auth/logout", post(auth::logout))
        .route("/auth/backchannel-logout", post(auth::backchannel_logout))
        .route("/api/platform/session", get(platform::session))
        .route("/api/platform/applications", get(platform::applications))
        .route("/api/platform/decisions", get(platform::decisions))
        .route("/api/platform/organization", post(platform::organization))
        .route(
            "/api/platform/invitations",
            get(platform::invitations::list).post(platform::invitations::create),
        )
        .route("/api/platform/invitations/accept", post(platform::invitations::accept))
        .route("/api/platform/invitations/{id}/send", post(platform::invitations::send))
        .route("/api/platform/invitations/{id}/revoke", post(platform::invitations::revoke))
        .route("/api/platform/members", get(platform::members::list))
        .route("/api/platform/members/{id}/roles", post(platform::members::roles))
        .route("/api/platform/members/{id}/remove", post(platform::members::remove))
        .route("/api/platform/sessions/end", post(platform::sessions::end))
        .route("/api/platform/sessions/end-others", post(platform::sessions::end_others))
        .route("/api/platform/remotes/{id}/token", post(platform::remote_token))
        .route("/api/platform/reports", post(platform::reports))
        .route("/api/platform/rum", post(platform::rum))
        .route("/api/fn/{name}", post(functions::call))
        .route("/api/{*path}", any(platform::unknown))
        .route("/events", post(events::publish))
        .route("/stream", get(stream::open))
        .route("/remotes/{id}/{version}/{*file}", get(remotes::file))
        .route("/pkg/{*file}", get(assets::pkg))
        .route("/favicon.svg", get(assets::favicon))
        .route("/healthz", get(health::live))
        .route("/readyz", get(health::ready));
    let table = match live_reload::watching() {
        true => table
            .route(live_reload::SCRIPT_PATH, get(live_reload::script))
            .route("/dev/version", get(live_reload::version)),
        false => table,
    };
    state.metrics.declare(table.patterns);
    dev_idp::mount(table.router.fallback(pages::show), state)
}

/// A router whose patterns are known: each is a place where requests are counted.
#[derive(Default)]
struct Table {
    router: Router<AppState>,
    patterns: Vec<&'static str>,
}

impl Table {
    fn route(mut self, pattern: &'static str, handlers: MethodRouter<AppState>) -> Self {
        self.patterns.push(pattern);
        self.router = self.router.route(pattern, handlers);
        self
    }
}

/// The admin listener's paths. The tokens are there only where the development IdP is.
pub fn admin(state: &AppState) -> Router<AppState> {
    let router = Router::new()
        .route("/metrics", get(health::metrics))
        .route("/healthz", get(health::live))
        .route("/readyz", get(health::ready_with_reasons));
    match &state.dev_idp {
        Some(_) => router.route("/dev/issued-tokens", get(dev_tokens::issued)),
        None => router,
    }
}

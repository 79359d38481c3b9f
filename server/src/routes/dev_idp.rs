use axum::Router;

use crate::state::AppState;

/// Mounts the development IdP under its issuer's path, where there is one.
pub fn mount(router: Router<AppState>, state: &AppState) -> Router<AppState> {
    match &state.dev_idp {
        Some(idp) => router.nest_service("/dev/idp", portico_dev_idp::router(idp.clone())),
        None => router,
    }
}

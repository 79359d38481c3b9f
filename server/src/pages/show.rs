use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use portico_app::Outcome;
use portico_app::routing::{Page, resolve};
use portico_registry::Remote;

use super::document::{Document, respond};
use super::platform::{self, Found};
use super::{PageError, shell_state};
use crate::audit;
use crate::http::{ApiError, MaybeSession, RequestContext};
use crate::services::{authorise, renew, told};
use crate::state::AppState;

/// Every page: `GET` of any path that is no endpoint.
pub async fn show(
    State(state): State<AppState>,
    axum::Extension(context): axum::Extension<RequestContext>,
    session: Result<MaybeSession, ApiError>,
    request: Request,
) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let error = ApiError::new(
            axum::http::StatusCode::METHOD_NOT_ALLOWED,
            "method-not-allowed",
            "This path does not take this method",
            "There is a page here, and pages are only read.",
        );
        return error.header(header::ALLOW, HeaderValue::from_static("GET, HEAD")).into_response();
    }
    let session = match session {
        Ok(MaybeSession(session)) => session,
        Err(error) => return PageError::from_api(&context, &error).into_response(),
    };
    let preferences = shell_state::preferences(request.headers());
    let path_and_query = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let Some(mut session) = session else {
        let mut shell = shell_state::anonymous(&state, preferences, None);
        let locale = shell.preferences.locale;
        match platform::find(&state, &context, None, request.uri().path(), None, None, locale).await {
            Ok(Some(Found::Page(page))) => shell.platform = Some(*page),
            Ok(_) => {}
            Err(error) => return PageError::from_api(&context, &error).into_response(),
        }
        return respond(&state, Document { shell, path_and_query, csp: Default::default() });
    };
    let mut new_cookie = None;
    if session.state.renew {
        match renew(&state, &session).await {
            Ok((renewed, cookie)) => (session, new_cookie) = (renewed, Some(cookie)),
            // Another page of this browser was faster: its cookie is there now, so asking again finds the session.
            Err(error) if error.status() == StatusCode::UNAUTHORIZED => {
                return Redirect::to(&path_and_query).into_response();
            }
            Err(error) => return PageError::from_api(&context, &error).into_response(),
        }
    }
    let mut shell = match shell_state::for_session(&state, &context, preferences, &session).await {
        Ok(shell) => shell,
        Err(error) => return with_cookie(PageError::from_api(&context, &error).into_response(), new_cookie),
    };
    let path = request.uri().path();
    let told = match *request.method() {
        Method::GET if session.state.notice.is_some() => told::take(&state, &session.active).await,
        _ => None,
    };
    shell.notice = told.as_ref().map(|told| told.notice(shell.preferences.locale));
    let snapshot = state.registry.snapshot();
    let owner = snapshot.route_owner(path);
    let decision = authorise::open(&state, &session, &context.path, required_by(owner)).await;
    if !decision.is_allowed() {
        audit::decided("open", &page(&context), &decision, &session, &context);
        if decision.is_unavailable() {
            let error = authorise::refusal(&decision);
            return with_cookie(PageError::from_api(&context, &error).into_response(), new_cookie);
        }
        shell.outcome = Some(Outcome::Forbidden);
        let csp = state.csp_sources(&shell.applications);
        return with_cookie(respond(&state, Document { shell, path_and_query, csp }), new_cookie);
    }
    let (query, locale) = (request.uri().query(), shell.preferences.locale);
    match platform::find(&state, &context, Some(&session), path, query, told.as_ref(), locale).await {
        Ok(Some(Found::Page(page))) => shell.platform = Some(*page),
        Ok(Some(Found::Forbidden)) => shell.outcome = Some(Outcome::Forbidden),
        Ok(Some(Found::Nothing)) => shell.outcome = Some(Outcome::NotFound),
        Ok(None) => {}
        Err(error) => return PageError::from_api(&context, &error).into_response(),
    }
    if shell.outcome.is_none() && resolve(path, &shell) == Page::NotFound {
        let hidden = owner.is_some();
        if hidden {
            let reason = "the session may not load the remote that the page is of";
            audit::decision("open", &page(&context), false, reason, &session, &context);
        }
        shell.outcome = Some(if hidden { Outcome::Forbidden } else { Outcome::NotFound });
    }
    let csp = state.csp_sources(&shell.applications);
    with_cookie(respond(&state, Document { shell, path_and_query, csp }), new_cookie)
}

/// What a page needs: what the remote needs that owns it.
fn required_by(owner: Option<&Arc<Remote>>) -> &[String] {
    owner.map_or(&[], |remote| &remote.manifest.permissions.required)
}

/// A page as the audit log calls it: by a path without secrets.
fn page(context: &RequestContext) -> String {
    format!("page {:.200}", context.path)
}

fn with_cookie(mut response: Response, cookie: Option<HeaderValue>) -> Response {
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

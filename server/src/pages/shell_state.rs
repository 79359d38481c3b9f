use axum::http::header::{ACCEPT_LANGUAGE, COOKIE};
use axum::http::{HeaderMap, HeaderValue};
use portico_app::{Environment, Outcome, Preferences, RegistryProblem, ShellState, SignInProvider};

use crate::http::{ApiError, Authenticated, RequestContext};
use crate::providers::IdentityProvider;
use crate::services::{authorise, session_view};
use crate::state::AppState;

/// Theme, language and navigation as this browser's cookies and languages say.
pub fn preferences(headers: &HeaderMap) -> Preferences {
    let text = |value: &HeaderValue| value.to_str().unwrap_or_default().to_owned();
    let cookies: Vec<_> = headers.get_all(COOKIE).iter().map(text).collect();
    let languages = headers.get(ACCEPT_LANGUAGE).map(text).unwrap_or_default();
    Preferences::read(&cookies.join("; "), &languages)
}

/// The state of a page without a session, or of an error before one was looked up.
pub(super) fn anonymous(state: &AppState, preferences: Preferences, outcome: Option<Outcome>) -> ShellState {
    ShellState {
        preferences,
        shell_version: portico_contracts::SHELL_VERSION.to_owned(),
        environment: environment(state),
        sign_in_with: state.providers.iter().map(|provider| sign_in_provider(provider)).collect(),
        outcome,
        ..ShellState::default()
    }
}

/// The state of a page for a session.
///
/// # Errors
/// 503 where the policy engine gives no answer: an empty navigation would say that nothing is there.
pub(super) async fn for_session(
    state: &AppState,
    context: &RequestContext,
    preferences: Preferences,
    session: &Authenticated,
) -> Result<ShellState, ApiError> {
    let applications = authorise::applications(state, context, session).await?;
    let administers = authorise::administers(state, session).await;
    let registry_problems = if administers {
        state.registry.snapshot().problems().iter().map(registry_problem).collect()
    } else {
        Vec::new()
    };
    Ok(ShellState {
        session: Some(session_view(session)),
        applications: applications.to_vec(),
        registry_problems,
        administers,
        operates: authorise::operates(state, session).await,
        ..anonymous(state, preferences, None)
    })
}

fn sign_in_provider(provider: &IdentityProvider) -> SignInProvider {
    SignInProvider { name: provider.name.clone(), label: provider.label.clone() }
}

fn registry_problem(problem: &portico_registry::LoadProblem) -> RegistryProblem {
    RegistryProblem {
        source: problem.file.clone(),
        field: problem.field.clone(),
        reason: problem.reason.clone(),
    }
}

/// Demo accounts are offered where the development IdP is in use.
fn environment(state: &AppState) -> Environment {
    if state.dev_idp.is_some() { Environment::Development } else { Environment::Production }
}

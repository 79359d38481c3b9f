use axum::http::StatusCode;
use axum::response::Response;
use url::Url;

use super::html::{Page, escape};
use super::respond;
use crate::idp::DevIdp;
use crate::params::Params;
use crate::store::Session;

/// Asks before a sign-in ends that the application did not prove to be its own.
pub(crate) fn confirm_logout(idp: &DevIdp, session: &Session, params: &Params) -> Response {
    let account = idp.account(&session.sub);
    let name = account.as_ref().map_or("someone", |account| account.name.as_str());
    let action = format!("{}?{}", idp.path("/end-session/confirm"), params.encoded());
    let body = format!(
        "<p>You are signed in as <strong>{}</strong>. Signing out ends every application you opened with this \
         account.</p>\n<form method=\"post\" action=\"{}\"><button class=\"primary\">Sign out</button></form>",
        escape(name),
        escape(&action),
    );
    // Where the answer redirects to is decided again, and checked, when the form arrives.
    let target = params.one("post_logout_redirect_uri").ok().flatten().and_then(|uri| Url::parse(uri).ok());
    respond(StatusCode::OK, &Page { title: "Sign out?", body: &body }.render(idp), target.as_ref())
}

/// The end of a logout that leads nowhere else.
pub(crate) fn signed_out(idp: &DevIdp) -> Response {
    let body = "<p>You can close this tab, or go back to the application to sign in again.</p>";
    respond(StatusCode::OK, &Page { title: "You are signed out", body }.render(idp), None)
}

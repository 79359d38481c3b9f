//! What people see: sign-in, sign-out and errors, as plain HTML that works without script.

mod html;
mod login;
mod logout;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use url::Url;

use crate::idp::DevIdp;

use self::html::{Page, escape};
pub(crate) use self::login::login;
pub(crate) use self::logout::{confirm_logout, signed_out};

/// A page that says what went wrong; never a redirect, because the address to go to is what is in doubt.
pub(crate) fn error(idp: &DevIdp, status: StatusCode, reason: &str) -> Response {
    let body = format!(
        "<p>{}</p>\n<p class=\"hint\">Go back to the application and try again. If you develop it, check its \
         registration in the configuration.</p>",
        escape(reason)
    );
    respond(status, &Page { title: "This did not work", body: &body }.render(idp), None)
}

/// A page with a policy that allows the stylesheet and the form, and nothing else.
///
/// `form_action` is where the form's answer may redirect to: browsers check `form-action` on redirects too.
fn respond(status: StatusCode, html: &str, form_action: Option<&Url>) -> Response {
    let target =
        form_action.map(|url| format!(" {}", url.origin().ascii_serialization())).unwrap_or_default();
    let policy = format!(
        "default-src 'none'; style-src 'self'; form-action 'self'{target}; base-uri 'none'; frame-ancestors 'none'"
    );
    let mut response = (status, Html(html.to_owned())).into_response();
    // An origin is ASCII without separators, so the value always parses; without it the page must not be shown.
    match HeaderValue::try_from(policy) {
        Ok(policy) => {
            response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
            response
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use portico_ports::token;
use url::Url;

use super::decision::{NOT_A_MEMBER, may_enter};
use super::request::{AuthorizationRequest, Refusal};
use crate::demo::Account;
use crate::idp::DevIdp;
use crate::pages;
use crate::routes::session_cookie;
use crate::secret::fingerprint;
use crate::store::{Code, Grant, Session};

/// Tells the client, or the person where no client can be told.
pub(crate) fn refuse(idp: &DevIdp, refusal: Refusal) -> Response {
    match refusal {
        Refusal::Page(reason) => pages::error(idp, StatusCode::BAD_REQUEST, reason),
        Refusal::Redirect { mut redirect_uri, state, error } => {
            redirect_uri
                .query_pairs_mut()
                .append_pair("error", error.code)
                .append_pair("error_description", error.description);
            see_other(idp, *redirect_uri, state.as_deref(), None)
        }
    }
}

/// Sends a code for the browser's sign-in, whose cookie it keeps.
pub(crate) fn send_code(
    idp: &DevIdp,
    request: &AuthorizationRequest<'_>,
    cookie: &str,
    session: Session,
) -> Response {
    let Some(account) = idp.account(&session.sub) else {
        return pages::error(idp, StatusCode::BAD_REQUEST, "This account does not exist any more.");
    };
    let Some(grant) = grant(idp, request, &account, &session) else {
        return refuse(idp, request.refusal(NOT_A_MEMBER));
    };
    let now = idp.now();
    let code = token::<32>(idp.random());
    let record = Code {
        client_id: request.client.client_id.clone(),
        redirect_uri: request.redirect_uri.to_string(),
        code_challenge: request.code_challenge.clone(),
        nonce: request.nonce.clone(),
        grant,
        redeemed_as: None,
    };
    {
        let mut store = idp.store.lock();
        let Some(session) = store.sessions.get_mut(now, &fingerprint(cookie)) else {
            // It ended between the look-up and here.
            return pages::error(
                idp,
                StatusCode::BAD_REQUEST,
                "You have been signed out. Start again from the application.",
            );
        };
        session.clients.insert(request.client.client_id.clone());
        store.codes.insert(now, code.clone(), now + idp.config.lifetimes.code, record);
    }
    let mut location = request.redirect_uri.clone();
    location.query_pairs_mut().append_pair("code", &code);
    see_other(idp, location, request.state.as_deref(), session_cookie::set(idp, cookie))
}

impl DevIdp {
    /// Signs `account` in and sends the code. The cookie's value is new; the same person keeps their `sid`, so that one
    /// logout still ends every login of this browser.
    pub(crate) fn sign_in(
        &self,
        request: &AuthorizationRequest<'_>,
        account: &Account,
        before: Option<(String, Session)>,
    ) -> Response {
        if !may_enter(account, request.organization.as_deref()) {
            return refuse(self, request.refusal(NOT_A_MEMBER));
        }
        let now = self.now();
        let cookie = token::<32>(self.random());
        let session = {
            let mut store = self.store.lock();
            let kept = before
                .and_then(|(cookie, _)| store.sessions.remove(&fingerprint(&cookie)))
                .filter(|session| session.sub == account.sub);
            let (sid, clients) = kept
                .map(|session| (session.sid, session.clients))
                .unwrap_or_else(|| (self.new_id(), Default::default()));
            let session = Session { sid, sub: account.sub.clone(), auth_time: now, clients };
            store.sessions.insert(
                now,
                fingerprint(&cookie),
                now + self.config.lifetimes.refresh_token,
                session.clone(),
            );
            session
        };
        tracing::info!(user.sub = account.sub, client.id = request.client.client_id, "signed in");
        send_code(self, request, &cookie, session)
    }
}

fn grant(
    idp: &DevIdp,
    request: &AuthorizationRequest<'_>,
    account: &Account,
    session: &Session,
) -> Option<Grant> {
    let membership = match &request.organization {
        Some(organization) => account.membership(organization),
        None => account.memberships.first(),
    }?;
    Some(Grant {
        client_id: request.client.client_id.clone(),
        sub: account.sub.clone(),
        org_id: membership.organization.clone(),
        scope: request.scope.clone(),
        sid: session.sid.clone(),
        auth_time: session.auth_time,
        expires_at: idp.now() + idp.config.lifetimes.refresh_token,
    })
}

/// Adds `state` and `iss` (RFC 9207) and goes there with 303, so that a posted form is not posted on.
fn see_other(idp: &DevIdp, mut location: Url, state: Option<&str>, cookie: Option<HeaderValue>) -> Response {
    if let Some(state) = state {
        location.query_pairs_mut().append_pair("state", state);
    }
    location.query_pairs_mut().append_pair("iss", &idp.issuer);
    let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, location.as_str())]).into_response();
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

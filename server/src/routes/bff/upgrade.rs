//! A call that asks to leave HTTP: WebSocket and whatever else the remote's routes declare.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::response::Response;
use portico_gateway::{Outcome, Tunnel};
use tracing::Instrument as _;

use super::{Admitted, problem, record};
use crate::audit;
use crate::http::access::{CallEnd, CallRecord};
use crate::http::extended_connect::ExtendedConnect;
use crate::http::session::organization_changed;
use crate::http::{ApiError, Authenticated, RequestContext};
use crate::serve::OpenRequest;
use crate::services::{Lasting, SessionTokens};
use crate::state::AppState;

/// Which organization a tab works for, where it can send no `X-Portico-Org`: a browser's `WebSocket` takes no header. It is
/// the portal's own parameter and goes no further.
const ORGANIZATION_PARAMETER: &str = "portico-org";

/// Policy, token and forwarding as for any call; after a 101 the connection carries bytes until its session ends.
pub(super) async fn call(
    admitted: Admitted<'_>,
    mut request: Request,
    told: &mut CallRecord,
) -> Result<Response, ApiError> {
    let Admitted { state, context, session, .. } = &admitted;
    let is_this_tabs = take_organization(request.uri_mut())
        .map_err(|()| ApiError::bad_request("The query could not be read."))?
        .is_none_or(|organization| organization == session.state.org_id);
    if !is_this_tabs {
        return Err(organization_changed());
    }
    let slot = state.open_calls.upgrade(session.active.id).ok_or_else(too_many)?;
    let is_stream = request.extensions().get::<ExtendedConnect>().is_some();
    let open = request.extensions().get::<Arc<OpenRequest>>().cloned();
    let tokens = SessionTokens::new(state, session, context);
    let outcome = state.gateway.call(admitted.call(&tokens), request).await;
    told.end = Some(CallEnd::of(&outcome));
    let Outcome { verdict, result, tunnel, .. } = outcome;
    record(&verdict, Some(session), context);
    let closing = HeaderValue::from_static("close");
    // What the client has sent behind its request is no request: it is never read as one.
    let response = result.map_err(|error| problem(error).header(CONNECTION, closing.clone()))?;
    let mut response = admitted.finish(response);
    match tunnel {
        Some(tunnel) => carry(*tunnel, (slot, open), (*state).clone(), session.clone(), (*context).clone()),
        // To an extended CONNECT every 2xx would be a switch (RFC 9110, section 9.3.6).
        None if is_stream && response.status().is_success() => return Err(not_switched()),
        None => {
            response.headers_mut().insert(CONNECTION, closing);
        }
    }
    Ok(response)
}

/// Carries the connection's bytes in a task of its own, since its request is answered. A stream of HTTP/2 is `open` as long.
fn carry(
    tunnel: Tunnel,
    (slot, open): (Lasting, Option<Arc<OpenRequest>>),
    state: AppState,
    session: Authenticated,
    context: RequestContext,
) {
    let idle = Duration::from_millis(state.config.limits.upgrade_idle_ms);
    let span = context.span();
    let work = async move {
        let audit = session.clone();
        let carried = tunnel.run(idle, slot.ended(state, session)).await;
        drop(open);
        tracing::info!(up.bytes = carried.up, down.bytes = carried.down, ended = ?carried.ended, "connection over");
        if let Some(why) = carried.ended {
            let resource = format!("connection {}", context.path);
            audit::decision("call", &resource, false, &format!("closed: {why:?}"), &audit, &context);
        }
    };
    tokio::spawn(work.instrument(span));
}

/// Takes the portal's own parameter out of a query; the rest stays byte for byte.
fn take_organization(uri: &mut Uri) -> Result<Option<String>, ()> {
    let Some(query) = uri.query() else { return Ok(None) };
    let is_ours = |part: &&str| part.split('=').next() == Some(ORGANIZATION_PARAMETER);
    let mut ours = query.split('&').filter(is_ours);
    let Some(part) = ours.next() else { return Ok(None) };
    if ours.next().is_some() {
        return Err(());
    }
    let value = url::form_urlencoded::parse(part.as_bytes()).next().map(|(_, value)| value.into_owned());
    let rest: Vec<&str> = query.split('&').filter(|part| !is_ours(part)).collect();
    let target = match rest.is_empty() {
        true => uri.path().to_owned(),
        false => format!("{}?{}", uri.path(), rest.join("&")),
    };
    *uri = target.parse().map_err(|_| ())?;
    Ok(value)
}

fn not_switched() -> ApiError {
    ApiError::new(
        StatusCode::BAD_GATEWAY,
        "upgrade-refused",
        "The service did not switch protocols",
        "This remote's service answered the call, and did not switch to the protocol that it was asked for.",
    )
}

fn too_many() -> ApiError {
    ApiError::new(
        StatusCode::TOO_MANY_REQUESTS,
        "too-many-connections",
        "Too many open connections",
        "This session has as many open connections as it may have. Close another tab of the portal and try again.",
    )
    .header(CONNECTION, HeaderValue::from_static("close"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(target: &str) -> (String, Result<Option<String>, ()>) {
        let mut uri: Uri = target.parse().expect("a target");
        let organization = take_organization(&mut uri);
        (uri.to_string(), organization)
    }

    #[test]
    fn the_portals_own_parameter_goes_no_further_and_the_rest_stays_as_it_is() {
        let found = |org: &str| Ok(Some(org.to_owned()));
        assert_eq!(taken("/bff/a.b/live?portico-org=acme"), ("/bff/a.b/live".to_owned(), found("acme")));
        assert_eq!(taken("/x?a=%20b&portico-org=a%2Fb&c"), ("/x?a=%20b&c".to_owned(), found("a/b")));
        assert_eq!(taken("/x?portico-orgs=1&b"), ("/x?portico-orgs=1&b".to_owned(), Ok(None)));
        assert_eq!(taken("/x"), ("/x".to_owned(), Ok(None)));
        assert_eq!(taken("/x?portico-org=a&portico-org=b").1, Err(()));
    }
}

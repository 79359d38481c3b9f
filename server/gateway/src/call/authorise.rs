use std::time::Duration;

use bytes::BytesMut;
use http::uri::PathAndQuery;
use http::{Method, Uri};
use portico_policy::{Action, Decision, PolicyEngine, Query, Resource};
use portico_telemetry::trace::SpanKind;

use super::{Call, CallError};
use crate::forward::Patience;
use crate::path::{PathError, ProxyPath, check_query};
use crate::remote::RemoteBackend;
use crate::routes::{Route, Unmatched};

/// What was decided about a call before a byte of it went out.
pub(super) struct Ruling<'a> {
    pub(super) decision: Decision,
    /// The route that matched, if one did.
    pub(super) route: Option<&'a Route>,
    pub(super) permit: Result<Permit<'a>, CallError>,
}

/// An allowed call.
pub(super) struct Permit<'a> {
    pub(super) route: &'a Route,
    /// What is sent: the upstream's base, then exactly the path and query that were authorised.
    pub(super) target: Uri,
}

impl Permit<'_> {
    /// How long until the answer must begin.
    pub(super) fn limit(&self, remote: &RemoteBackend) -> Duration {
        self.route.timeout.unwrap_or(remote.timeout)
    }

    /// How its route waits for the answer.
    pub(super) fn patience(&self, remote: &RemoteBackend) -> Patience<'_> {
        Patience { limit: self.limit(remote), breaker: &self.route.breaker }
    }

    /// The path below the remote's prefix, as it was authorised.
    pub(super) fn path(&self, remote: &RemoteBackend) -> &str {
        self.target.path().strip_prefix(remote.upstream.origin.base.as_str()).unwrap_or_default()
    }
}

/// Reads the path, matches it and asks the policy.
pub(super) async fn authorise<'a, T>(
    policy: &dyn PolicyEngine,
    call: &Call<'a, T>,
    method: &Method,
    uri: &Uri,
) -> Ruling<'a> {
    let (path, route) = match find(call.remote, method, uri) {
        Ok(found) => found,
        Err(error) => {
            return Ruling { decision: Decision::deny(error.to_string()), route: None, permit: Err(error) };
        }
    };
    let resource = Resource::Route { remote: call.remote.id(), pattern: &route.pattern, path: path.as_str() };
    let query = Query::new(call.principal, Action::Call(method.as_str()), resource)
        .requiring(&route.permissions)
        .on_condition(&route.conditions, &route.parameters, uri.query())
        .public(route.public);
    // Boxed: most calls are recorded by nobody, and should not carry the room for it.
    let span = call.trace.map(|trace| Box::new(trace.child("decide", SpanKind::Internal)));
    let decision = policy.ask(&query).await;
    if let Some(mut span) = span {
        span.set("portico.decision", decision.effect.as_str());
    }
    let permit = if decision.is_allowed() {
        target(call.remote, path, uri.query()).map(|target| Permit { route, target }).map_err(Into::into)
    } else {
        Err(CallError::Refused(decision.clone()))
    };
    Ruling { decision, route: Some(route), permit }
}

/// The path below the remote's prefix, and the route that answers for it.
fn find<'a, 'u>(
    remote: &'a RemoteBackend,
    method: &Method,
    uri: &'u Uri,
) -> Result<(ProxyPath<'u>, &'a Route), CallError> {
    let path = uri.path().strip_prefix(remote.mount.as_str()).ok_or(PathError::OutsidePrefix)?;
    let path = match path {
        "" => ProxyPath::parse("/")?,
        path if path.starts_with('/') => ProxyPath::parse(path)?,
        _ => return Err(PathError::OutsidePrefix.into()),
    };
    uri.query().map_or(Ok(()), check_query)?;
    match remote.routes.find(method, path) {
        Ok(route) => Ok((path, route)),
        Err(Unmatched::NotDeclared) => Err(CallError::NotDeclared),
        Err(Unmatched::MethodNotAllowed(methods)) => Err(CallError::MethodNotAllowed(methods)),
        Err(Unmatched::Ambiguous(error)) => Err(error.into()),
    }
}

/// The request target (origin form, RFC 9112, section 3.2.1): base, path and query joined in one buffer.
fn target(remote: &RemoteBackend, path: ProxyPath<'_>, query: Option<&str>) -> Result<Uri, PathError> {
    let base = remote.upstream.origin.base.as_str();
    let mut target =
        BytesMut::with_capacity(base.len() + path.as_str().len() + query.map_or(0, |query| query.len() + 1));
    target.extend_from_slice(base.as_bytes());
    target.extend_from_slice(path.as_str().as_bytes());
    if let Some(query) = query {
        target.extend_from_slice(b"?");
        target.extend_from_slice(query.as_bytes());
    }
    PathAndQuery::from_maybe_shared(target.freeze()).map(Uri::from).map_err(|_| PathError::Forbidden)
}

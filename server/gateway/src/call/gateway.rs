use std::net::IpAddr;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, UPGRADE};
use http::uri::PathAndQuery;
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri, Version};
use http_body::Body;
use portico_policy::{Action, Decision, PolicyEngine, Principal, Query, Resource};
use tokio::time::timeout;

use super::{CallError, Verdict};
use crate::body::{BoxError, RequestBody, ResponseBody};
use crate::forward::{Answered, ForwardError, Replay, forward};
use crate::headers::{Injected, PublicOrigin, rewrite_request, rewrite_response};
use crate::path::{PathError, ProxyPath, check_query};
use crate::redirect::rewrite_location;
use crate::remote::RemoteBackend;
use crate::routes::{Route, Unmatched};
use crate::token::{BearerToken, TokenSource};

/// The proxy: authorises a call, attaches the token, forwards it, and cleans both directions.
pub struct Gateway {
    policy: Arc<dyn PolicyEngine>,
    origin: PublicOrigin,
}

/// What the server knows about a call besides the request itself.
#[derive(Debug)]
pub struct Call<'a, T> {
    /// The remote that `/bff/{remote}/…` names.
    pub remote: &'a RemoteBackend,
    /// Who calls; none without a session.
    pub principal: Option<&'a Principal>,
    /// The session's tokens.
    pub tokens: &'a T,
    /// The caller's address, from the trusted hop.
    pub client: IpAddr,
    /// This request's trace context, as the upstream shall continue it.
    pub traceparent: Option<HeaderValue>,
}

/// What became of a call.
#[derive(Debug)]
pub struct Outcome<'a> {
    /// For the audit log.
    pub verdict: Verdict<'a>,
    /// The upstream's answer, cleaned, or why there is none.
    pub result: Result<Response<ResponseBody>, CallError>,
    /// How often the upstream was tried.
    pub attempts: u32,
}

/// A call that was allowed.
struct Permit<'a> {
    route: &'a Route,
    /// What is sent: the upstream's base, then exactly the path and query that were authorised.
    target: Uri,
}

impl Gateway {
    /// A proxy that decides by `policy` and calls itself `origin` towards upstreams.
    pub fn new(policy: Arc<dyn PolicyEngine>, origin: PublicOrigin) -> Self {
        Self { policy, origin }
    }

    /// Carries out one call. `request` is as it came, with the whole `/bff/{remote}/…` path and its escapes untouched.
    pub async fn call<'a, T, B>(&self, call: Call<'a, T>, mut request: Request<B>) -> Outcome<'a>
    where
        T: TokenSource,
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let uri = std::mem::take(request.uri_mut());
        let method = request.method().clone();
        let (route, decision, permit) = self.authorise(&call, &method, &uri).await;
        let pattern = route.map(|route| route.pattern.as_str());
        let (principal, remote) = (call.principal, call.remote.id());
        let verdict = Verdict { principal, remote, method, pattern, decision, uri };
        let mut attempts = 0;
        let result = match permit {
            Ok(permit) => self.carry_out(&call, permit, request, &mut attempts).await,
            Err(error) => Err(error),
        };
        Outcome { verdict, result, attempts }
    }

    /// Everything that is decided before a byte goes out.
    async fn authorise<'a, T>(
        &self,
        call: &Call<'a, T>,
        method: &Method,
        uri: &Uri,
    ) -> (Option<&'a Route>, Decision, Result<Permit<'a>, CallError>) {
        let (path, route) = match find(call.remote, method, uri) {
            Ok(found) => found,
            Err(error) => return (None, Decision::deny(error.to_string()), Err(error)),
        };
        let resource =
            Resource::Route { remote: call.remote.id(), pattern: &route.pattern, path: path.as_str() };
        let query = Query::new(call.principal, Action::Call(method.as_str()), resource)
            .requiring(&route.permissions)
            .public(route.public);
        let decision = self.policy.decide(&query).await;
        let permit = if decision.is_allowed() {
            target(call.remote, path, uri.query()).map(|target| Permit { route, target }).map_err(Into::into)
        } else {
            Err(CallError::Refused(decision.clone()))
        };
        (Some(route), decision, permit)
    }

    async fn carry_out<T, B>(
        &self,
        call: &Call<'_, T>,
        permit: Permit<'_>,
        request: Request<B>,
        attempts: &mut u32,
    ) -> Result<Response<ResponseBody>, CallError>
    where
        T: TokenSource,
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        if request.headers().contains_key(UPGRADE) {
            return Err(CallError::Upgrade);
        }
        let token = match permit.route.public {
            true => None,
            false => Some(call.tokens.token(call.remote.token_request()).await?),
        };
        let request = self.prepare(call, &permit, request, token.as_ref()).await?;
        let requested = request.uri().clone();
        let mut response = exchange(call, request, token, attempts).await?;
        let origin = &call.remote.upstream.origin;
        let status = response.status();
        rewrite_location(status, response.headers_mut(), origin, &requested, &call.remote.mount)
            .map_err(|_| ForwardError::ForeignRedirect)?;
        rewrite_response(response.headers_mut(), !permit.route.public);
        Ok(response)
    }

    /// The request as the upstream gets it.
    async fn prepare<T, B>(
        &self,
        call: &Call<'_, T>,
        permit: &Permit<'_>,
        request: Request<B>,
        token: Option<&BearerToken>,
    ) -> Result<Request<RequestBody>, CallError>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let (mut head, body) = request.into_parts();
        rewrite_request(
            &mut head.headers,
            &Injected {
                host: &call.remote.upstream.origin.host_header,
                authorization: token.map(BearerToken::header),
                client: call.client,
                origin: &self.origin,
                traceparent: call.traceparent.as_ref(),
            },
        );
        let body = timeout(call.remote.timeout, RequestBody::take(body))
            .await
            .map_err(|_| CallError::RequestBodyTimeout)??;
        if body.is_empty() && matches!(head.method, Method::POST | Method::PUT | Method::PATCH) {
            // Some servers answer 411 to a method that expects content without it (RFC 9110, section 8.6).
            head.headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        let mut request = Request::new(body);
        *request.method_mut() = head.method;
        *request.uri_mut() = permit.target.clone();
        *request.version_mut() = Version::HTTP_11;
        *request.headers_mut() = head.headers;
        Ok(request)
    }
}

/// Sends the request; when the upstream refuses the token, once more with a fresh one.
async fn exchange<T: TokenSource>(
    call: &Call<'_, T>,
    request: Request<RequestBody>,
    token: Option<BearerToken>,
    attempts: &mut u32,
) -> Result<Response<ResponseBody>, CallError> {
    let replay = token.is_some().then(|| Replay::of(&request)).flatten();
    let answered = forward(call.remote, request).await?;
    *attempts += answered.attempts;
    if answered.response.status() != StatusCode::UNAUTHORIZED {
        return Ok(answered.response);
    }
    let Some(token) = token else { return Err(ForwardError::TokenRejected.into()) };
    // Fetched even where the request cannot be sent again, so that the caller's next one succeeds.
    let fresh = call.tokens.fresh(call.remote.token_request(), &token).await?;
    let Some(mut request) = replay.as_ref().and_then(Replay::request) else {
        return Err(ForwardError::TokenRejected.into());
    };
    request.headers_mut().insert(http::header::AUTHORIZATION, fresh.header().clone());
    let Answered { response, attempts: more } = forward(call.remote, request).await?;
    *attempts += more;
    if response.status() == StatusCode::UNAUTHORIZED {
        return Err(ForwardError::TokenRejected.into());
    }
    Ok(response)
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

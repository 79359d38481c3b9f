use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, UPGRADE};
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, Uri, Version};
use http_body::Body;
use portico_policy::{PolicyEngine, Principal};
use portico_telemetry::trace::RequestTrace;
use tokio::time::{Instant, timeout_at};

use super::authorise::{Permit, Ruling, authorise};
use super::exchange::{exchange, take_body};
use super::switch::switch;
use super::{CallError, Verdict};
use crate::body::{AnswerBody, BoxError, RequestBody, ResponseBody};
use crate::cache::ResponseCache;
use crate::credential::Credential;
use crate::forward::ForwardError;
use crate::headers::{Injected, PublicOrigin, rewrite_request, rewrite_response};
use crate::metrics::RouteMetrics;
use crate::quota::{CallerKey, Meter, QuotaExceeded};
use crate::redirect::rewrite_location;
use crate::remote::RemoteBackend;
use crate::shape::{Bounds, Conforming, conform};
use crate::token::{BearerToken, TokenSource};
use crate::upgrade::{Handshake, Tunnel};

/// The proxy: authorises a call, attaches the token, forwards it, and cleans both directions.
pub struct Gateway {
    policy: Arc<dyn PolicyEngine>,
    origin: PublicOrigin,
    /// Without it nothing is kept, whatever routes declare.
    pub(super) cache: Option<Arc<ResponseCache>>,
    pub(super) bounds: Bounds,
}

/// What the server knows about a call besides the request itself.
#[derive(Debug)]
pub struct Call<'a, T> {
    /// The remote that `/bff/{remote}/…` names.
    pub remote: &'a Arc<RemoteBackend>,
    /// Who calls; none without a session.
    pub principal: Option<&'a Principal>,
    /// The session's tokens.
    pub tokens: &'a T,
    /// The caller's address, from the trusted hop.
    pub client: IpAddr,
    /// Whose calls this one is counted with.
    pub caller: CallerKey,
    /// This request's trace context, as the upstream shall continue it.
    pub traceparent: Option<HeaderValue>,
    /// Where what the call causes is recorded, if it is.
    pub trace: Option<&'a RequestTrace>,
    /// When it is given up, besides its route's own limit. What was decided is told all the same.
    pub until: Option<Instant>,
}

/// What became of a call.
#[derive(Debug)]
pub struct Outcome<'a> {
    /// For the audit log.
    pub verdict: Verdict<'a>,
    /// The upstream's answer, cleaned, or why there is none.
    pub result: Result<Response<AnswerBody>, CallError>,
    /// How often the upstream was tried.
    pub attempts: u32,
    /// With a view: what was decided about each of its calls.
    pub legs: Vec<Verdict<'a>>,
    /// With a 101: what carries the bytes after it. Dropping it ends the connection.
    pub tunnel: Option<Box<Tunnel>>,
    /// How long the caller waited for the upstream's answer to begin; nothing where nothing was sent.
    pub waited: Duration,
    /// Where the call is counted, once it is over.
    pub metrics: &'a Arc<RouteMetrics>,
}

/// What the upstream was asked.
#[derive(Default)]
pub(super) struct Effort {
    pub(super) attempts: u32,
    /// How long the caller waited for its answer to begin.
    pub(super) waited: Duration,
}

/// What is told of a call besides its answer.
#[derive(Default)]
pub(super) struct Course<'a> {
    pub(super) effort: Effort,
    pub(super) legs: Vec<Verdict<'a>>,
    pub(super) tunnel: Option<Box<Tunnel>>,
}

impl Gateway {
    /// A proxy that decides by `policy` and calls itself `origin` towards upstreams.
    pub fn new(policy: Arc<dyn PolicyEngine>, origin: PublicOrigin) -> Self {
        Self { policy, origin, cache: None, bounds: Bounds::default() }
    }

    /// The same proxy, which keeps answers in `cache` where routes declare it.
    #[must_use]
    pub fn with_cache(mut self, cache: Arc<ResponseCache>) -> Self {
        self.cache = Some(cache);
        self
    }

    /// What answers are kept in, if any are.
    pub fn cache(&self) -> Option<&ResponseCache> {
        self.cache.as_deref()
    }

    /// The same proxy with other bounds on what is held at once.
    #[must_use]
    pub fn with_bounds(mut self, bounds: Bounds) -> Self {
        self.bounds = bounds;
        self
    }

    /// Carries out one call. `request` is as it came, with the whole `/bff/{remote}/…` path and its escapes untouched.
    pub async fn call<'a, T, B>(&self, call: Call<'a, T>, request: Request<B>) -> Outcome<'a>
    where
        T: TokenSource,
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let (head, body) = request.into_parts();
        let mut head = Box::new(head);
        let uri = std::mem::take(&mut head.uri);
        let method = head.method.clone();
        let Ruling { decision, route, permit } = authorise(&*self.policy, &call, &method, &uri).await;
        let mut course = Course::default();
        let result = match permit {
            Ok(permit) => {
                let carried = self.within_quota(&call, permit, head, body, &mut course);
                match call.until {
                    None => carried.await,
                    // Boxed: of all calls these are few.
                    Some(until) => Box::pin(timeout_at(until, carried)).await.unwrap_or_else(|_| Err(late())),
                }
            }
            Err(error) => Err(error),
        };
        let verdict = Verdict {
            principal: call.principal,
            remote: call.remote.id(),
            method,
            pattern: route.map(|route| route.pattern.as_str()),
            decision,
            uri,
        };
        let metrics = route.map_or(&call.remote.metrics.undeclared, |route| &route.metrics);
        let Course { effort: Effort { attempts, waited }, legs, tunnel } = course;
        Outcome { verdict, result, attempts, legs, tunnel, waited, metrics }
    }

    /// Carries out a call within what its remote may use.
    async fn within_quota<'a, T, B>(
        &self,
        call: &Call<'a, T>,
        permit: Permit<'_>,
        head: Box<Parts>,
        body: B,
        course: &mut Course<'a>,
    ) -> Result<Response<AnswerBody>, CallError>
    where
        T: TokenSource,
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        // A view makes no call itself: its legs are what is counted.
        if permit.route.is_view() {
            return self.carry_out(call, permit, head, body, course).await;
        }
        let remote = &call.remote.quota;
        let ticket = remote.admit(call.caller)?;
        let began = remote.quota.answer_time.map(|time| (Instant::now(), time));
        let (method, has_body) = (head.method.clone(), !body.is_end_stream());
        let carried = self.carry_out(call, permit, head, body, course);
        let response = match began.filter(|_| has_body) {
            // An upload may go on for as long as it moves, but not for ever. Boxed: most calls have no body.
            Some((began, time)) => Box::pin(timeout_at(began + time, carried))
                .await
                .map_err(|_| remote.exceeded(QuotaExceeded::AnswerTime(time)))??,
            None => carried.await?,
        };
        if let Some(tunnel) = &mut course.tunnel {
            tunnel.count(ticket, remote.charge());
            return Ok(response);
        }
        let meter = Meter::begin(remote, ticket, began.map(|(began, _)| began), &method, &response)?;
        let (head, body) = response.into_parts();
        Ok(Response::from_parts(head, body.metered(meter)?))
    }

    async fn carry_out<'a, T, B>(
        &self,
        call: &Call<'a, T>,
        permit: Permit<'_>,
        head: Box<Parts>,
        body: B,
        course: &mut Course<'a>,
    ) -> Result<Response<AnswerBody>, CallError>
    where
        T: TokenSource,
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        if head.headers.contains_key(UPGRADE) {
            // Boxed: rare, and its state is large.
            return Box::pin(self.switched(call, permit, head, body, course)).await;
        }
        if let Some(shape) = &permit.route.shape {
            let shape = Arc::clone(shape);
            // Boxed: most routes have none, and their calls should not make room for it.
            return Box::pin(self.shaped(&shape, call, permit, head, body, course)).await;
        }
        let token = self.token(call, &permit).await?;
        let body = take_body(body, permit.limit(call.remote)).await?;
        self.forwarded(call, &permit, head, body, token, &mut course.effort).await
    }

    /// A call that asks to leave HTTP.
    async fn switched<'a, T, B>(
        &self,
        call: &Call<'a, T>,
        permit: Permit<'_>,
        mut head: Box<Parts>,
        body: B,
        course: &mut Course<'a>,
    ) -> Result<Response<AnswerBody>, CallError>
    where
        T: TokenSource,
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let handshake = Handshake::read(&mut head, permit.route)?;
        let body = match permit.route.document() {
            None => take_body(body, permit.limit(call.remote)).await?,
            Some(document) => {
                let conforming = Conforming {
                    document,
                    path: permit.path(call.remote),
                    query: permit.target.query(),
                    limit: self.bounds.validated_body,
                    time: permit.limit(call.remote),
                };
                conform(conforming, &head, body).await?
            }
        };
        let token = self.token(call, &permit).await?;
        let mut body = body.charged(call.remote.quota.charge());
        self.readdress(&mut head, call, &permit, token.as_ref(), &mut body)?;
        let request = Box::new(Request::from_parts(*head, body));
        let started = Instant::now();
        let attempts = &mut course.effort.attempts;
        let answered = switch(call, permit.patience(call.remote), handshake, request, token, attempts).await;
        course.effort.waited = started.elapsed();
        let (mut response, agreed) = answered.inspect_err(|error| tell_refused(call, &permit, error))?;
        clean(call.remote, &permit.target, permit.route.public, &mut response)?;
        if let Some(agreed) = agreed {
            response.headers_mut().extend(agreed.fields);
            course.tunnel = Some(Box::new(agreed.tunnel));
        }
        Ok(response.map(AnswerBody::from))
    }

    /// A call that asks for nothing but to be forwarded.
    pub(super) async fn plain<T: TokenSource>(
        &self,
        call: &Call<'_, T>,
        permit: &Permit<'_>,
        head: Box<Parts>,
        body: RequestBody,
        effort: &mut Effort,
    ) -> Result<Response<AnswerBody>, CallError> {
        let token = self.token(call, permit).await?;
        self.forwarded(call, permit, head, body, token, effort).await
    }

    /// The credential that the upstream gets; none on a public route.
    pub(super) async fn token<T: TokenSource>(
        &self,
        call: &Call<'_, T>,
        permit: &Permit<'_>,
    ) -> Result<Option<BearerToken>, CallError> {
        let instead = credential_of(call, permit).is_some_and(|credential| !credential.with_token());
        match permit.route.public || instead {
            true => Ok(None),
            false => Ok(Some(call.tokens.token(call.remote.token_request()).await?)),
        }
    }

    async fn forwarded<T: TokenSource>(
        &self,
        call: &Call<'_, T>,
        permit: &Permit<'_>,
        mut head: Box<Parts>,
        body: RequestBody,
        token: Option<BearerToken>,
        effort: &mut Effort,
    ) -> Result<Response<AnswerBody>, CallError> {
        let mut body = body.charged(call.remote.quota.charge());
        self.readdress(&mut head, call, permit, token.as_ref(), &mut body)?;
        let request = Box::new(Request::from_parts(*head, body));
        let started = Instant::now();
        let answered =
            exchange(call, permit.patience(call.remote), request, token, &mut effort.attempts).await;
        effort.waited = started.elapsed();
        let mut response = answered.inspect_err(|error| tell_refused(call, permit, error))?;
        clean(call.remote, &permit.target, permit.route.public, &mut response)?;
        Ok(response.map(AnswerBody::from))
    }

    /// Makes the caller's request the one that the upstream gets.
    pub(super) fn readdress<T>(
        &self,
        head: &mut Parts,
        call: &Call<'_, T>,
        permit: &Permit<'_>,
        token: Option<&BearerToken>,
        body: &mut RequestBody,
    ) -> Result<(), CallError> {
        let injected = Injected {
            host: &call.remote.upstream.origin.host_header,
            authorization: token.map(BearerToken::header),
            client: call.client,
            origin: &self.origin,
            traceparent: call.traceparent.as_ref(),
        };
        body.nominate(rewrite_request(&mut head.headers, &injected));
        if body.is_empty() && matches!(head.method, Method::POST | Method::PUT | Method::PATCH) {
            // Some servers answer 411 to a method that expects content without it (RFC 9110, section 8.6).
            head.headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        head.uri = permit.target.clone();
        head.version = Version::HTTP_11;
        // What the server kept beside the request (its session among it) is not the upstream connection's business.
        head.extensions.clear();
        if let Some(credential) = credential_of(call, permit) {
            credential.attach(&mut head.headers, &mut head.uri)?;
        }
        Ok(())
    }
}

impl<'a, T> Call<'a, T> {
    /// The same call once more, for a part of what it asks for.
    pub(super) fn again(&self) -> Self {
        Self {
            remote: self.remote,
            principal: self.principal,
            tokens: self.tokens,
            client: self.client,
            caller: self.caller,
            traceparent: self.traceparent.clone(),
            trace: self.trace,
            until: self.until,
        }
    }
}

/// A call was given up because whoever it is part of had no more time.
pub(super) fn late() -> CallError {
    ForwardError::Timeout(0).into()
}

/// What the upstream is shown besides or instead of a token. Nothing that is the portal's goes out for somebody who is
/// nobody.
fn credential_of<'c, T>(call: &Call<'c, T>, permit: &Permit<'_>) -> Option<&'c Credential> {
    call.remote.credential.as_deref().filter(|_| !permit.route.public)
}

/// Lets the credential be read again where the upstream refused it.
pub(super) fn tell_refused<T>(call: &Call<'_, T>, permit: &Permit<'_>, error: &CallError) {
    if let (CallError::Upstream(ForwardError::TokenRejected), Some(credential)) =
        (error, credential_of(call, permit))
    {
        credential.tell_refused();
    }
}

/// Cleans an upstream's answer of what must not reach the browser.
pub(super) fn clean(
    remote: &RemoteBackend,
    target: &Uri,
    public: bool,
    response: &mut Response<ResponseBody>,
) -> Result<(), CallError> {
    let (status, headers) = (response.status(), response.headers_mut());
    rewrite_location(status, headers, &remote.upstream.origin, target, &remote.mount)
        .map_err(|_| ForwardError::ForeignRedirect)?;
    let nominated = rewrite_response(headers, !public);
    response.body_mut().nominate(nominated);
    Ok(())
}

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, UPGRADE};
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, Version};
use http_body::Body;
use portico_policy::{PolicyEngine, Principal};
use portico_telemetry::trace::RequestTrace;
use tokio::time::{Instant, timeout_at};

use super::authorise::{Permit, Ruling, authorise};
use super::exchange::{exchange, take_body};
use super::switch::switch;
use super::{CallError, Verdict};
use crate::body::{BoxError, RequestBody, ResponseBody};
use crate::forward::ForwardError;
use crate::headers::{Injected, PublicOrigin, rewrite_request, rewrite_response};
use crate::metrics::RouteMetrics;
use crate::quota::{CallerKey, Meter, QuotaExceeded};
use crate::redirect::rewrite_location;
use crate::remote::RemoteBackend;
use crate::token::{BearerToken, TokenSource};
use crate::upgrade::{Handshake, Tunnel};

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
    /// Whose calls this one is counted with.
    pub caller: CallerKey,
    /// This request's trace context, as the upstream shall continue it.
    pub traceparent: Option<HeaderValue>,
    /// Where what the call causes is recorded, if it is.
    pub trace: Option<&'a RequestTrace>,
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
    /// With a 101: what carries the bytes after it. Dropping it ends the connection.
    pub tunnel: Option<Box<Tunnel>>,
    /// How long the caller waited for the upstream's answer to begin; nothing where nothing was sent.
    pub waited: Duration,
    /// Where the call is counted, once it is over.
    pub metrics: &'a Arc<RouteMetrics>,
}

/// What a call has come to so far.
#[derive(Default)]
struct Effort {
    attempts: u32,
    waited: Duration,
    tunnel: Option<Box<Tunnel>>,
}

impl Gateway {
    /// A proxy that decides by `policy` and calls itself `origin` towards upstreams.
    pub fn new(policy: Arc<dyn PolicyEngine>, origin: PublicOrigin) -> Self {
        Self { policy, origin }
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
        let mut effort = Effort::default();
        let result = match permit {
            Ok(permit) => self.within_quota(&call, permit, head, body, &mut effort).await,
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
        let Effort { attempts, waited, tunnel } = effort;
        Outcome { verdict, result, attempts, tunnel, waited, metrics }
    }

    /// Carries out a call within what its remote may use.
    async fn within_quota<T, B>(
        &self,
        call: &Call<'_, T>,
        permit: Permit<'_>,
        head: Box<Parts>,
        body: B,
        effort: &mut Effort,
    ) -> Result<Response<ResponseBody>, CallError>
    where
        T: TokenSource,
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let remote = &call.remote.quota;
        let ticket = remote.admit(call.caller)?;
        let began = remote.quota.answer_time.map(|time| (Instant::now(), time));
        let (method, has_body) = (head.method.clone(), !body.is_end_stream());
        let carried = self.carry_out(call, permit, head, body, effort);
        let response = match began.filter(|_| has_body) {
            // An upload may go on for as long as it moves, but not for ever. Boxed: most calls have no body.
            Some((began, time)) => Box::pin(timeout_at(began + time, carried))
                .await
                .map_err(|_| QuotaExceeded::AnswerTime(time))??,
            None => carried.await?,
        };
        if let Some(tunnel) = &mut effort.tunnel {
            tunnel.count(ticket, remote.charge());
            return Ok(response);
        }
        let meter = Meter::begin(remote, ticket, began.map(|(began, _)| began), &method, &response)?;
        Ok(response.map(|body| body.metered(meter)))
    }

    async fn carry_out<T, B>(
        &self,
        call: &Call<'_, T>,
        permit: Permit<'_>,
        mut head: Box<Parts>,
        body: B,
        effort: &mut Effort,
    ) -> Result<Response<ResponseBody>, CallError>
    where
        T: TokenSource,
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let handshake = match head.headers.contains_key(UPGRADE) {
            true => Some(Box::new(Handshake::read(&mut head, permit.route)?)),
            false => None,
        };
        // Nothing that is the portal's goes out for somebody who is nobody.
        let credential = call.remote.credential.as_deref().filter(|_| !permit.route.public);
        let token = match permit.route.public || credential.is_some_and(|credential| !credential.with_token())
        {
            true => None,
            false => Some(call.tokens.token(call.remote.token_request()).await?),
        };
        let limit = permit.route.timeout.unwrap_or(call.remote.timeout);
        let body = take_body(body, limit).await?.charged(call.remote.quota.charge());
        self.readdress(&mut head, call, &permit, token.as_ref(), &body);
        if let Some(credential) = credential {
            credential.attach(&mut head.headers, &mut head.uri)?;
        }
        let request = Box::new(Request::from_parts(*head, body));
        let started = Instant::now();
        let attempts = &mut effort.attempts;
        let answered = match handshake {
            None => exchange(call, limit, request, token, attempts).await.map(|response| (response, None)),
            // Boxed: rare, and its state is large.
            Some(handshake) => Box::pin(switch(call, limit, *handshake, request, token, attempts)).await,
        };
        effort.waited = started.elapsed();
        let (mut response, agreed) = answered.inspect_err(|error| {
            if let (CallError::Upstream(ForwardError::TokenRejected), Some(credential)) = (error, credential)
            {
                credential.tell_refused();
            }
        })?;
        let (status, headers) = (response.status(), response.headers_mut());
        rewrite_location(status, headers, &call.remote.upstream.origin, &permit.target, &call.remote.mount)
            .map_err(|_| ForwardError::ForeignRedirect)?;
        rewrite_response(headers, !permit.route.public);
        if let Some(agreed) = agreed {
            headers.extend(agreed.fields);
            effort.tunnel = Some(Box::new(agreed.tunnel));
        }
        Ok(response)
    }

    /// Makes the caller's request head the one that the upstream gets.
    fn readdress<T>(
        &self,
        head: &mut Parts,
        call: &Call<'_, T>,
        permit: &Permit<'_>,
        token: Option<&BearerToken>,
        body: &RequestBody,
    ) {
        let injected = Injected {
            host: &call.remote.upstream.origin.host_header,
            authorization: token.map(BearerToken::header),
            client: call.client,
            origin: &self.origin,
            traceparent: call.traceparent.as_ref(),
        };
        rewrite_request(&mut head.headers, &injected);
        if body.is_empty() && matches!(head.method, Method::POST | Method::PUT | Method::PATCH) {
            // Some servers answer 411 to a method that expects content without it (RFC 9110, section 8.6).
            head.headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        head.uri = permit.target.clone();
        head.version = Version::HTTP_11;
        // What the server kept beside the request (its session among it) is not the upstream connection's business.
        head.extensions.clear();
    }
}

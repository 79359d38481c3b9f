use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, HeaderMap, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Method, Request, Response, StatusCode, Uri};
use tokio::time::{Instant, timeout};

use super::CallError;
use super::authorise::Permit;
use super::exchange::exchange;
use super::gateway::{Call, Effort, Gateway, clean, tell_refused};
use crate::body::{AnswerBody, RequestBody, ResponseBody, Whole, read_within};
use crate::cache::{
    Asked, CacheRule, Conditions, Counted, Fetched, Flight, Joined, Landed, ResponseCache, Standing,
    StoredResponse, landed, request_for_policy, without_representation,
};
use crate::forward::{ForwardError, Patience, forward};
use crate::remote::RemoteBackend;
use crate::resilience::Breaker;
use crate::shape::Shape;
use crate::token::{BearerToken, TokenSource};

/// One question to the upstream whose answer may be kept. It owns what it needs, so that it can go on without its caller.
struct Question {
    cache: Arc<ResponseCache>,
    remote: Arc<RemoteBackend>,
    shape: Arc<Shape>,
    asked: Asked,
    target: Uri,
    public: bool,
    /// How long until the answer must begin.
    limit: Duration,
    /// The route's.
    breaker: Arc<Breaker>,
    /// The caller's fields, conditions taken out.
    fields: HeaderMap,
    generation: u64,
    /// What is kept and has to be asked about.
    before: Option<Arc<StoredResponse>>,
}

/// What an upstream's answer came to.
enum Settled {
    /// It is kept, and answers others, too.
    Kept(Arc<StoredResponse>),
    /// It goes to its caller.
    Passed(Box<Response<AnswerBody>>),
}

impl Gateway {
    /// A `GET` or `HEAD` of a route that keeps answers: from what is kept, from what another call brings, or from the
    /// upstream.
    pub(super) async fn cached<T: TokenSource>(
        &self,
        cache: &Arc<ResponseCache>,
        call: &Call<'_, T>,
        permit: &Permit<'_>,
        shape: &Arc<Shape>,
        mut head: Box<Parts>,
        effort: &mut Effort,
    ) -> Result<Response<AnswerBody>, CallError> {
        let rule = rule_of(shape);
        let Some(conditions) = Conditions::take(&mut head.headers) else {
            return self.plain(call, permit, head, RequestBody::Empty, effort).await;
        };
        let path = permit.path(call.remote);
        let remote = (call.remote.id(), call.remote.version());
        let asked = Asked::of(remote, call.principal, rule, path, permit.target.query(), &head.headers);
        let request = request_for_policy(&permit.target, &head.headers, !permit.route.public);
        let is_head = head.method == Method::HEAD;
        let answer = |stored: &StoredResponse, how| Ok(stored.answer(&conditions, is_head, cache.now(), how));
        let (question, flight) = loop {
            let looked = cache.look(&asked, &head.headers).await;
            let question = Question {
                cache: Arc::clone(cache),
                remote: Arc::clone(call.remote),
                shape: Arc::clone(shape),
                asked: asked.clone(),
                target: permit.target.clone(),
                public: permit.route.public,
                limit: permit.limit(call.remote),
                breaker: Arc::clone(&permit.route.breaker),
                fields: head.headers.clone(),
                generation: looked.generation,
                before: looked.stored,
            };
            match question.before.as_ref().map(|stored| (stored, stored.standing(&request, cache.now()))) {
                Some((stored, Standing::Fresh)) => {
                    cache.count(Counted::Hit);
                    return answer(stored, "portico; hit");
                }
                Some((stored, Standing::WhileRevalidating)) => {
                    cache.count(Counted::Stale);
                    let stored = Arc::clone(stored);
                    self.renew_behind(question, call, permit, &head).await;
                    return answer(&stored, "portico; hit; fwd=stale");
                }
                _ => {}
            }
            if is_head {
                // Only whole answers are kept, and this one would have no body.
                return self.plain(call, permit, head, RequestBody::Empty, effort).await;
            }
            if insists(&head.headers) {
                break (question, None);
            }
            match cache.join(asked.flight, question.generation) {
                Joined::Leads(flight) => break (question, Some(flight)),
                Joined::Alone => break (question, None),
                Joined::Waits(waiting) => match timeout(permit.limit(call.remote), landed(waiting)).await {
                    Ok(Some(Landed::Kept(stored, name))) if name == asked.name_of(&stored, &head.headers) => {
                        cache.count(Counted::Joined);
                        return answer(&stored, "portico; hit; collapsed");
                    }
                    // Its caller is gone, and with it the call.
                    Ok(None) => {}
                    Ok(Some(_)) | Err(_) => break (question, None),
                },
            }
        };
        cache.count(Counted::Miss);
        let how =
            if question.before.is_some() { "portico; fwd=stale" } else { "portico; fwd=uri-miss; stored" };
        match self.ask(question, call, permit, head, flight, effort).await? {
            Settled::Kept(stored) => answer(&stored, how),
            Settled::Passed(response) => Ok(passed(*response, &conditions)),
        }
    }

    /// Asks the upstream while the caller waits. Where it fails and what is kept still counts for that case, that is the
    /// answer.
    async fn ask<T: TokenSource>(
        &self,
        question: Question,
        call: &Call<'_, T>,
        permit: &Permit<'_>,
        head: Box<Parts>,
        flight: Option<Flight>,
        effort: &mut Effort,
    ) -> Result<Settled, CallError> {
        let token = self.token(call, permit).await?;
        let request = self.question(&question, call, permit, *head, token.as_ref())?;
        let fallback = question.if_error();
        let started = Instant::now();
        let answered = exchange(call, question.patience(), request, token, &mut effort.attempts).await;
        effort.waited = started.elapsed();
        let answered = answered.inspect_err(|error| tell_refused(call, permit, error));
        let failed = match &answered {
            Ok(response) => is_failure(response.status()),
            Err(CallError::Upstream(error)) => error.is_outage(),
            Err(_) => false,
        };
        match fallback.filter(|_| failed) {
            Some(stored) => {
                question.cache.count(Counted::Stale);
                if let Some(flight) = flight {
                    let name = question.asked.name_of(&stored, &question.fields);
                    flight.land(Landed::Kept(Arc::clone(&stored), name));
                }
                Ok(Settled::Kept(stored))
            }
            None if failed => {
                if let Some(flight) = flight {
                    flight.land(Landed::Failed);
                }
                let mut response = answered?;
                clean(&question.remote, &question.target, question.public, &mut response)?;
                Ok(Settled::Passed(Box::new(response.map(AnswerBody::from))))
            }
            None => question.settle(answered?, flight).await,
        }
    }

    /// Fetches a new answer behind the caller's back, once for all who are given the old one meanwhile. It belongs to nobody's
    /// request any more, so it is a trace of its own, which names the request that led to it.
    async fn renew_behind<T: TokenSource>(
        &self,
        question: Question,
        call: &Call<'_, T>,
        permit: &Permit<'_>,
        head: &Parts,
    ) {
        let Joined::Leads(flight) = question.cache.join(question.asked.flight, question.generation) else {
            return;
        };
        // Usually at hand. Without one nothing is fetched, and whoever comes after the old answer's end is told why.
        let Ok(token) = self.token(call, permit).await else { return };
        let mut copy = Request::new(()).into_parts().0;
        copy.method = Method::GET;
        copy.headers = head.headers.clone();
        let Ok(mut request) = self.question(&question, call, permit, copy, token.as_ref()) else { return };
        let trace = call.trace.map(|trace| Box::new(trace.detached()));
        if trace.is_some() {
            // Others' data about the trace that was left.
            request.headers_mut().remove("tracestate");
        }
        let name = format!("refresh {}{}", call.remote.mount, permit.route.pattern);
        tokio::spawn(async move {
            let (started, mut attempts) = (std::time::Instant::now(), 0);
            let trace = trace.as_deref();
            let answered =
                forward(&question.remote, question.patience(), trace, request, None, &mut attempts);
            let (outcome, error) = match answered.await {
                Ok(response) if !is_failure(response.status()) => {
                    match question.settle(response, Some(flight)).await {
                        Ok(Settled::Kept(_)) => ("kept", None),
                        Ok(Settled::Passed(_)) => ("not-kept", None),
                        Err(error) => ("failed", Some(error.slug())),
                    }
                }
                // What fails is told to whoever comes after the old answer's end, and has to wait for a new one.
                failed => {
                    flight.land(Landed::Failed);
                    ("failed", Some(failed.map_or_else(|error| error.slug(), |_| "upstream-status")))
                }
            };
            if let Some(trace) = trace {
                trace.finish(name, started, vec![("portico.outcome", outcome.into())], error.map(Into::into));
            }
        });
    }

    /// The request for it: the caller's fields, and the validators of what is kept.
    fn question<T>(
        &self,
        question: &Question,
        call: &Call<'_, T>,
        permit: &Permit<'_>,
        mut head: Parts,
        token: Option<&BearerToken>,
    ) -> Result<Box<Request<RequestBody>>, CallError> {
        self.readdress(&mut head, call, permit, token, &mut RequestBody::Empty)?;
        for (name, value) in question.validators() {
            head.headers.insert(name, value);
        }
        Ok(Box::new(Request::from_parts(head, RequestBody::Empty)))
    }
}

impl Question {
    fn patience(&self) -> Patience<'_> {
        Patience { limit: self.limit, breaker: &self.breaker }
    }

    fn rule(&self) -> &CacheRule {
        rule_of(&self.shape)
    }

    fn policy_request(&self) -> Request<()> {
        request_for_policy(&self.target, &self.fields, !self.public)
    }

    fn validators(&self) -> Vec<(HeaderName, HeaderValue)> {
        let stored = self.before.as_ref();
        stored.map(|stored| stored.validators(&self.policy_request(), self.cache.now())).unwrap_or_default()
    }

    /// What is kept, where it counts while the upstream fails.
    fn if_error(&self) -> Option<Arc<StoredResponse>> {
        let stored = self.before.as_ref()?;
        let standing = stored.standing(&self.policy_request(), self.cache.now());
        (standing != Standing::Revalidate { if_error: false }).then(|| Arc::clone(stored))
    }

    /// Keeps the upstream's answer, if it may and can be kept, and tells those who wait.
    async fn settle(
        self,
        mut response: Response<ResponseBody>,
        flight: Option<Flight>,
    ) -> Result<Settled, CallError> {
        let (status, raw) = (response.status(), response.headers().clone());
        clean(&self.remote, &self.target, self.public, &mut response)?;
        uniform(status, response.headers_mut(), self.rule());
        let fetched = Fetched {
            uri: &self.target,
            request: &self.fields,
            authorized: !self.public,
            status,
            raw: &raw,
            rule: self.rule(),
            generation: self.generation,
            now: self.cache.now(),
        };
        if let (StatusCode::NOT_MODIFIED, Some(before)) = (status, &self.before) {
            let renewed = before.renewed(&fetched, response.headers());
            let renewed =
                renewed.ok_or_else(|| ForwardError::BadAnswer("a 304 for another answer".to_owned()))?;
            return Ok(Settled::Kept(self.keep(renewed, flight).await));
        }
        let draft = fetched.draft();
        let (head, body) = response.into_parts();
        let Some(draft) = draft else {
            if let Some(flight) = flight {
                flight.land(Landed::NotKept);
            }
            return Ok(Settled::Passed(Box::new(Response::from_parts(head, body.into()))));
        };
        match read_within(body, self.cache.entry_bytes(), self.limit).await {
            Whole::Read(bytes) => Ok(Settled::Kept(self.keep(draft.with(head.headers, bytes), flight).await)),
            Whole::Longer(read, rest) => {
                if let Some(flight) = flight {
                    flight.land(Landed::NotKept);
                }
                Ok(Settled::Passed(Box::new(Response::from_parts(head, AnswerBody::begun(read, rest)))))
            }
            Whole::Broken(error) => Err(ForwardError::BadAnswer(error.to_string()).into()),
        }
    }

    async fn keep(&self, stored: StoredResponse, flight: Option<Flight>) -> Arc<StoredResponse> {
        let stored = Arc::new(stored);
        self.cache.keep(&self.asked, &self.fields, &stored).await;
        if let Some(flight) = flight {
            let name = self.asked.name_of(&stored, &self.fields);
            flight.land(Landed::Kept(Arc::clone(&stored), name));
        }
        stored
    }
}

/// Only routes with a rule get here.
fn rule_of(shape: &Shape) -> &CacheRule {
    static PERSONAL: CacheRule = CacheRule::nothing();
    shape.cache.as_ref().unwrap_or(&PERSONAL)
}

/// Whether a caller wants an answer that is made for this call: a reload.
fn insists(headers: &HeaderMap) -> bool {
    headers.get_all(CACHE_CONTROL).iter().any(|value| {
        let text = value.as_bytes().to_ascii_lowercase();
        [&b"no-cache"[..], b"no-store", b"max-age=0"]
            .iter()
            .any(|word| text.windows(word.len()).any(|w| w == *word))
    })
}

fn is_failure(status: StatusCode) -> bool {
    matches!(status.as_u16(), 500 | 502 | 503 | 504)
}

/// One `Cache-Control` for all answers of the route, whatever the upstream wrote.
fn uniform(status: StatusCode, headers: &mut HeaderMap, rule: &CacheRule) {
    let Some(browser) = rule.browser.filter(|_| status.is_success()) else { return };
    if headers.get(CACHE_CONTROL).is_some_and(|value| value == "private, no-cache") {
        let value = format!("private, max-age={}", browser.as_secs());
        headers.insert(CACHE_CONTROL, HeaderValue::try_from(value).expect("directives are ASCII"));
    }
}

/// An answer that is not kept, held against the conditions that were taken out of the request.
fn passed(mut response: Response<AnswerBody>, conditions: &Conditions) -> Response<AnswerBody> {
    response
        .headers_mut()
        .insert(HeaderName::from_static("cache-status"), HeaderValue::from_static("portico; fwd=uri-miss"));
    if response.status() == StatusCode::OK && conditions.hold_for(response.headers()) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        without_representation(response.headers_mut());
        *response.body_mut() = AnswerBody::Held(Bytes::new());
    }
    response
}

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Request, Response, StatusCode};
use portico_telemetry::trace::RequestTrace;

use super::ForwardError;
use super::admission::Finding;
use super::deadline::Deadline;
use super::observed::Observed;
use crate::body::{Arriving, Progress, RequestBody, ResponseBody};
use crate::remote::RemoteBackend;
use crate::upstream::{Endpoint, Lease, Purpose, SendError};

/// What the attempts of one call share.
pub(super) struct Attempts<'a> {
    pub(super) remote: &'a RemoteBackend,
    pub(super) deadline: Deadline,
    /// Whether the request may be sent again though it may have arrived.
    pub(super) repeatable: bool,
    /// How far a streamed body has come.
    pub(super) progress: Option<&'a Progress>,
    /// Where each attempt is recorded, if it is.
    pub(super) trace: Option<&'a RequestTrace>,
    /// How many of those there were.
    pub(super) sent: AtomicU32,
}

impl Attempts<'_> {
    /// Sends `request` once, to `aim` if there is one, and waits for the answer's head. The endpoint that failed ends up
    /// last in `tried`; those in it are avoided. A kept connection that turns out to be closed before anything was sent
    /// costs no attempt.
    pub(super) async fn send(
        &self,
        mut request: Box<Request<RequestBody>>,
        aim: Option<Arc<Endpoint>>,
        tried: &mut Vec<Arc<Endpoint>>,
    ) -> Result<Response<ResponseBody>, ForwardError> {
        let before = || self.sent.fetch_add(1, Ordering::Relaxed);
        let observed = Observed::begin(self.remote, self.trace, &mut request, before);
        let result = self.exchange(request, aim, tried).await;
        observed.end(&result);
        result
    }

    async fn exchange(
        &self,
        mut request: Box<Request<RequestBody>>,
        aim: Option<Arc<Endpoint>>,
        tried: &mut Vec<Arc<Endpoint>>,
    ) -> Result<Response<ResponseBody>, ForwardError> {
        let endpoints = &self.remote.upstream.endpoints;
        let endpoint = aim.or_else(|| endpoints.choose(tried));
        let mut opened = 0;
        loop {
            let kept = endpoint.as_ref().and_then(|endpoint| endpoint.idle(self.repeatable));
            let is_new = kept.is_none();
            let mut lease = match kept {
                Some(lease) => lease,
                // Rare, and its state is large: outside the future that every call pays for.
                None => Box::pin(self.connect(endpoint.clone(), tried)).await?,
            };
            opened += u8::from(is_new);
            let sent = self.deadline.hold(self.progress, pin!(lease.send(request))).await;
            let error = match sent {
                Ok(Ok(response)) => return self.answered(response, lease),
                // A shared connection may have been closed by what happened to others on it.
                Ok(Err(SendError::Unsent(unsent))) if !is_new || lease.is_shared() && opened < 2 => {
                    request = unsent;
                    continue;
                }
                Ok(Err(SendError::Unsent(_))) => {
                    ForwardError::Unreachable("a new connection closed at once".to_owned())
                }
                Ok(Err(SendError::Broken(error))) => error.into(),
                Ok(Err(SendError::BrokenTogether(error))) => ForwardError::ResetTogether(error),
                Ok(Err(SendError::Unprocessed { error, refused })) => {
                    ForwardError::Unprocessed { error, refused }
                }
                Err(_) if self.progress.is_some_and(Progress::is_starved) => ForwardError::CallerSlow,
                Err(_) => self.late(),
            };
            Finding::of_error(&error).note(endpoints, lease.endpoint());
            if !is_new {
                tried.push(Arc::clone(lease.endpoint()));
            }
            return Err(error);
        }
    }

    async fn connect(
        &self,
        aim: Option<Arc<Endpoint>>,
        tried: &mut Vec<Arc<Endpoint>>,
    ) -> Result<Lease, ForwardError> {
        let endpoints = &self.remote.upstream.endpoints;
        let asked = tried.len();
        let connected = {
            // A name is asked for each new connection: the endpoint that was chosen may be gone.
            let aim = if endpoints.are_named() { None } else { aim };
            let connecting = pin!(endpoints.connect(Purpose::Calls, aim, tried, self.deadline.left()));
            self.deadline.hold(None, connecting).await
        };
        let Ok(connected) = connected else {
            if let Some(late) = tried[asked..].last() {
                endpoints.failed(late);
            }
            return Err(self.late());
        };
        Ok(connected?)
    }

    fn late(&self) -> ForwardError {
        ForwardError::Timeout(self.deadline.limit().as_millis())
    }

    fn answered(
        &self,
        response: Response<Arriving>,
        lease: Lease,
    ) -> Result<Response<ResponseBody>, ForwardError> {
        let endpoints = &self.remote.upstream.endpoints;
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            endpoints.failed(lease.endpoint());
            return Err(ForwardError::BadAnswer("it switches protocols unasked".to_owned()));
        }
        Finding::of_status(response.status()).note(endpoints, lease.endpoint());
        let (head, incoming) = response.into_parts();
        // Event streams may be silent for longer than any limit that would help against a hanging upstream; they end
        // with the session instead.
        let is_stream = |kind: &HeaderValue| kind.as_bytes().starts_with(b"text/event-stream");
        let pauses = head.headers.get(CONTENT_TYPE).is_some_and(is_stream);
        let body = ResponseBody::new(incoming, lease, (!pauses).then_some(self.remote.pause_limit));
        Ok(Response::from_parts(head, body))
    }
}

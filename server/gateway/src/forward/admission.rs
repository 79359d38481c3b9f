use http::{Response, StatusCode};

use super::ForwardError;
use crate::resilience::{Breaker, Full, Open, Pass, Place};
use crate::upstream::{Endpoint, Endpoints, Upstream};

/// A call that the breakers of its route and its upstream, and the concurrency limit, let through.
pub(super) struct Admission<'a> {
    upstream: &'a Upstream,
    by_route: Passed<'a>,
    by_upstream: Passed<'a>,
    place: Place<'a>,
}

/// What a breaker let through; a call that ends without a conclusion, since its caller went away, gives it back.
struct Passed<'a> {
    breaker: &'a Breaker,
    pass: Option<Pass>,
}

/// What an attempt or a call says about the upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finding {
    /// It answers.
    Answered,
    /// It fails.
    Failed,
    /// It says that it has too much to do.
    Overloaded,
    /// It did not answer this in time.
    Late,
    /// Nothing: it is the caller's doing, or the configuration's.
    Nothing,
}

impl<'a> Admission<'a> {
    pub(super) async fn to(upstream: &'a Upstream, route: &'a Breaker) -> Result<Self, ForwardError> {
        let refused = |Open { retry_after }| {
            upstream.tally.refused.add();
            ForwardError::Open(retry_after)
        };
        let by_route = Passed::through(route).map_err(refused)?;
        let by_upstream = Passed::through(&upstream.breaker).map_err(refused)?;
        let place = match upstream.concurrency.enter() {
            Some(place) => place,
            None => Box::pin(upstream.concurrency.wait()).await.map_err(|Full| {
                upstream.tally.shed.add();
                ForwardError::Full
            })?,
        };
        Ok(Self { upstream, by_route, by_upstream, place })
    }

    /// What came of the call.
    pub(super) fn conclude<B>(self, result: &Result<Response<B>, ForwardError>) {
        let Self { upstream, by_route, by_upstream, place } = self;
        let finding = Finding::of(result);
        if finding == Finding::Answered {
            // While this call's own place still counts.
            upstream.concurrency.grow();
        }
        drop(place);
        if matches!(finding, Finding::Overloaded | Finding::Late) {
            upstream.concurrency.shrink();
        }
        // One endpoint of several is left out by itself; a breaker is for when all of them fail.
        let all_fail = || !upstream.endpoints.any_is_well();
        match finding {
            Finding::Answered => {
                by_route.answered();
                by_upstream.answered();
            }
            Finding::Failed | Finding::Overloaded => by_upstream.failed(all_fail()),
            // The route is slow, and perhaps nothing else: its callers must not take the others' service away. A probe of
            // the upstream that is late has not found it well, though.
            Finding::Late => {
                by_route.failed(all_fail());
                by_upstream.failed(false);
            }
            // The breakers get their passes back.
            Finding::Nothing => return,
        }
        if finding != Finding::Answered {
            upstream.tally.failed(match result {
                Ok(response) => format!("it answered {}", response.status()),
                Err(error) => error.to_string(),
            });
        }
    }
}

impl<'a> Passed<'a> {
    fn through(breaker: &'a Breaker) -> Result<Self, Open> {
        Ok(Self { breaker, pass: Some(breaker.admit()?) })
    }

    fn answered(mut self) {
        if let Some(pass) = self.pass.take() {
            self.breaker.answered(pass);
        }
    }

    /// A failure; what a probe finds counts in any case, since others were asked before it.
    fn failed(mut self, counts: bool) {
        if let Some(pass) = self.pass.take_if(|pass| counts || matches!(pass, Pass::Probe(_))) {
            self.breaker.failed(pass);
        }
    }
}

impl Drop for Passed<'_> {
    fn drop(&mut self) {
        if let Some(pass) = self.pass.take() {
            self.breaker.abandoned(pass);
        }
    }
}

impl Finding {
    pub(super) fn of<B>(result: &Result<Response<B>, ForwardError>) -> Self {
        match result {
            Ok(response) => Self::of_status(response.status()),
            Err(error) => Self::of_error(error),
        }
    }

    /// Tells the endpoint where it was found.
    pub(super) fn note(self, endpoints: &Endpoints, endpoint: &Endpoint) {
        match self {
            Self::Answered => endpoint.succeeded(),
            Self::Failed | Self::Overloaded | Self::Late => endpoints.failed(endpoint),
            Self::Nothing => {}
        }
    }

    /// 401, 403 and every other 4xx is an answer, and so is 500: it is about the request. What a gateway in front of the
    /// service says of it is not.
    pub(super) fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::BAD_GATEWAY => Self::Failed,
            StatusCode::SERVICE_UNAVAILABLE => Self::Overloaded,
            StatusCode::GATEWAY_TIMEOUT => Self::Late,
            _ => Self::Answered,
        }
    }

    pub(super) fn of_error(error: &ForwardError) -> Self {
        match error {
            ForwardError::Timeout(_) => Self::Late,
            ForwardError::Unprocessed { refused: true, .. } => Self::Overloaded,
            ForwardError::Unreachable(_) | ForwardError::Reset(_) | ForwardError::BadAnswer(_) => {
                Self::Failed
            }
            _ => Self::Nothing,
        }
    }
}

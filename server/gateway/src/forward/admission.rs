use http::{Response, StatusCode};

use super::ForwardError;
use crate::resilience::{Full, Open, Pass, Place};
use crate::upstream::{Endpoint, Endpoints, Upstream};

/// A call that its upstream's breaker and concurrency limit let through.
pub(super) struct Admission<'a> {
    passed: Passed<'a>,
    place: Place<'a>,
}

/// What the breaker let through; a call that ends without a conclusion, since its caller went away, gives it back.
struct Passed<'a> {
    upstream: &'a Upstream,
    pass: Option<Pass>,
}

/// What an attempt or a call says about the upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finding {
    /// It answers.
    Answered,
    /// It fails.
    Failed {
        /// Because it has too much to do, as far as can be seen.
        overloaded: bool,
    },
    /// Nothing: it is the caller's doing, or the configuration's.
    Nothing,
}

impl<'a> Admission<'a> {
    pub(super) async fn to(upstream: &'a Upstream) -> Result<Self, ForwardError> {
        let pass = upstream.breaker.admit().map_err(|Open { retry_after }| {
            upstream.tally.refused.add();
            ForwardError::Open(retry_after)
        })?;
        let passed = Passed { upstream, pass: Some(pass) };
        let place = match upstream.concurrency.enter() {
            Some(place) => place,
            None => Box::pin(upstream.concurrency.wait()).await.map_err(|Full| {
                upstream.tally.shed.add();
                ForwardError::Full
            })?,
        };
        Ok(Self { passed, place })
    }

    /// What came of the call.
    pub(super) fn conclude<B>(mut self, result: &Result<Response<B>, ForwardError>) {
        let upstream = self.passed.upstream;
        let finding = Finding::of(result);
        if finding == Finding::Answered {
            // While this call's own place still counts.
            upstream.concurrency.grow();
        }
        drop(self.place);
        // Without a finding the breaker gets its pass back.
        match (finding, self.passed.pass.take_if(|_| finding != Finding::Nothing)) {
            (Finding::Answered, Some(pass)) => upstream.breaker.answered(pass),
            (Finding::Failed { overloaded }, Some(pass)) => {
                if overloaded {
                    upstream.concurrency.shrink();
                }
                // One endpoint of several is left out by itself; the breaker is for when all of them fail. What a probe
                // finds counts, since the others were asked before.
                if matches!(pass, Pass::Probe(_)) || !upstream.endpoints.any_is_well() {
                    upstream.breaker.failed(pass);
                }
                upstream.tally.failed(match result {
                    Ok(response) => format!("it answered {}", response.status()),
                    Err(error) => error.to_string(),
                });
            }
            _ => {}
        }
    }
}

impl Drop for Passed<'_> {
    fn drop(&mut self) {
        if let Some(pass) = self.pass.take() {
            self.upstream.breaker.abandoned(pass);
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
            Self::Failed { .. } => endpoints.failed(endpoint),
            Self::Nothing => {}
        }
    }

    /// 401, 403 and every other 4xx is an answer, and so is 500: it is about the request. What a gateway in front of the
    /// service says of it is not.
    pub(super) fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::BAD_GATEWAY => Self::Failed { overloaded: false },
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => {
                Self::Failed { overloaded: true }
            }
            _ => Self::Answered,
        }
    }

    pub(super) fn of_error(error: &ForwardError) -> Self {
        match error {
            ForwardError::Timeout(_) | ForwardError::Unprocessed { refused: true, .. } => {
                Self::Failed { overloaded: true }
            }
            ForwardError::Unreachable(_) | ForwardError::Reset(_) | ForwardError::BadAnswer(_) => {
                Self::Failed { overloaded: false }
            }
            _ => Self::Nothing,
        }
    }
}

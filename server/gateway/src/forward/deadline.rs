use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::body::Progress;

/// Until when an upstream's answer must have begun, all attempts together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline {
    at: Instant,
    limit: Duration,
}

/// The deadline has passed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Elapsed;

impl Deadline {
    /// `limit` from now.
    pub(super) fn after(limit: Duration) -> Self {
        Self { at: Instant::now() + limit, limit }
    }

    /// How long it was set for.
    pub(super) fn limit(&self) -> Duration {
        self.limit
    }

    /// What is left of it.
    pub(super) fn left(&self) -> Duration {
        self.at.saturating_duration_since(Instant::now())
    }

    /// Runs `work` until the deadline. While a body is uploaded the limit counts from its last piece: a large upload
    /// over a slow line is no hanging upstream.
    pub(super) async fn hold<T>(
        &self,
        progress: Option<&Progress>,
        mut work: Pin<&mut impl Future<Output = T>>,
    ) -> Result<T, Elapsed> {
        let mut mark = progress.map(Progress::mark);
        let mut at = self.at;
        loop {
            if let Ok(result) = timeout_at(at, work.as_mut()).await {
                return Ok(result);
            }
            let now = progress.map(Progress::mark);
            if now == mark {
                return Err(Elapsed);
            }
            mark = now;
            at = Instant::now() + self.limit;
        }
    }
}

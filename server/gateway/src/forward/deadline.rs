use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::ForwardError;
use crate::body::Progress;

/// Runs `work` until `limit` has passed. While a body is uploaded the limit counts from its last piece: a large upload
/// over a slow line is no hanging upstream.
pub(super) async fn within<T>(
    limit: Duration,
    progress: Option<&Progress>,
    mut work: Pin<&mut impl Future<Output = Result<T, ForwardError>>>,
) -> Result<T, ForwardError> {
    let mut mark = progress.map(Progress::mark);
    loop {
        if let Ok(result) = timeout_at(Instant::now() + limit, work.as_mut()).await {
            return result;
        }
        let now = progress.map(Progress::mark);
        if now == mark {
            return Err(ForwardError::Timeout(limit.as_millis()));
        }
        mark = now;
    }
}

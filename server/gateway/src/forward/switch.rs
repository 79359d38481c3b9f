use std::pin::pin;

use http::{Request, Response};
use hyper::body::Incoming;

use super::ForwardError;
use super::admission::Admission;
use super::deadline::{Deadline, Elapsed};
use crate::body::RequestBody;
use crate::remote::RemoteBackend;

/// Sends a request to switch protocols over a connection of its own, which serves nothing before and nothing after it.
/// Returns when the answer has begun; counts in `attempts`.
pub(crate) async fn ask_to_switch(
    remote: &RemoteBackend,
    request: Box<Request<RequestBody>>,
    attempts: &mut u32,
) -> Result<Response<Incoming>, ForwardError> {
    let admission = Admission::to(&remote.upstream).await?;
    *attempts += 1;
    let deadline = Deadline::after(remote.timeout);
    let work = pin!(async {
        let lease = remote.upstream.endpoints.connect(None, &mut Vec::new(), deadline.left()).await?;
        Ok(lease.connection.send_alone(request).await?)
    });
    let sent = deadline.hold(None, work).await;
    let result = sent.unwrap_or_else(|Elapsed| Err(ForwardError::Timeout(deadline.limit().as_millis())));
    admission.conclude(&result);
    result
}

use std::pin::pin;
use std::sync::Arc;

use http::{Request, Response};
use portico_telemetry::trace::RequestTrace;

use super::admission::{Admission, Finding};
use super::deadline::{Deadline, Elapsed};
use super::observed::Observed;
use super::{ForwardError, Patience};
use crate::body::RequestBody;
use crate::remote::RemoteBackend;
use crate::upstream::{Alone, Purpose};

/// Sends a request to switch protocols over a connection of its own, which serves nothing before and nothing after it.
/// Returns when the answer has begun, within the route's limit; counts in `attempts`.
pub(crate) async fn ask_to_switch(
    remote: &RemoteBackend,
    patience: Patience<'_>,
    trace: Option<&RequestTrace>,
    mut request: Box<Request<RequestBody>>,
    attempts: &mut u32,
) -> Result<Response<Alone>, ForwardError> {
    let admission = Admission::to(&remote.upstream, patience.breaker).await?;
    let observed = Observed::begin(remote, trace, &mut request, || *attempts);
    *attempts += 1;
    let deadline = Deadline::after(patience.limit);
    let endpoints = &remote.upstream.endpoints;
    let mut at = None;
    let sent = {
        let work = pin!(async {
            let lease = endpoints.connect(Purpose::Switch, None, &mut Vec::new(), deadline.left()).await?;
            at = Some(Arc::clone(lease.endpoint()));
            Ok(lease.send_alone(request).await?)
        });
        deadline.hold(None, work).await
    };
    let result = sent.unwrap_or_else(|Elapsed| Err(ForwardError::Timeout(deadline.limit().as_millis())));
    // What no connection was opened to is told already.
    if let Some(endpoint) = at {
        Finding::of(&result).note(endpoints, &endpoint);
    }
    observed.end(&result);
    admission.conclude(&result);
    result
}

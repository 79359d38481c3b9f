use std::sync::{Arc, Weak};

use http::{HeaderValue, Request, header};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::{Endpoint, Purpose, Upstream};
use crate::body::RequestBody;
use crate::resilience::HealthCheck;

/// Looks at every endpoint of an upstream again and again, for as long as the upstream is there.
pub(crate) async fn watch(upstream: Weak<Upstream>, check: HealthCheck) {
    loop {
        match upstream.upgrade() {
            Some(upstream) => look(&upstream, &check).await,
            None => return,
        }
        sleep(check.interval).await;
    }
}

async fn look(upstream: &Arc<Upstream>, check: &HealthCheck) {
    // A name server that does not answer leaves the endpoints as they are.
    timeout(check.limit, upstream.endpoints.resolve()).await.ok();
    let mut looks = JoinSet::new();
    for endpoint in upstream.endpoints.all() {
        let request = request(upstream, check);
        let limit = check.limit;
        looks.spawn(async move { (is_healthy(&endpoint, request, limit).await, endpoint) });
    }
    while let Some(look) = looks.join_next().await {
        let Ok((healthy, endpoint)) = look else { continue };
        endpoint.checked(healthy);
        if healthy {
            upstream.breaker.look_now();
        }
    }
}

/// Over a new connection, through the same dialer, address policy and protocol as every call: what it finds is what a call
/// would.
async fn is_healthy(
    endpoint: &Arc<Endpoint>,
    request: Box<Request<RequestBody>>,
    limit: std::time::Duration,
) -> bool {
    let look = async {
        let mut lease = endpoint.connect_alone(Purpose::Calls, limit).await.ok()?;
        let response = lease.send(request).await.ok()?;
        Some(response.status().is_success())
    };
    timeout(limit, look).await.ok().flatten().unwrap_or(false)
}

/// Carries nobody's credentials.
fn request(upstream: &Upstream, check: &HealthCheck) -> Box<Request<RequestBody>> {
    let mut request = Box::new(Request::new(RequestBody::Empty));
    *request.uri_mut() = check.path.clone().into();
    let headers = request.headers_mut();
    headers.insert(header::HOST, upstream.origin.host_header.clone());
    headers.insert(header::USER_AGENT, HeaderValue::from_static("portico-health-check"));
    request
}

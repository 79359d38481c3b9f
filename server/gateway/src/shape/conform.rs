use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http_body::Body;
use portico_openapi::{BodyRule, Document};
use tokio::time::timeout;

use crate::body::{BoxError, RequestBody, RequestBodyError, Whole, read_within};
use crate::call::CallError;

/// A request on its way to be held against a document.
pub(crate) struct Conforming<'a> {
    /// What its remote's manifest names.
    pub(crate) document: &'a Document,
    /// The path below the remote's prefix.
    pub(crate) path: &'a str,
    /// The query as it came.
    pub(crate) query: Option<&'a str>,
    /// The largest body that is read for it.
    pub(crate) limit: usize,
    /// How long the body may take.
    pub(crate) time: Duration,
}

/// Holds a request against its remote's OpenAPI document, and hands its body on.
///
/// # Errors
/// [`CallError::NoOperation`], [`CallError::Rejected`], [`CallError::BodyTooLarge`], or the caller's body did not come.
pub(crate) async fn conform<B>(
    conforming: Conforming<'_>,
    head: &Parts,
    body: B,
) -> Result<RequestBody, CallError>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let Conforming { document, path, query, limit, time } = conforming;
    let found = document.operation(&head.method, path).map_err(|_| CallError::NoOperation)?;
    let rule = found.check_head(query, &head.headers, !body.is_end_stream())?;
    let BodyRule::Json(schema) = rule else {
        let taken = timeout(time, RequestBody::take(body)).await;
        return Ok(taken.map_err(|_| CallError::RequestBodyTimeout)??);
    };
    let bytes = match read_within(Box::pin(body), limit, time).await {
        Whole::Read(bytes) => bytes,
        Whole::Longer(read, rest) if read.len() > limit || rest.size_hint().lower() > limit as u64 => {
            return Err(CallError::BodyTooLarge(limit));
        }
        Whole::Longer(..) => return Err(CallError::RequestBodyTimeout),
        Whole::Broken(error) => return Err(RequestBodyError::of(error.into()).into()),
    };
    schema.check(&bytes)?;
    Ok(RequestBody::held(bytes))
}

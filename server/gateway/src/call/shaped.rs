use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Response};
use http_body::Body;

use super::CallError;
use super::authorise::Permit;
use super::exchange::take_body;
use super::gateway::{Call, Course, Gateway};
use crate::body::{AnswerBody, BoxError};
use crate::cache::marks_of;
use crate::shape::{Conforming, Shape, conform};
use crate::token::TokenSource;

impl Gateway {
    /// A call of a route that asks for more than being forwarded: a view, a check against a document, a kept answer.
    pub(super) async fn shaped<'a, T, B>(
        &self,
        shape: &Arc<Shape>,
        call: &Call<'a, T>,
        permit: Permit<'_>,
        head: Box<Parts>,
        body: B,
        course: &mut Course<'a>,
    ) -> Result<Response<AnswerBody>, CallError>
    where
        T: TokenSource,
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        if let Some(view) = &shape.view {
            let (answered, verdicts) = self.view(Arc::clone(view), call, &permit, head).await;
            course.legs = verdicts;
            return answered;
        }
        let body = match &shape.document {
            None => take_body(body, permit.limit(call.remote)).await?,
            Some(document) => {
                let conforming = Conforming {
                    document,
                    path: permit.path(call.remote),
                    query: permit.target.query(),
                    limit: self.bounds.validated_body,
                    time: permit.limit(call.remote),
                };
                conform(conforming, &head, body).await?
            }
        };
        let Some(cache) = &self.cache else {
            return self.plain(call, &permit, head, body, &mut course.effort).await;
        };
        let reads = matches!(head.method, Method::GET | Method::HEAD);
        if reads && shape.cache.is_some() && body.is_empty() {
            return self.cached(cache, call, &permit, shape, head, &mut course.effort).await;
        }
        let changes = shape.remote_keeps && !reads && head.method != Method::OPTIONS;
        let answered = self.plain(call, &permit, head, body, &mut course.effort).await;
        // Where the upstream refused it, nothing has changed; where nobody knows, something may have.
        if changes && !answered.as_ref().is_ok_and(|response| response.status().is_client_error()) {
            cache.renew(&marks_of(call.remote.id(), call.principal, permit.path(call.remote))).await;
        }
        answered
    }
}

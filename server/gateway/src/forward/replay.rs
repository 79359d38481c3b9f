use bytes::Bytes;
use http::header::{HeaderName, HeaderValue};
use http::{Method, Request, Uri};

use crate::body::RequestBody;

/// A request that can be made again: for another attempt, or with another token.
///
/// The fields are kept as a list; a map would be built for nothing in the usual case, where the first attempt succeeds.
pub(crate) struct Replay {
    method: Method,
    uri: Uri,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
}

impl Replay {
    /// A copy of `request`, unless its body is streamed.
    pub(crate) fn of(request: &Request<RequestBody>) -> Option<Self> {
        let body = request.body().bytes()?;
        let headers = request.headers().iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        Some(Self { method: request.method().clone(), uri: request.uri().clone(), headers, body })
    }

    /// Gives a field another value.
    pub(crate) fn set(&mut self, name: HeaderName, value: &HeaderValue) {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.clone()));
    }

    /// The request again.
    pub(crate) fn request(&self) -> Box<Request<RequestBody>> {
        let mut request = Box::new(Request::new(RequestBody::held(self.body.clone())));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri.clone();
        request.headers_mut().reserve(self.headers.len());
        for (name, value) in &self.headers {
            request.headers_mut().append(name, value.clone());
        }
        request
    }
}

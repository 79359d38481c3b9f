use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::RecvStream;
use http::HeaderMap;
use http::header::CONTENT_LENGTH;
use http_body::{Body, Frame, SizeHint};

use super::error::wants_no_more;
use super::upload::GoingOn;

/// The body of an answer that arrives on a stream. What is not read is not granted to the upstream again; dropping it
/// before its end resets the stream.
pub(crate) struct Http2Body {
    stream: RecvStream,
    /// Bytes to come, where the answer says how many. The codec holds the upstream to it.
    left: Option<u64>,
    data_is_over: bool,
    /// The request's body, where it is still sent.
    _upload: Option<GoingOn>,
}

impl Http2Body {
    pub(super) fn new(stream: RecvStream, headers: &HeaderMap, upload: Option<GoingOn>) -> Self {
        let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        let left = if stream.is_end_stream() { Some(0) } else { length };
        Self { stream, left, data_is_over: false, _upload: upload }
    }

    fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, h2::Error>>> {
        loop {
            return Poll::Ready(match ready!(self.stream.poll_data(cx)) {
                // An end that came by itself.
                Some(Ok(bytes)) if bytes.is_empty() => continue,
                Some(Ok(bytes)) => {
                    self.left = self.left.map(|left| left.saturating_sub(bytes.len() as u64));
                    // The stream is there, and the bytes came by it: nothing can fail.
                    drop(self.stream.flow_control().release_capacity(bytes.len()));
                    Some(Ok(bytes))
                }
                Some(Err(error)) if wants_no_more(&error) && self.left.is_none_or(|left| left == 0) => None,
                other => other,
            });
        }
    }
}

impl Body for Http2Body {
    type Data = Bytes;
    type Error = h2::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, h2::Error>>> {
        let body = self.get_mut();
        if !body.data_is_over {
            match ready!(body.poll_data(cx)) {
                Some(bytes) => return Poll::Ready(Some(bytes.map(Frame::data))),
                None => body.data_is_over = true,
            }
        }
        Poll::Ready(match ready!(body.stream.poll_trailers(cx)) {
            Ok(trailers) => trailers.map(|trailers| Ok(Frame::trailers(trailers))),
            Err(error) if wants_no_more(&error) => None,
            Err(error) => Some(Err(error)),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.stream.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.left.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

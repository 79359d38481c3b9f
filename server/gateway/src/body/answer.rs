use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::{ResponseBody, ResponseBodyError};
use crate::quota::{Meter, QuotaExceeded};

/// The body of an answer: as it arrives from the upstream, or at hand.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every answer is arriving: a box would be an allocation for each call"
)]
pub enum AnswerBody {
    /// As it arrives.
    Arriving(ResponseBody),
    /// All of it.
    Held(Bytes),
    /// Some of it; the rest is arriving.
    Begun(Box<Begun>),
}

/// A body whose beginning was read before it turned out to be longer than what is held.
#[derive(Debug)]
pub struct Begun {
    held: Bytes,
    rest: ResponseBody,
}

impl AnswerBody {
    /// The same body, held to its remote's quota.
    pub(crate) fn metered(self, mut meter: Meter) -> Result<Self, QuotaExceeded> {
        Ok(match self {
            Self::Arriving(body) => Self::Arriving(body.metered(meter)),
            // At hand: the upstream has done its part, and the call counts no longer.
            Self::Held(bytes) => Self::Held(bytes),
            Self::Begun(begun) => {
                meter.count(begun.held.len(), false)?;
                Self::begun(begun.held, begun.rest.metered(meter))
            }
        })
    }

    /// What was read of a body, before the rest of it.
    pub(crate) fn begun(held: Bytes, rest: ResponseBody) -> Self {
        Self::Begun(Box::new(Begun { held, rest }))
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = ResponseBodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ResponseBodyError>>> {
        let (held, rest) = match self.get_mut() {
            Self::Arriving(body) => return Pin::new(body).poll_frame(cx),
            Self::Held(bytes) => (bytes, None),
            Self::Begun(begun) => (&mut begun.held, Some(&mut begun.rest)),
        };
        if !held.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(std::mem::take(held)))));
        }
        let Some(rest) = rest else { return Poll::Ready(None) };
        Poll::Ready(ready!(Pin::new(rest).poll_frame(cx)))
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Arriving(body) => body.is_end_stream(),
            Self::Held(bytes) => bytes.is_empty(),
            Self::Begun(begun) => begun.held.is_empty() && begun.rest.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Arriving(body) => body.size_hint(),
            Self::Held(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Begun(begun) => {
                let (held, rest) = (begun.held.len() as u64, begun.rest.size_hint());
                let mut hint = SizeHint::new();
                hint.set_lower(held + rest.lower());
                if let Some(upper) = rest.upper() {
                    hint.set_upper(held + upper);
                }
                hint
            }
        }
    }
}

impl From<ResponseBody> for AnswerBody {
    fn from(body: ResponseBody) -> Self {
        Self::Arriving(body)
    }
}

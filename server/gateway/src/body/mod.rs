//! Bodies in both directions: streamed, with backpressure, and held only where a second attempt may need them.

mod answer;
mod arriving;
mod request;
mod response;
mod whole;

pub use answer::{AnswerBody, Begun};
pub(crate) use arriving::Arriving;
pub use request::RequestBodyError;
pub(crate) use request::{Progress, RequestBody};
pub use response::{ResponseBody, ResponseBodyError};
pub(crate) use whole::{Whole, read_within};

/// Any body's error.
pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

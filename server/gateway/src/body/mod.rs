//! Bodies in both directions: streamed, with backpressure, and held only where a second attempt may need them.

mod request;
mod response;

pub use request::RequestBodyError;
pub(crate) use request::{Progress, RequestBody};
pub use response::{ResponseBody, ResponseBodyError};

/// Any body's error.
pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

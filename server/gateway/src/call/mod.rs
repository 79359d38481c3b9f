//! One call through the proxy: from the path a browser sent to the answer it gets.

mod authorise;
mod error;
mod exchange;
mod gateway;
mod switch;
mod verdict;

pub use error::CallError;
pub use gateway::{Call, Gateway, Outcome};
pub use verdict::Verdict;

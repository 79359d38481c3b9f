//! One call through the proxy: from the path a browser sent to the answer it gets.

mod authorise;
mod cached;
mod error;
mod exchange;
mod gateway;
mod shaped;
mod switch;
mod verdict;
mod view;

pub use error::CallError;
pub use gateway::{Call, Gateway, Outcome};
pub use verdict::Verdict;

//! `/api/*`

mod functions;
mod platform;

pub use functions::functions;
pub use platform::broken_json;

//! What a text in a manifest must look like, one rule per kind of text.

mod names;
mod origin;
mod paths;
mod views;

pub(super) use names::{AUDIENCE, ELEMENT, EXPORT, EXPOSE, GLOBAL, LABEL, PACKAGE, REASON, SLOT};
pub use names::{
    EVENT_TYPE, INTEGRITY, PERMISSION, REMOTE_NAME, SCOPE, SLOTS, TOPIC, VERSION, VERSION_RANGE,
};
pub use origin::{BACKEND_URL, CSP_SOURCE, ORIGIN, origin_of};
pub(super) use paths::path_parameters;
pub use paths::{BACKEND_PATH, FILE_PATH, RESERVED_PATHS, ROUTE_PATH, pattern_covers};
pub(super) use views::{LEG_PATH, VIEW_NAME, VIEW_PATH, path_placeholders, placeholders};

/// A rule for a text.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// What is expected, in words that complete "expected …".
    pub expected: &'static str,
    /// Whether a text keeps the rule.
    pub holds: fn(&str) -> bool,
}

/// Whether `text` is made of one to `longest` characters that `allowed` accepts.
fn all(text: &str, longest: usize, allowed: fn(u8) -> bool) -> bool {
    !text.is_empty() && text.len() <= longest && text.bytes().all(allowed)
}

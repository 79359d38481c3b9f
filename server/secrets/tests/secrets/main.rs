//! Secrets as their user sees them: what is fetched, what stays in use, and that nothing of it is ever shown.

mod kept;
mod sources;
mod stub;
mod vault;

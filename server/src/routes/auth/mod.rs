//! `/auth/*`: how a session begins and ends.

mod callback;
mod login;
mod logout;

pub use callback::callback;
pub use login::login;
pub use logout::logout;

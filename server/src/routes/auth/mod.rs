//! `/auth/*`: how a session begins and ends.

mod backchannel_logout;
mod callback;
mod login;
mod logout;

pub use backchannel_logout::backchannel_logout;
pub use callback::callback;
pub use login::login;
pub use logout::logout;

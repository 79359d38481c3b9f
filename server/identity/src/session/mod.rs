//! Sessions: one opaque id in the browser, everything else here.

mod cookie;
mod memory_store;
mod model;
mod sessions;

pub use cookie::{COOKIE_NAME, CookieError, clear_cookie, read_cookie, set_cookie};
pub use memory_store::MemorySessionStore;
pub use model::{Membership, Person, SessionState, Tokens};
pub use sessions::{ActiveSession, EndReason, Lifetimes, SessionError, Sessions};
pub use tower_sessions_core::session::{Id as SessionId, Record};
pub use tower_sessions_core::{SessionStore, session_store};

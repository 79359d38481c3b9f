//! Sessions: one opaque id in the browser, everything else here.

mod active;
mod cache;
mod cookie;
mod feed;
mod instances;
mod key;
mod memory_store;
mod model;
mod people;
mod sessions;
mod store;
mod vault;

pub use active::ActiveSession;
pub use cookie::{COOKIE_NAME, CookieError, clear_cookie, read_cookie, set_cookie};
pub use feed::{Feed, Notice};
pub use key::{KeyError, SessionKey};
pub use memory_store::MemorySessionStore;
pub use model::{Membership, Person, SessionState, Tokens};
pub use people::SessionSummary;
pub use sessions::{Change, EndReason, Lifetimes, SessionError, SessionSignal, Sessions};
pub use store::{Index, Replaced, Row, SharedSessionStore, TurnAnswer, saved};
pub use tower_sessions_core::session::{Id as SessionId, Record};
pub use tower_sessions_core::{SessionStore, session_store};

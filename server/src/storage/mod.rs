//! Storage adapters behind the domain's ports.

mod sqlite;

pub use sqlite::{SqliteSessionStore, open_sqlite};

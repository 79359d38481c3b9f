//! Sessions in SQLite, PostgreSQL and Redis: three implementations of one port, held to one behaviour suite.

pub(super) mod postgres;
mod redis;
pub(super) mod sqlite;

pub use postgres::PostgresSessionStore;
pub use redis::{RedisError, RedisSessionStore};
pub use sqlite::SqliteSessionStore;

use portico_identity::session::session_store::Error;

/// What a session's row is in SQL.
type Columns = (String, String, Option<String>, i64, i64);

fn row((sealed, person, provider_session, version, expires_at): Columns) -> portico_identity::session::Row {
    portico_identity::session::Row { sealed, person, provider_session, version, expires_at }
}

fn backend(error: impl std::fmt::Display) -> Error {
    Error::Backend(error.to_string())
}

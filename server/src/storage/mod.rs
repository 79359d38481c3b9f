//! Storage adapters behind the domain's ports.

mod database;
mod directory;
mod sessions;

pub use database::Database;
pub use directory::DatabaseDirectory;
pub use sessions::{PostgresSessionStore, RedisError, RedisSessionStore, SqliteSessionStore};

//! Storage adapters behind the domain's ports.

mod database;
mod directory;
mod sessions;
mod tokens;

pub use database::Database;
pub use directory::DatabaseDirectory;
pub use sessions::{PostgresSessionStore, RedisError, RedisSessionStore, SqliteSessionStore};
pub use tokens::RedisTokens;

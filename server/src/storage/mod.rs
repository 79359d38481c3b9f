//! Storage adapters behind the domain's ports.

mod claims;
mod database;
mod directory;
mod limits;
mod redis;
mod responses;
mod sessions;
mod tokens;

pub use claims::{PostgresClaims, RedisClaims};
pub use database::Database;
pub use directory::DatabaseDirectory;
pub use limits::RedisBuckets;
pub use responses::RedisResponses;
pub use sessions::{PostgresSessionStore, RedisError, RedisSessionStore, SqliteSessionStore};
pub use tokens::RedisTokens;

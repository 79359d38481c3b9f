//! Storage adapters behind the domain's ports.

mod database;
mod sqlite;

pub use database::Database;
pub use sqlite::SqliteSessionStore;

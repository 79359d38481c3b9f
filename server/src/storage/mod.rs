//! Storage adapters behind the domain's ports.

mod database;
mod directory;
mod sqlite;

pub use database::Database;
pub use directory::DatabaseDirectory;
pub use sqlite::SqliteSessionStore;

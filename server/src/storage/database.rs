use std::path::Path;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{PgPool, SqlitePool};

use super::sessions::{postgres, sqlite};
use super::{claims, directory};

/// The relational store: one SQLite file for one instance, PostgreSQL for several.
#[derive(Clone, Debug)]
pub enum Database {
    /// The embedded default.
    Sqlite(SqlitePool),
    /// Shared by every instance.
    Postgres(PgPool),
}

/// Tables are made under this lock, since two instances may start at once and PostgreSQL's `IF NOT EXISTS` races.
const SCHEMA_LOCK: i64 = 0x706f_7274;

/// What each of the two keeps.
const SQLITE_SCHEMAS: [&str; 2] = [sqlite::SCHEMA, directory::SQLITE];
const POSTGRES_SCHEMAS: [&str; 3] = [postgres::SCHEMA, directory::POSTGRES, claims::SCHEMA];

impl Database {
    /// Opens, or creates, the portal's SQLite file. For one instance: SQLite has no feed that others could hear.
    pub async fn open_sqlite(path: &Path) -> Result<Self, sqlx::Error> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal);
        let pool = SqlitePoolOptions::new().max_connections(4).connect_with(options).await?;
        for schema in SQLITE_SCHEMAS {
            sqlx::raw_sql(schema).execute(&pool).await?;
        }
        Ok(Self::Sqlite(pool))
    }

    /// Connects to PostgreSQL and makes the tables that are missing.
    pub async fn open_postgres(url: &str) -> Result<Self, sqlx::Error> {
        let options: PgConnectOptions = url.parse()?;
        let pool = PgPoolOptions::new()
            .max_connections(16)
            .acquire_timeout(std::time::Duration::from_secs(5))
            .connect_with(options.application_name("portico"))
            .await?;
        let mut transaction = pool.begin().await?;
        sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(SCHEMA_LOCK).execute(&mut *transaction).await?;
        for schema in POSTGRES_SCHEMAS {
            sqlx::raw_sql(schema).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(Self::Postgres(pool))
    }
}

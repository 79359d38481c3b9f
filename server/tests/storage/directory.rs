//! The directory on SQLite and on PostgreSQL.

use std::sync::Arc;

use portico::storage::{Database, DatabaseDirectory};

use super::postgres::Postgres;

#[path = "../../directory/tests/directory/behaviour.rs"]
mod behaviour;

mod on_sqlite {
    use super::*;

    macro_rules! on_sqlite {
        ($($name:ident),+ $(,)?) => {
            $(#[tokio::test]
            async fn $name() {
                let directory = tempfile::tempdir().expect("a temporary directory can be made");
                let database = Database::open_sqlite(&directory.path().join("portico.db")).await.expect("it opens");
                behaviour::$name(Arc::new(DatabaseDirectory::new(database))).await;
            })+
        };
    }

    behaviour::all!(on_sqlite);
}

/// One cluster for all of it, and a database for each.
#[tokio::test]
async fn on_postgres() {
    let postgres = Postgres::start().await;
    macro_rules! on_postgres {
        ($($name:ident),+ $(,)?) => {
            $(
                println!("{}", stringify!($name));
                let database = postgres.database(stringify!($name)).await;
                behaviour::$name(Arc::new(DatabaseDirectory::new(database))).await;
            )+
        };
    }
    behaviour::all!(on_postgres);
}

#[tokio::test]
async fn tables_are_made_once_however_many_instances_start() {
    let postgres = Postgres::start().await;
    postgres.database("several").await;
    let url = postgres.url("several");
    let starts = (0..6).map(|_| Database::open_postgres(&url));
    assert!(futures::future::join_all(starts).await.iter().all(Result::is_ok));
}

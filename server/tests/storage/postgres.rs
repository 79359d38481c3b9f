use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use portico::storage::Database;
use sqlx::{Connection as _, PgConnection};
use tempfile::TempDir;

/// A PostgreSQL of its own, which ends with this value.
pub struct Postgres {
    port: u16,
    server: Child,
    _directory: TempDir,
}

/// How long it may take to start, on a machine that is busy with other tests.
const START: Duration = Duration::from_secs(60);

impl Postgres {
    /// Starts one through `scripts/postgres`.
    pub async fn start() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let port = free_port();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/postgres");
        let server = Command::new(script)
            .arg("run")
            .arg(port.to_string())
            .arg(directory.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("scripts/postgres runs");
        let mut postgres = Self { port, server, _directory: directory };
        postgres.wait().await;
        postgres
    }

    /// The URL of one of its databases.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// A new and empty database, opened as the portal does.
    pub async fn database(&self, name: &str) -> Database {
        let mut connection = self.connect().await.expect("it takes connections");
        // A name in a statement, not a value: it comes from this test, and PostgreSQL allows 63 bytes.
        let statement = format!("CREATE DATABASE \"{name:.60}\"");
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await.expect("it can be made");
        Database::open_postgres(&self.url(&format!("{name:.60}"))).await.expect("it opens")
    }

    async fn wait(&mut self) {
        let begun = Instant::now();
        while self.connect().await.is_err() {
            let over = self.server.try_wait().expect("its state can be asked");
            assert!(
                over.is_none(),
                "PostgreSQL ended at once: {over:?}. Is it installed (scripts/setup test)?"
            );
            assert!(begun.elapsed() < START, "PostgreSQL does not answer");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn connect(&self) -> sqlx::Result<PgConnection> {
        PgConnection::connect(&self.url("postgres")).await
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // SIGINT is PostgreSQL's fast shutdown; SIGKILL would leave shared memory behind.
        let _ = Command::new("kill").args(["-INT", &self.server.id().to_string()]).status();
        let _ = self.server.wait();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("a bound socket has an address").port()
}

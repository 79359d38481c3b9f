use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use portico::storage::RedisSessionStore;
use tempfile::TempDir;

/// A Redis of its own, which ends with this value.
pub struct Redis {
    port: u16,
    server: Child,
    _directory: TempDir,
}

/// How long it may take to start, on a machine that is busy with other tests.
const START: Duration = Duration::from_secs(30);

impl Redis {
    /// Starts one through `scripts/redis`.
    pub async fn start() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        drop(listener);
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/redis");
        let server = Command::new(script)
            .arg("run")
            .arg(port.to_string())
            .arg(directory.path())
            .stdout(Stdio::null())
            .spawn()
            .expect("scripts/redis runs");
        let mut redis = Self { port, server, _directory: directory };
        redis.wait().await;
        redis
    }

    /// A store over one of its numbered databases; messages are heard across all of them.
    pub async fn store(&self, database: u8) -> RedisSessionStore {
        let url = format!("redis://127.0.0.1:{}/{database}", self.port);
        RedisSessionStore::connect(&url).await.expect("Redis answers")
    }

    /// Runs a command of its own client.
    pub fn command(&self, words: &[&str]) {
        let port = self.port.to_string();
        let done = Command::new("redis-cli").args(["-p", &port]).args(words).stdout(Stdio::null()).status();
        assert!(done.expect("redis-cli runs").success(), "{words:?}");
    }

    /// Every key and value, as its own client shows them.
    pub fn dump(&self) -> String {
        let port = self.port.to_string();
        let run = |words: &[&str]| {
            let output =
                Command::new("redis-cli").args(["-p", &port]).args(words).output().expect("redis-cli runs");
            String::from_utf8_lossy(&output.stdout).into_owned()
        };
        let keys = run(&["KEYS", "*"]);
        keys.lines().map(|key| format!("{key} {}\n", run(&["GET", key]))).collect()
    }

    async fn wait(&mut self) {
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let over = self.server.try_wait().expect("its state can be asked");
            assert!(over.is_none(), "Redis ended at once: {over:?}. Is it installed (scripts/setup test)?");
            assert!(begun.elapsed() < START, "Redis does not answer");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

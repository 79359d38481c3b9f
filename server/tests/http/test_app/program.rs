use std::fs::OpenOptions;
use std::path::Path;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use http::StatusCode;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};

use super::write_site;

/// The built program in a directory of its own, with the embedded parts: a process that can be told to end, and whose
/// memory can be measured apart from the test's. What it logs is in `portico.log` there.
pub struct Program {
    pub child: Child,
    pub origin: String,
    pub addr: String,
    directory: TempDir,
    admin: String,
}

impl Program {
    /// Starts it with these variables, in a directory that `prepare` has written to, and waits until it is ready.
    pub async fn start(environment: &[(&str, &str)], prepare: impl FnOnce(&Path)) -> Self {
        let program = Self::start_unready(environment, prepare).await;
        program.becomes("ready", async || program.readiness().await == Some(StatusCode::OK)).await;
        program
    }

    /// The same where something that it needs is away: waits until it answers at all.
    pub async fn start_unready(environment: &[(&str, &str)], prepare: impl FnOnce(&Path)) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        write_site(&directory.path().join("site"));
        prepare(directory.path());
        let (addr, admin) = (free_addr().await, free_addr().await);
        let child = run(directory.path(), &addr, &admin, environment);
        let program = Self { child, origin: format!("http://{addr}"), addr, directory, admin };
        program.becomes("there", async || program.readiness().await.is_some()).await;
        program
    }

    /// Ends it without a word to it (SIGKILL) and starts it anew where it was: same directory, same address.
    pub async fn kill_and_restart(&mut self, environment: &[(&str, &str)]) {
        self.kill().await;
        self.start_again(environment);
        self.becomes("ready again", async || self.readiness().await == Some(StatusCode::OK)).await;
    }

    /// Ends it without a word to it (SIGKILL).
    pub async fn kill(&mut self) {
        self.child.kill().await.expect("it runs");
    }

    /// Starts it anew where it was: same directory, same address. Does not wait for it.
    pub fn start_again(&mut self, environment: &[(&str, &str)]) {
        self.child = run(self.directory.path(), &self.addr, &self.admin, environment);
    }

    async fn becomes(&self, what: &str, condition: impl AsyncFn() -> bool) {
        let begun = Instant::now();
        while !condition().await {
            assert!(begun.elapsed() < Duration::from_secs(30), "it becomes {what}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Where it runs.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// What `/readyz` says to a new connection; none where there is no connection.
    pub async fn readiness(&self) -> Option<StatusCode> {
        let mut socket = TcpStream::connect(&self.addr).await.ok()?;
        let request = format!("GET /readyz HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.addr);
        socket.write_all(request.as_bytes()).await.ok()?;
        let mut received = String::new();
        socket.read_to_string(&mut received).await.ok()?;
        received.split(' ').nth(1)?.parse().ok()
    }

    /// Sends it SIGTERM.
    pub async fn terminate(&self) {
        let id = self.child.id().expect("it runs").to_string();
        let status = Command::new("kill").args(["-TERM", &id]).status().await;
        assert!(status.expect("kill exists").success());
    }

    /// The most memory it has had resident since `forget_peak`, in KiB.
    pub fn peak_kib(&self) -> u64 {
        let status = std::fs::read_to_string(self.proc("status")).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux tells the peak");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    /// Measures the peak from now on (proc(5), `clear_refs`).
    pub fn forget_peak(&self) {
        std::fs::write(self.proc("clear_refs"), "5").expect("it is our own process");
    }

    fn proc(&self, file: &str) -> String {
        format!("/proc/{}/{file}", self.child.id().expect("it runs"))
    }
}

fn run(directory: &Path, addr: &str, admin: &str, environment: &[(&str, &str)]) -> Child {
    let log = || OpenOptions::new().create(true).append(true).open(directory.join("portico.log"));
    Command::new(env!("CARGO_BIN_EXE_portico"))
        .current_dir(directory)
        .env("PORTICO_ADDR", addr)
        .env("PORTICO_ADMIN_ADDR", admin)
        .env("PORTICO_SITE_DIR", "site")
        .envs(environment.iter().copied())
        .stdout(log().expect("the log can be written"))
        .stderr(log().expect("the log can be written"))
        .kill_on_drop(true)
        .spawn()
        .expect("the program is built")
}

/// Below the ports that the system hands out to connections, so that nobody takes it while the program is down.
async fn free_addr() -> String {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let own = u16::try_from(std::process::id() % 500).unwrap_or_default() * 16;
    loop {
        let port = 10_000 + (own + NEXT.fetch_add(1, Ordering::Relaxed)) % 10_000;
        let addr = format!("127.0.0.1:{port}");
        if TcpListener::bind(&addr).await.is_ok() {
            return addr;
        }
    }
}

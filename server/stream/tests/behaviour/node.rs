//! Apache Kafka nodes that live as long as the tests.

use std::{
    io::Write as _,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU16, Ordering},
    },
    time::{Duration, Instant},
};

/// How long a node may take for anything, on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(180);

/// A node of one test's own, or the one that tests share. `scripts/kafka keep` keeps it: when its input closes, however the
/// test process ended, node and data are gone.
pub(crate) struct Node {
    pub(crate) port: u16,
    directory: PathBuf,
    keeper: Child,
}

/// The port of the shared node, which starts with the first test that needs it.
pub(crate) fn shared_port() -> u16 {
    static NODE: OnceLock<Node> = OnceLock::new();
    NODE.get_or_init(Node::start).port
}

impl Node {
    /// Starts a node and waits until it listens.
    pub(crate) fn start() -> Self {
        let node = Self::begin(free_ports(), |_| {});
        node.wait();
        node
    }

    /// Starts a node behind TLS and SCRAM, with a certificate that nobody but its own file vouches for.
    pub(crate) fn start_secure() -> Self {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
        let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
        let node = Self::begin(free_ports(), |directory| {
            let write = |name: &str, text: &str| std::fs::write(directory.join(name), text).expect("written");
            write("authority.pem", &certificate);
            write("broker.pem", &format!("{key}{certificate}"));
        });
        node.wait();
        node
    }

    /// Starts a node on `port` and the next one, in a directory that `prepare` has written to, and does not wait for it.
    pub(crate) fn begin(port: u16, prepare: impl FnOnce(&Path)) -> Self {
        let directory = std::env::temp_dir().join(format!("kafka-for-tests-{}-{port}", std::process::id()));
        std::fs::create_dir_all(&directory).expect("a directory");
        prepare(&directory);
        let keeper = Command::new(root().join("scripts/kafka"))
            .arg("keep")
            .arg(port.to_string())
            .arg(&directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("scripts/kafka runs");
        let mut node = Self { port, directory, keeper };
        node.start_again();
        node
    }

    /// What vouches for a secure node.
    pub(crate) fn authority_file(&self) -> PathBuf {
        self.directory.join("authority.pem")
    }

    /// Where it keeps its data, unless it has a disk of its own.
    pub(crate) fn data(&self) -> PathBuf {
        self.directory.join("data")
    }

    /// Kills the node without a word, as a power cut would, and starts it again on what it left.
    pub(crate) fn kill_and_restart(&mut self, down: Duration) {
        self.kill();
        std::thread::sleep(down);
        self.start_again();
        self.wait();
    }

    /// Kills the node without a word, as a power cut would.
    pub(crate) fn kill(&self) {
        self.signal("-KILL");
        self.gone();
    }

    /// Tells the node to end, and waits until it has.
    pub(crate) fn terminate(&self) {
        self.signal("-TERM");
        self.gone();
    }

    /// Starts a node that has ended, on what it left; does not wait for it.
    pub(crate) fn start_again(&mut self) {
        // The keeper writes the new one; until then there is none to be mistaken for it.
        let _ = std::fs::remove_file(self.pid_file());
        self.tell("start");
    }

    /// Stops the node's time for a while.
    pub(crate) fn stall(&self, time: Duration) {
        self.stop();
        std::thread::sleep(time);
        self.go_on();
    }

    /// Stops the node's time.
    pub(crate) fn stop(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on.
    pub(crate) fn go_on(&self) {
        self.signal("-CONT");
    }

    /// Leaves no byte of the node's disk free. Where no file system can be mounted, the node's files may not grow instead.
    pub(crate) fn fill_disk(&mut self) {
        self.tell("fill");
    }

    /// Frees the disk again.
    pub(crate) fn free_disk(&mut self) {
        self.tell("empty");
    }

    /// Whether it runs.
    pub(crate) fn is_running(&self) -> bool {
        self.pid().is_some_and(|pid| Path::new(&format!("/proc/{pid}")).exists())
    }

    /// A file of the node's, which lies where only its keeper may see it.
    pub(crate) fn file(&self, name: &str) -> Option<String> {
        let seen = Path::new("/proc").join(self.keeper.id().to_string()).join("root");
        let inside = seen.join(self.directory.join(name).strip_prefix("/").ok()?);
        std::fs::read_to_string(inside).ok()
    }

    /// Waits until it listens.
    pub(crate) fn wait(&self) {
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let ended = self.pid().is_some() && !self.is_running();
            assert!(!ended && Instant::now() < deadline, "Kafka does not start: {}", self.log());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// The end of what it said.
    fn log(&self) -> String {
        let log = self.file("log").unwrap_or_default();
        let lines: Vec<_> = log.lines().rev().take(20).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }

    /// Waits until the process is no more.
    fn gone(&self) {
        let deadline = Instant::now() + PATIENCE;
        while self.is_running() {
            assert!(Instant::now() < deadline, "Kafka does not end: {}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn signal(&self, signal: &str) {
        let deadline = Instant::now() + PATIENCE;
        let pid = loop {
            if let Some(pid) = self.pid() {
                break pid;
            }
            assert!(Instant::now() < deadline, "the node was never started");
            std::thread::sleep(Duration::from_millis(20));
        };
        let sent = Command::new("kill").args([signal, &pid]).status().expect("kill runs");
        assert!(sent.success(), "the node is there: {}", self.log());
    }

    fn pid(&self) -> Option<String> {
        let pid = std::fs::read_to_string(self.pid_file()).ok()?;
        Some(pid.trim().to_owned())
    }

    fn pid_file(&self) -> PathBuf {
        self.directory.join("pid")
    }

    fn tell(&mut self, word: &str) {
        let keeper = self.keeper.stdin.as_mut().expect("it is piped");
        writeln!(keeper, "{word}").expect("the keeper lives");
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// The checkout: the tests of several crates start nodes.
fn root() -> &'static Path {
    let mut above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    above
        .find(|directory| directory.join("scripts/kafka").exists())
        .expect("scripts/kafka is in the checkout")
}

/// Two neighbouring free ports: the node's and its controller's. The first is returned. They lie below those that the
/// system hands out to connections, so that nobody takes them while a node is down.
pub(crate) fn free_ports() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let own = u16::try_from(std::process::id() % 500).unwrap_or_default() * 20;
    loop {
        let port = 20_000 + (own + NEXT.fetch_add(2, Ordering::Relaxed)) % 10_000;
        let free = |port| TcpListener::bind(("127.0.0.1", port)).is_ok();
        if free(port) && free(port + 1) {
            return port;
        }
    }
}

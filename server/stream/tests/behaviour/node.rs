//! Apache Kafka nodes that live as long as the tests.

use std::{
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
    time::{Duration, Instant},
};

/// Its input is a pipe from the test process: when that closes, however the process ended, the node is stopped.
const RUN_WHILE_INPUT_IS_OPEN: &str = r#"
    "$1/scripts/kafka" run "$2" "$3" &
    node=$!
    echo "$node" >"$3/pid"
    cat >/dev/null
    kill "$node" 2>/dev/null
    wait "$node"
    [ -e "$3/restarting" ] || rm -rf "$3"
"#;

/// A node of one test's own, or the one that tests share.
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
        Self::start_with(|_| {})
    }

    /// Starts a node behind TLS and SCRAM, with a certificate that nobody but its own file vouches for.
    pub(crate) fn start_secure() -> Self {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
        let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
        Self::start_with(|directory| {
            let write = |name: &str, text: &str| std::fs::write(directory.join(name), text).expect("written");
            write("authority.pem", &certificate);
            write("broker.pem", &format!("{key}{certificate}"));
        })
    }

    fn start_with(prepare: impl FnOnce(&Path)) -> Self {
        let port = free_ports();
        let directory = std::env::temp_dir().join(format!("kafka-for-tests-{}-{port}", std::process::id()));
        std::fs::create_dir_all(&directory).expect("a directory");
        prepare(&directory);
        let mut node = Self { port, keeper: keep(port, &directory), directory };
        node.wait();
        node
    }

    /// What vouches for a secure node.
    pub(crate) fn authority_file(&self) -> PathBuf {
        self.directory.join("authority.pem")
    }

    /// Kills the node without a word, as a power cut would, and starts it again on what it left.
    pub(crate) fn kill_and_restart(&mut self, down: Duration) {
        let restarting = self.directory.join("restarting");
        std::fs::write(&restarting, "").expect("the directory is there");
        self.signal("-KILL");
        self.end();
        std::thread::sleep(down);
        std::fs::remove_file(&restarting).expect("the file is there");
        self.keeper = keep(self.port, &self.directory);
        self.wait();
    }

    /// Stops the node's time for a while.
    pub(crate) fn stall(&self, time: Duration) {
        self.signal("-STOP");
        std::thread::sleep(time);
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let pid = std::fs::read_to_string(self.directory.join("pid")).expect("the node's pid");
        let sent = Command::new("kill").args([signal, pid.trim()]).status().expect("kill runs");
        assert!(sent.success(), "the node is there");
    }

    fn end(&mut self) {
        drop(self.keeper.stdin.take());
        self.keeper.wait().expect("the keeper ends");
    }

    fn wait(&mut self) {
        let deadline = Instant::now() + Duration::from_secs(180);
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(self.keeper.try_wait().expect("a child").is_none(), "scripts/kafka ended early");
            assert!(Instant::now() < deadline, "Kafka did not start");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.end();
    }
}

fn keep(port: u16, directory: &Path) -> Child {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    Command::new("bash")
        .args(["-c", RUN_WHILE_INPUT_IS_OPEN, "kafka-for-tests"])
        .arg(root)
        .arg(port.to_string())
        .arg(directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("bash runs")
}

/// Two neighbouring free ports: the node's and its controller's. The first is returned.
fn free_ports() -> u16 {
    loop {
        let first = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = first.local_addr().expect("bound").port();
        if port < u16::MAX && TcpListener::bind(("127.0.0.1", port + 1)).is_ok() {
            return port;
        }
    }
}

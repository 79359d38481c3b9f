//! Brokers that go wrong in ways that only what lies between them and the portal can bring about.

use portico_stream::{EventLog as _, KafkaConfig, KafkaLog};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Fetch, the first two bytes of such a request (Kafka protocol, request header).
const FETCH: [u8; 2] = 1_i16.to_be_bytes();

/// Two brokers. The portal reaches each through a relay, and that of the second can keep what is to be fetched from it.
pub struct Brokers {
    /// Its handle may not leave the test's thread.
    pub cluster: MockCluster<'static, DefaultProducerContext>,
    /// Where the relays are.
    pub addrs: Vec<String>,
    fetches: watch::Sender<bool>,
}

impl Brokers {
    /// With a topic, all of whose partitions the first one leads.
    pub async fn start(topic: &str, partitions: i32) -> Self {
        let cluster = MockCluster::new(2).expect("brokers in this process");
        cluster.create_topic(topic, partitions, 1).expect("the topic is made");
        for partition in 0..partitions {
            cluster.partition_leader(topic, partition, Some(1)).expect("it is there");
        }
        let (fetches, pass) = watch::channel(true);
        let (mut relays, mut addresses) = (Vec::new(), Vec::new());
        for addr in cluster.bootstrap_servers().split(',') {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            let relay = listener.local_addr().expect("a bound socket has an address");
            addresses.push((in_protocol(addr), in_protocol(&relay.to_string())));
            relays.push((listener, addr.to_owned(), relay.to_string()));
        }
        let mut addrs = Vec::new();
        for (listener, broker, addr) in relays {
            // All pass at the first one.
            let pass = if addrs.is_empty() { watch::Sender::new(true).subscribe() } else { pass.clone() };
            tokio::spawn(relay(listener, broker, addresses.clone(), pass));
            addrs.push(addr);
        }
        Self { cluster, addrs, fetches }
    }

    /// Has the second broker lead a partition from now on, and whoever fetches from it wait for an answer.
    pub fn hold(&self, topic: &str, partition: i32) {
        self.fetches.send_replace(false);
        self.cluster.partition_leader(topic, partition, Some(2)).expect("it is there");
    }

    /// Lets the second broker have what was to be fetched from it.
    pub fn let_go(&self) {
        self.fetches.send_replace(true);
    }

    /// How many records each partition has had.
    pub async fn ends(&self, topic: &str) -> Vec<i64> {
        let log = KafkaLog::new(KafkaConfig::new(self.addrs.join(","))).expect("a client");
        let states = log.partitions(&[topic.into()]).await.expect("the brokers answer");
        states.iter().map(|state| state.high).collect()
    }
}

/// How answers name a broker: its host, and its port as four bytes.
fn in_protocol(addr: &str) -> Vec<u8> {
    let (host, port) = addr.rsplit_once(':').expect("host and port");
    let port: i32 = port.parse().expect("a port");
    [host.as_bytes(), &port.to_be_bytes()].concat()
}

async fn relay(
    listener: TcpListener,
    broker: String,
    addresses: Vec<(Vec<u8>, Vec<u8>)>,
    pass: watch::Receiver<bool>,
) {
    while let Ok((client, _)) = listener.accept().await {
        let (broker, addresses, mut pass) = (broker.clone(), addresses.clone(), pass.clone());
        tokio::spawn(async move {
            let Ok(broker) = TcpStream::connect(broker).await else { return };
            let ((mut from_client, mut to_client), (mut from_broker, mut to_broker)) =
                (client.into_split(), broker.into_split());
            let asks = async {
                while let Some(request) = message(&mut from_client).await {
                    if request.starts_with(&FETCH) && pass.wait_for(|pass| *pass).await.is_err() {
                        return;
                    }
                    if send(&mut to_broker, &request).await.is_none() {
                        return;
                    }
                }
            };
            let answers = async {
                while let Some(mut answer) = message(&mut from_broker).await {
                    for (theirs, ours) in &addresses {
                        replace(&mut answer, theirs, ours);
                    }
                    if send(&mut to_client, &answer).await.is_none() {
                        return;
                    }
                }
            };
            tokio::select! {
                () = asks => {}
                () = answers => {}
            }
        });
    }
}

/// The next message without its length; none at the end.
async fn message(from: &mut (impl tokio::io::AsyncRead + Unpin)) -> Option<Vec<u8>> {
    let length = from.read_u32().await.ok()?;
    let mut message = vec![0; usize::try_from(length).ok()?];
    from.read_exact(&mut message).await.ok()?;
    Some(message)
}

async fn send(to: &mut (impl tokio::io::AsyncWrite + Unpin), message: &[u8]) -> Option<()> {
    let length = u32::try_from(message.len()).ok()?;
    to.write_all(&[&length.to_be_bytes(), message].concat()).await.ok()
}

/// Both have the same length.
fn replace(text: &mut [u8], this: &[u8], that: &[u8]) {
    let places: Vec<_> =
        text.windows(this.len()).enumerate().filter(|(_, here)| *here == this).map(|(at, _)| at).collect();
    for at in places {
        text[at..at + that.len()].copy_from_slice(that);
    }
}

//! An upstream that speaks HTTP/2 and writes down what it gets.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use h2::server::{Builder, SendResponse};
use h2::{Reason, RecvStream, SendStream};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use tokio::io::{AsyncRead, AsyncWrite, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::{AbortHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::server::TlsStream;

/// What an upstream does with a request.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// An answer: fields, body, trailers.
    Answer(Vec<(&'static str, String)>, Bytes, Vec<(&'static str, &'static str)>),
    /// This status and no body.
    Status(u16),
    /// `200` with this body, after a pause.
    After(Duration, Bytes),
    /// A head at once, and these pieces with pauses between them.
    Drip(Vec<(&'static str, String)>, Vec<Bytes>, Duration),
    /// A head and half of what it announces, then a reset.
    Half,
    /// A reset before any answer.
    Reset(Reason),
    /// No answer.
    Hang,
}

/// `200` with this body.
pub(crate) fn saying(body: impl Into<Bytes>) -> Act {
    Act::Answer(Vec::new(), body.into(), Vec::new())
}

/// What arrived.
#[derive(Clone, Debug)]
pub(crate) struct Arrived {
    pub(super) head: Arc<Request<()>>,
    pub(crate) body: Bytes,
    pub(crate) trailers: HeaderMap,
    /// Which connection brought it, counted from 0.
    pub(super) connection: usize,
}

impl Arrived {
    pub(crate) fn field(&self, name: &str) -> &str {
        self.head.headers().get(name).map_or("", |value| value.to_str().expect("ASCII"))
    }

    pub(super) fn path(&self) -> &str {
        self.head.uri().path()
    }
}

/// What an upstream saw.
#[derive(Default)]
struct Record {
    arrived: Mutex<Vec<Arrived>>,
    connections: AtomicUsize,
    under_way: AtomicUsize,
    most_under_way: AtomicUsize,
    reset: Mutex<Vec<Reason>>,
    /// Bytes of bodies that were read.
    read: AtomicUsize,
    /// Whether bodies are left unread.
    stalls: AtomicBool,
    ends: Notify,
}

/// How it is served.
#[derive(Default)]
pub(crate) struct Terms {
    /// SETTINGS_MAX_CONCURRENT_STREAMS.
    pub(super) streams: Option<u32>,
    pub(super) tls: Option<ServerConfig>,
    /// Where TLS connections go that chose HTTP/1.1, without TLS.
    pub(super) http1: Option<SocketAddr>,
}

pub(crate) struct Http2Upstream {
    pub(crate) address: SocketAddr,
    record: Arc<Record>,
    serving: AbortHandle,
}

type Acts = Arc<dyn Fn(&Arrived) -> Act + Send + Sync>;

impl Http2Upstream {
    pub(crate) async fn start(terms: Terms, acts: impl Fn(&Arrived) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let record = Arc::<Record>::default();
        let serving = serve(listener, terms, Arc::new(acts), Arc::clone(&record));
        Self { address, record, serving }
    }

    /// Everything that arrived whole so far.
    pub(super) fn arrived(&self) -> Vec<Arrived> {
        self.record.arrived.lock().expect("no panic while recording").clone()
    }

    pub(crate) fn only(&self) -> Arrived {
        let arrived = self.arrived();
        assert_eq!(arrived.len(), 1, "one request: {arrived:?}");
        arrived[0].clone()
    }

    pub(super) fn connections(&self) -> usize {
        self.record.connections.load(Ordering::SeqCst)
    }

    /// Streams under way.
    pub(super) fn under_way(&self) -> usize {
        self.record.under_way.load(Ordering::SeqCst)
    }

    /// The most that were under way at once.
    pub(super) fn most_under_way(&self) -> usize {
        self.record.most_under_way.load(Ordering::SeqCst)
    }

    /// Why streams were reset by the portal.
    pub(super) fn resets(&self) -> Vec<Reason> {
        self.record.reset.lock().expect("no panic").clone()
    }

    pub(super) fn read(&self) -> usize {
        self.record.read.load(Ordering::SeqCst)
    }

    /// Lets bodies lie, or reads them on.
    pub(super) fn stall(&self, stalls: bool) {
        self.record.stalls.store(stalls, Ordering::SeqCst);
    }

    /// Says GOAWAY on every connection; what is under way is answered (RFC 9113, section 6.8).
    pub(super) fn go_away(&self) {
        self.record.ends.notify_waiters();
    }

    /// Ends at once, with every connection that is open.
    pub(super) fn kill(&self) {
        self.serving.abort();
    }
}

fn serve(listener: TcpListener, terms: Terms, acts: Acts, record: Arc<Record>) -> AbortHandle {
    let tls = terms.tls.map(|tls| TlsAcceptor::from(Arc::new(tls)));
    let (streams, http1) = (terms.streams, terms.http1);
    let accepting = async move {
        let mut connections = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            let number = record.connections.fetch_add(1, Ordering::SeqCst);
            let (acts, record, tls) = (Arc::clone(&acts), Arc::clone(&record), tls.clone());
            connections.spawn(async move {
                match tls {
                    Some(tls) => match (tls.accept(stream).await, http1) {
                        (Ok(stream), Some(http1)) if !chose_http2(&stream) => hand_on(stream, http1).await,
                        (Ok(stream), _) => connection(stream, number, streams, acts, record).await,
                        (Err(_), _) => Ok(()),
                    },
                    None => connection(stream, number, streams, acts, record).await,
                }
            });
        }
    };
    tokio::spawn(accepting).abort_handle()
}

fn chose_http2(stream: &TlsStream<TcpStream>) -> bool {
    stream.get_ref().1.alpn_protocol() == Some(b"h2")
}

async fn hand_on(mut stream: TlsStream<TcpStream>, address: SocketAddr) -> Result<(), h2::Error> {
    let mut there = TcpStream::connect(address).await.expect("it listens");
    // Whichever side ends it.
    drop(copy_bidirectional(&mut stream, &mut there).await);
    Ok(())
}

async fn connection(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    number: usize,
    limit: Option<u32>,
    acts: Acts,
    record: Arc<Record>,
) -> Result<(), h2::Error> {
    let mut builder = Builder::new();
    if let Some(limit) = limit {
        builder.max_concurrent_streams(limit);
    }
    let mut connection = builder.handshake::<_, Bytes>(stream).await?;
    let mut streams = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = connection.accept() => accepted,
            () = record.ends.notified() => {
                connection.graceful_shutdown();
                continue;
            }
        };
        let Some(accepted) = accepted else { return Ok(()) };
        let (request, respond) = accepted?;
        let (acts, record) = (Arc::clone(&acts), Arc::clone(&record));
        streams.spawn(async move {
            let now = record.under_way.fetch_add(1, Ordering::SeqCst) + 1;
            record.most_under_way.fetch_max(now, Ordering::SeqCst);
            if let Err(error) = answer(request, respond, number, acts, &record).await
                && let Some(reason) = error.reason()
            {
                record.reset.lock().expect("no panic").push(reason);
            }
            record.under_way.fetch_sub(1, Ordering::SeqCst);
        });
    }
}

async fn answer(
    request: Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
    connection: usize,
    acts: Acts,
    record: &Record,
) -> Result<(), h2::Error> {
    let (head, mut body) = request.into_parts();
    let head = Arc::new(Request::from_parts(head, ()));
    let early = Arrived { head, body: Bytes::new(), trailers: HeaderMap::new(), connection };
    if early.path().ends_with("/enough") {
        // It answers before its body is read, which then is not wanted (RFC 9113, section 8.1).
        record.arrived.lock().expect("no panic while recording").push(early);
        let mut sending = respond.send_response(Response::new(()), false)?;
        sending.send_data(Bytes::from_static(b"enough"), true)?;
        // Not before that has left: a reset takes back what has not.
        tokio::time::sleep(Duration::from_millis(20)).await;
        sending.send_reset(Reason::NO_ERROR);
        return Ok(());
    }
    let mut whole = Vec::new();
    while let Some(bytes) = body.data().await {
        let bytes = bytes?;
        record.read.fetch_add(bytes.len(), Ordering::SeqCst);
        while record.stalls.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        body.flow_control().release_capacity(bytes.len())?;
        whole.extend_from_slice(&bytes);
    }
    let trailers = body.trailers().await?.unwrap_or_default();
    let arrived = Arrived { body: whole.into(), trailers, ..early };
    let act = acts(&arrived);
    record.arrived.lock().expect("no panic while recording").push(arrived);
    match act {
        Act::Answer(fields, body, trailers) => {
            let is_all = body.is_empty() && trailers.is_empty();
            let mut sending = respond.send_response(head_of(&fields), is_all)?;
            if !is_all {
                send(&mut sending, body, trailers.is_empty()).await?;
            }
            if !trailers.is_empty() {
                let fields = trailers
                    .iter()
                    .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
                sending.send_trailers(fields.collect())?;
            }
        }
        Act::Status(status) => {
            let head = Response::builder().status(status).body(()).expect("a head");
            respond.send_response(head, true)?;
        }
        Act::After(pause, body) => {
            let pause = tokio::time::sleep(pause);
            tokio::select! {
                () = pause => {}
                reason = std::future::poll_fn(|cx| respond.poll_reset(cx)) => return Err(reason?.into()),
            }
            send(&mut respond.send_response(Response::new(()), false)?, body, true).await?;
        }
        Act::Drip(fields, pieces, pause) => {
            let mut sending = respond.send_response(head_of(&fields), false)?;
            for piece in pieces {
                send(&mut sending, piece, false).await?;
                tokio::time::sleep(pause).await;
            }
            sending.send_data(Bytes::new(), true)?;
        }
        Act::Half => {
            let head = Response::builder().header("content-length", 100).body(()).expect("a head");
            let mut sending = respond.send_response(head, false)?;
            send(&mut sending, Bytes::from_static(b"begin"), false).await?;
            tokio::time::sleep(Duration::from_millis(20)).await;
            sending.send_reset(Reason::CANCEL);
        }
        Act::Reset(reason) => respond.send_reset(reason),
        Act::Hang => {
            let reason = std::future::poll_fn(|cx| respond.poll_reset(cx)).await?;
            return Err(reason.into());
        }
    }
    Ok(())
}

fn head_of(fields: &[(&'static str, String)]) -> Response<()> {
    let builder = fields.iter().fold(Response::builder(), |head, (name, value)| head.header(*name, value));
    builder.body(()).expect("a head")
}

/// Sends what the portal takes, as it takes it.
async fn send(stream: &mut SendStream<Bytes>, mut bytes: Bytes, is_last: bool) -> Result<(), h2::Error> {
    while !bytes.is_empty() {
        stream.reserve_capacity(bytes.len());
        let room = loop {
            match std::future::poll_fn(|cx| stream.poll_capacity(cx)).await {
                Some(Ok(0)) => {}
                Some(room) => break room?,
                None => return Err(Reason::STREAM_CLOSED.into()),
            }
        };
        let piece = bytes.split_to(room.min(bytes.len()));
        let is_last = is_last && bytes.is_empty();
        stream.send_data(piece, is_last)?;
        if is_last {
            return Ok(());
        }
    }
    if is_last { stream.send_data(Bytes::new(), true) } else { Ok(()) }
}

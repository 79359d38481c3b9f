use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::task::Poll;
use std::time::{Duration, Instant};

use bytes::Bytes;
use h2::client::{Builder, Connection, SendRequest};
use tokio::time::timeout;

use super::Http2Pool;
use super::keep_alive::{KeepAlive, keep_alive};
use crate::upstream::Stream;

/// Calls on one connection, however many more the upstream would take: what they lose with it is bounded, and so is what
/// they may buffer.
const MAX_STREAMS: usize = 100;
/// Bytes of one answer that may wait for their reader. A megabyte takes four of these, each granted while the one before
/// is read.
const STREAM_WINDOW: u32 = 256 * 1024;
/// As many for all streams together, so that readers who stand still never stop another's answer.
const CONNECTION_WINDOW: u32 = MAX_STREAMS as u32 * STREAM_WINDOW;
/// An upstream's response head, or trailers, in bytes: more is an attack or a mistake.
const MAX_HEADER_LIST: u32 = 64 * 1024;
/// Bytes of one request body that are taken from the caller before the upstream grants room for them.
const SEND_BUFFER: usize = 256 * 1024;

/// One HTTP/2 connection to an upstream, with a task of its own that ends with it.
pub(crate) struct Http2Connection {
    pub(super) sender: SendRequest<Bytes>,
    opened: Instant,
    /// Calls on it.
    calls: AtomicUsize,
    /// How many calls it has had.
    begun: AtomicUsize,
    /// How many calls it takes at once.
    limit: AtomicUsize,
    /// Whether it takes calls.
    is_open: AtomicBool,
    /// Whether its end has been told as a failure.
    is_told: AtomicBool,
    /// Where others find it, if they do.
    pool: Weak<Http2Pool>,
}

/// One call's place on a connection; given back when it is dropped.
pub(crate) struct Slot(pub(super) Arc<Http2Connection>);

impl Http2Connection {
    /// Begins HTTP/2 and waits, within `limit`, until the upstream has said what it takes: its SETTINGS are the first it
    /// sends (RFC 9113, section 3.4). What is no HTTP/2 is so found out before a call is sent.
    pub(crate) async fn open(
        stream: Stream,
        limit: Duration,
        kept: KeepAlive,
        pool: Weak<Http2Pool>,
    ) -> io::Result<Arc<Self>> {
        let handshake = Builder::new()
            .enable_push(false)
            .initial_max_send_streams(0)
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_header_list_size(MAX_HEADER_LIST)
            .max_send_buffer_size(SEND_BUFFER)
            .handshake(stream);
        let opening = async {
            let (sender, mut connection) = handshake.await.map_err(io::Error::other)?;
            settled(&sender, &mut connection).await?;
            Ok::<_, io::Error>((sender, connection))
        };
        let (sender, mut connection) = timeout(limit, opening).await??;
        let pings = connection.ping_pong().expect("nobody else asked for it");
        let this = Arc::new(Self {
            limit: AtomicUsize::new(takes(&sender)),
            sender,
            opened: Instant::now(),
            calls: AtomicUsize::new(0),
            begun: AtomicUsize::new(0),
            is_open: AtomicBool::new(true),
            is_told: AtomicBool::new(false),
            pool,
        });
        let of = Arc::downgrade(&this);
        drop(tokio::spawn(async move {
            let ends = of.clone();
            tokio::select! {
                // What went wrong reaches the calls through their streams.
                _ = connection => {}
                // Dropped, it ends its streams.
                () = keep_alive(kept, pings, of) => {}
            }
            if let Some(this) = ends.upgrade() {
                this.close();
            }
        }));
        Ok(this)
    }

    /// A place for a call, if there is one.
    pub(crate) fn enter(self: &Arc<Self>) -> Option<Slot> {
        if !self.is_open() {
            return None;
        }
        let limit = self.limit.load(Ordering::Relaxed);
        let more = |calls| (calls < limit).then_some(calls + 1);
        self.calls.try_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        self.begun.fetch_add(1, Ordering::Relaxed);
        Some(Slot(Arc::clone(self)))
    }

    /// Whether it takes calls.
    pub(crate) fn is_open(&self) -> bool {
        self.is_open.load(Ordering::Relaxed)
    }

    /// Lets no further call on it; those that are there go on.
    pub(super) fn close(&self) {
        self.is_open.store(false, Ordering::Relaxed);
        if let Some(pool) = self.pool.upgrade() {
            pool.forget(self);
        }
    }

    /// Whether its end is news.
    pub(super) fn tell(&self) -> bool {
        !self.is_told.swap(true, Ordering::Relaxed)
    }

    pub(super) fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }

    pub(super) fn begun(&self) -> usize {
        self.begun.load(Ordering::Relaxed)
    }

    pub(super) fn age(&self) -> Duration {
        self.opened.elapsed()
    }

    /// Takes notice of what the upstream takes now.
    pub(super) fn renew_limit(&self) {
        self.limit.store(takes(&self.sender), Ordering::Relaxed);
    }
}

fn takes(sender: &SendRequest<Bytes>) -> usize {
    sender.current_max_send_streams().min(MAX_STREAMS)
}

/// Resolves when the upstream's SETTINGS are there; none were acted upon before, since no stream was allowed.
async fn settled(sender: &SendRequest<Bytes>, connection: &mut Connection<Stream, Bytes>) -> io::Result<()> {
    poll_fn(|cx| {
        if let Poll::Ready(ended) = Pin::new(&mut *connection).poll(cx) {
            let closed = io::Error::new(io::ErrorKind::UnexpectedEof, "it closed the connection at once");
            return Poll::Ready(Err(ended.err().map_or(closed, io::Error::other)));
        }
        match takes(sender) {
            0 => Poll::Pending,
            _ => Poll::Ready(Ok(())),
        }
    })
    .await
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.calls.fetch_sub(1, Ordering::Relaxed);
        if let Some(pool) = self.0.pool.upgrade() {
            pool.freed.notify_one();
        }
    }
}

impl fmt::Debug for Http2Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http2Connection")
            .field("calls", &self.calls())
            .field("is_open", &self.is_open())
            .finish_non_exhaustive()
    }
}

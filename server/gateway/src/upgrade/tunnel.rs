use std::fmt;
use std::future::{Future, pending};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, split};
use tokio::time::{sleep, timeout};

use super::frames::{Frames, close};
use crate::quota::{Charge, Ticket};
use crate::upstream::Outstanding;

/// What is read before it is written: one buffer for each direction is all that a slow receiver holds up here.
const BUFFER: usize = 16 * 1024;
/// How long a client may take to be told that its connection ends.
const FAREWELL: Duration = Duration::from_millis(200);

/// A connection that has left HTTP, from the client to the upstream.
pub struct Tunnel {
    client: OnUpgrade,
    upstream: Upgraded,
    /// Whether the bytes are WebSocket frames.
    framed: bool,
    /// While it lives, the connection is one of its remote's calls.
    ticket: Option<Ticket>,
    /// Where its bytes are charged.
    charge: Option<Charge>,
    /// While it lives, the connection is one of what its endpoint has under way.
    outstanding: Outstanding,
}

/// Why the portal ends a connection that both sides would go on with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TunnelEnd {
    /// The session that it was opened for is over.
    SessionOver,
    /// The session goes on but may do other things than when it was opened.
    PrivilegesChanged,
    /// Nothing came from either side for too long.
    Idle,
    /// The portal goes down.
    GoingAway,
}

/// How many bytes a connection carried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    /// From the client to the upstream.
    pub up: u64,
    /// From the upstream to the client.
    pub down: u64,
    /// Why the portal ended it; none where one of the two sides did.
    pub ended: Option<TunnelEnd>,
}

impl TunnelEnd {
    /// The WebSocket close code (RFC 6455, section 7.4) and what it says. 4000 to 4999 are an application's own.
    fn close(self) -> (u16, &'static str) {
        match self {
            Self::SessionOver => (4401, "The session is over. Sign in again."),
            Self::PrivilegesChanged => (1008, "What you may do has changed. Connect again."),
            Self::Idle => (1001, "Nothing was sent for too long."),
            Self::GoingAway => (1001, "The portal restarts. Connect again."),
        }
    }
}

impl Tunnel {
    pub(crate) fn new(client: OnUpgrade, upstream: Upgraded, framed: bool, outstanding: Outstanding) -> Self {
        Self { client, upstream, framed, ticket: None, charge: None, outstanding }
    }

    /// Counts towards its remote's quota, for as long as it lives and for all that it carries.
    pub(crate) fn count(&mut self, ticket: Ticket, charge: Option<Charge>) {
        (self.ticket, self.charge) = (Some(ticket), charge);
    }

    /// Carries bytes both ways until one side ends, `end` resolves, or nothing came for `idle`. A side that reads slowly
    /// slows the other one down. Begins once the client has its 101.
    pub async fn run(self, idle: Duration, end: impl Future<Output = TunnelEnd>) -> Carried {
        // A client that went away before its answer: the upstream's connection ends with this.
        let Ok(client) = self.client.await else { return Carried::default() };
        let (mut from_client, mut to_client) = split(TokioIo::new(client));
        let (mut from_upstream, mut to_upstream) = split(TokioIo::new(self.upstream));
        let (up, down) = (AtomicU64::new(0), AtomicU64::new(0));
        let (charge, _ticket, _outstanding) = (self.charge, self.ticket, self.outstanding);
        let charged = |bytes: &[u8]| charge.iter().for_each(|charge| charge.add(bytes.len()));
        let mut frames = Frames::default();
        let ended = {
            let upwards = carry(&mut from_client, &mut to_upstream, &up, charged);
            let downwards = carry(&mut from_upstream, &mut to_client, &down, |bytes| {
                charged(bytes);
                frames.pass(bytes);
            });
            tokio::select! {
                // Either direction that breaks ends both; one that ends is closed and lets the other finish.
                _ = async { tokio::try_join!(upwards, downwards) } => None,
                ended = end => Some(ended),
                () = silence(&up, &down, idle) => Some(TunnelEnd::Idle),
            }
        };
        if let Some(ended) = ended {
            let say = self.framed && frames.at_boundary();
            let (code, reason) = ended.close();
            let farewell = async {
                if say {
                    to_client.write_all(&close(code, reason)).await?;
                }
                to_client.shutdown().await
            };
            // Whoever does not read is not waited for.
            let _ = timeout(FAREWELL, farewell).await;
        }
        Carried { up: up.into_inner(), down: down.into_inner(), ended }
    }
}

/// Copies what comes. `written` is told every byte that the other side's socket took, and no other.
async fn carry(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    count: &AtomicU64,
    mut written: impl FnMut(&[u8]),
) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER];
    loop {
        let read = from.read(&mut buffer).await?;
        if read == 0 {
            return to.shutdown().await;
        }
        let mut rest = &buffer[..read];
        while !rest.is_empty() {
            let taken = to.write(rest).await?;
            if taken == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            written(&rest[..taken]);
            count.fetch_add(taken as u64, Ordering::Relaxed);
            rest = &rest[taken..];
        }
        to.flush().await?;
    }
}

/// Resolves when neither count has moved for `limit`.
async fn silence(up: &AtomicU64, down: &AtomicU64, limit: Duration) {
    if limit.is_zero() {
        return pending().await;
    }
    let counts = || (up.load(Ordering::Relaxed), down.load(Ordering::Relaxed));
    let mut before = counts();
    loop {
        sleep(limit).await;
        let now = counts();
        if now == before {
            return;
        }
        before = now;
    }
}

impl fmt::Debug for Tunnel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tunnel").field("framed", &self.framed).finish_non_exhaustive()
    }
}

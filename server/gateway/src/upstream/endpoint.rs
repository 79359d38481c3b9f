use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::standing::Standing;
use super::{Connection, DialError, Dialer, Pool};
use crate::resilience::{EjectionSettings, EndpointSnapshot, EndpointState};

/// One address of an upstream, and the connections kept to it.
pub(crate) struct Endpoint {
    /// The name that led here, or the address itself.
    pub(crate) host: String,
    pub(crate) address: SocketAddr,
    /// Whether it is of the family that the resolver prefers. The others are for when those are of no use.
    pub(crate) preferred: bool,
    pub(crate) pool: Arc<Pool>,
    dialer: Arc<Dialer>,
    outstanding: AtomicUsize,
    standing: Standing,
}

/// A connection in use by one call, counted at its endpoint until it is handed back or dropped.
pub(crate) struct Lease {
    pub(crate) connection: Connection,
    at: Outstanding,
}

struct Outstanding(Arc<Endpoint>);

impl Endpoint {
    pub(crate) fn new(host: String, address: SocketAddr, preferred: bool, dialer: Arc<Dialer>) -> Self {
        let outstanding = AtomicUsize::new(0);
        let standing = Standing::default();
        Self { host, address, preferred, pool: Pool::new(), dialer, outstanding, standing }
    }

    /// An idle connection, if there is one that the request may use.
    pub(crate) fn idle(self: &Arc<Self>, repeatable: bool) -> Option<Lease> {
        Some(self.lease(self.pool.take(repeatable)?))
    }

    /// A new connection; `limit` is for the handshakes of TCP and TLS each.
    pub(crate) async fn connect(self: &Arc<Self>, limit: Duration) -> Result<Lease, DialError> {
        let stream = self.dialer.dial(self.address, limit).await?;
        let connection = Connection::open(stream).await.map_err(|error| DialError::Unreachable {
            address: self.address,
            source: std::io::Error::other(error),
        })?;
        Ok(self.lease(connection))
    }

    /// Calls that are under way here, their bodies included.
    pub(crate) fn outstanding(&self) -> usize {
        self.outstanding.load(Ordering::Relaxed)
    }

    /// Whether it gets calls.
    pub(crate) fn is_in_service(&self) -> bool {
        self.standing.state() == EndpointState::InService
    }

    /// Whether it gets calls, and the last one was answered.
    pub(super) fn is_well(&self) -> bool {
        self.is_in_service() && self.standing.is_spotless()
    }

    /// An attempt brought an answer.
    pub(crate) fn succeeded(&self) {
        self.standing.succeeded();
    }

    /// An attempt failed; whether there were too many in a row.
    pub(super) fn failed(&self, settings: &EjectionSettings) -> bool {
        self.standing.failed(settings)
    }

    /// Takes it out of service for a while.
    pub(super) fn eject(&self, settings: &EjectionSettings) {
        self.standing.eject(settings, Instant::now());
    }

    /// What a health check found.
    pub(super) fn checked(&self, healthy: bool) {
        if healthy { self.standing.checked() } else { self.standing.check_failed() }
    }

    pub(super) fn snapshot(&self) -> EndpointSnapshot {
        let (failed, ejected) = self.standing.totals();
        EndpointSnapshot {
            host: self.host.clone(),
            address: self.address,
            state: self.standing.state(),
            outstanding: self.outstanding(),
            failed,
            ejected,
        }
    }

    fn lease(self: &Arc<Self>, connection: Connection) -> Lease {
        self.outstanding.fetch_add(1, Ordering::Relaxed);
        Lease { connection, at: Outstanding(Arc::clone(self)) }
    }
}

impl Lease {
    /// Hands the connection back after an answer was read to its end.
    pub(crate) fn give_back(self) {
        self.at.0.pool.put(self.connection);
    }

    pub(crate) fn endpoint(&self) -> &Arc<Endpoint> {
        &self.at.0
    }
}

impl Drop for Outstanding {
    fn drop(&mut self) {
        self.0.outstanding.fetch_sub(1, Ordering::Relaxed);
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("host", &self.host)
            .field("address", &self.address)
            .field("outstanding", &self.outstanding())
            .finish_non_exhaustive()
    }
}

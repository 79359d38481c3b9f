use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

use super::http2::{Http2Pool, Target};
use super::protocol::KnownProtocol;
use super::standing::Standing;
use super::{Dialer, Pool};
use crate::resilience::{EjectionSettings, EndpointSnapshot, EndpointState};

/// One address of an upstream, and the connections kept to it.
pub(crate) struct Endpoint {
    /// The name that led here, or the address itself.
    pub(crate) host: String,
    pub(crate) address: SocketAddr,
    /// Whether it is of the family that the resolver prefers. The others are for when those are of no use.
    pub(crate) preferred: bool,
    pub(crate) pool: Arc<Pool>,
    /// Its connections that calls share.
    pub(super) shared: Arc<Http2Pool>,
    pub(super) protocol: KnownProtocol,
    pub(super) dialer: Arc<Dialer>,
    outstanding: AtomicUsize,
    /// Of which TLS settings the kept connections were opened with.
    kept_of: AtomicU64,
    standing: Standing,
}

impl Endpoint {
    pub(crate) fn new(host: String, address: SocketAddr, preferred: bool, dialer: Arc<Dialer>) -> Self {
        Self {
            host,
            address,
            preferred,
            pool: Pool::new(),
            shared: Arc::default(),
            protocol: KnownProtocol::new(dialer.is_http2()),
            kept_of: AtomicU64::new(dialer.generation()),
            dialer,
            outstanding: AtomicUsize::new(0),
            standing: Standing::default(),
        }
    }

    /// What HTTP/2 requests name as their target.
    pub(super) fn target(&self) -> &Target {
        self.dialer.target()
    }

    /// Makes further calls in HTTP/1.1 alone, unless the operator insists on HTTP/2. What is under way on shared connections is the
    /// last on them.
    pub(super) fn turn_to_http1(&self) {
        if self.dialer.is_http2() != Some(true) {
            self.protocol.turn_to_http1();
            self.shared.clear();
        }
    }

    /// The number of today's TLS settings. Connections that were opened with others are given up: what is idle is closed, and
    /// what is under way is the last on its connection.
    pub(super) fn settings(&self) -> u64 {
        let generation = self.dialer.generation();
        if self.kept_of.load(Ordering::Relaxed) != generation {
            self.pool.clear();
            self.shared.clear();
            // Last: whoever comes in between gives them up as well.
            self.kept_of.store(generation, Ordering::Relaxed);
        }
        generation
    }

    /// Whether a connection that was opened with these TLS settings may serve another call.
    pub(super) fn keeps(&self, generation: u64) -> bool {
        self.dialer.generation() == generation
    }

    /// A call is under way here.
    pub(super) fn enter(&self) {
        self.outstanding.fetch_add(1, Ordering::Relaxed);
    }

    /// It is over.
    pub(super) fn leave(&self) {
        self.outstanding.fetch_sub(1, Ordering::Relaxed);
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
        // Whatever is not a stream on a shared connection has one of its own.
        let (shared, on_shared) = self.shared.usage();
        let own = self.pool.len() + self.outstanding().saturating_sub(on_shared);
        EndpointSnapshot {
            host: self.host.clone(),
            address: self.address,
            state: self.standing.state(),
            outstanding: self.outstanding(),
            connections: shared + own,
            protocol: self.protocol.version(),
            failed,
            ejected,
        }
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

use std::io;
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::http2::{Http2Connection, Http2Pool, KeepAlive, Slot, Waited};
use super::lease::Line;
use super::{Connection, DialError, Endpoint, Lease, Purpose};

/// A connection that was opened, in the protocol that was agreed on.
enum Opened {
    Http1(Connection),
    Http2(Arc<Http2Connection>),
}

impl Endpoint {
    /// A place on a connection that is there, if the request may use one.
    pub(crate) fn idle(self: &Arc<Self>, repeatable: bool) -> Option<Lease> {
        let generation = self.settings();
        let line = match self.protocol.is_http2() {
            true => Line::Http2(self.shared.take()?),
            false => Line::Http1(self.pool.take(repeatable)?),
        };
        Some(self.lease(line, generation))
    }

    /// A place on a new connection, or on one that others open just now; `limit` is for the handshakes of TCP, TLS and
    /// HTTP/2 each.
    pub(crate) async fn connect(
        self: &Arc<Self>,
        purpose: Purpose,
        limit: Duration,
    ) -> Result<Lease, DialError> {
        if purpose == Purpose::Switch || self.protocol.is_http1() {
            return self.connect_alone(purpose, limit).await;
        }
        // Before the handshake: settings that change meanwhile leave the connection out of date, never taken for newer.
        let generation = self.settings();
        let failures = self.shared.failures();
        let turn = match self.shared.wait().await {
            Waited::Place(slot) => return Ok(self.lease(Line::Http2(slot), generation)),
            Waited::Turn(turn) => turn,
        };
        if self.protocol.is_http1() {
            drop(turn);
            return self.connect_alone(purpose, limit).await;
        }
        if let Some(error) = self.shared.failure_after(failures) {
            // It happened while this call waited for its turn: trying the same for one after the other would take long.
            return Err(error);
        }
        let opened = self.open(purpose, limit, Arc::downgrade(&self.shared)).await;
        match opened.inspect_err(|error| self.shared.failed(error))? {
            Opened::Http1(connection) => Ok(self.lease(Line::Http1(connection), generation)),
            Opened::Http2(connection) if self.keeps(generation) => {
                self.lease_shared(self.shared.add(connection, turn), generation)
            }
            Opened::Http2(connection) => self.lease_shared(connection.enter(), generation),
        }
    }

    /// A place on a new connection that no other call finds.
    pub(crate) async fn connect_alone(
        self: &Arc<Self>,
        purpose: Purpose,
        limit: Duration,
    ) -> Result<Lease, DialError> {
        let generation = self.settings();
        match self.open(purpose, limit, Weak::new()).await? {
            Opened::Http1(connection) => Ok(self.lease(Line::Http1(connection), generation)),
            Opened::Http2(connection) => self.lease_shared(connection.enter(), generation),
        }
    }

    async fn open(
        &self,
        purpose: Purpose,
        limit: Duration,
        pool: Weak<Http2Pool>,
    ) -> Result<Opened, DialError> {
        // What wants HTTP/1.1 for its calls is offered what it is for a switch.
        let offered = if self.protocol.is_http1_alone() { Purpose::Switch } else { purpose };
        let dialed = self.dialer.dial(self.address, limit, offered).await?;
        if purpose == Purpose::Calls {
            self.protocol.learn(dialed.is_http2);
        }
        if dialed.is_http2 {
            let opened = Http2Connection::open(dialed.stream, limit, KeepAlive::default(), pool).await;
            let source = |source| DialError::Protocol { address: self.address, source: Arc::new(source) };
            return opened.map(Opened::Http2).map_err(source);
        }
        let opened = Connection::open(dialed.stream).await;
        opened.map(Opened::Http1).map_err(|error| self.unreachable(io::Error::other(error)))
    }

    fn unreachable(&self, source: io::Error) -> DialError {
        DialError::Unreachable { address: self.address, source: Arc::new(source) }
    }

    fn lease_shared(self: &Arc<Self>, slot: Option<Slot>, generation: u64) -> Result<Lease, DialError> {
        let slot = slot.ok_or_else(|| self.unreachable(io::ErrorKind::ConnectionAborted.into()))?;
        Ok(self.lease(Line::Http2(slot), generation))
    }

    fn lease(self: &Arc<Self>, line: Line, generation: u64) -> Lease {
        Lease::new(line, Arc::clone(self), generation)
    }
}

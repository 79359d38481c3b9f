use std::sync::Arc;
use std::task::Context;

use http::{Request, Response};
use hyper::body::Incoming;

use super::http2::Slot;
use super::{Connection, Endpoint, ExchangeError};
use crate::body::{Arriving, RequestBody};

/// A place at an endpoint for one call, counted there until it is given back or dropped.
pub(crate) struct Lease {
    line: Line,
    at: Outstanding,
    /// Of which TLS settings the connection was opened with.
    generation: u64,
}

/// What a call goes over.
pub(super) enum Line {
    /// A connection of its own.
    Http1(Connection),
    /// A connection shared with others.
    Http2(Slot),
}

/// Why a request brought no response.
pub(crate) enum SendError {
    /// Nothing of the request left: it can be sent elsewhere, whatever its method.
    Unsent(Box<Request<RequestBody>>),
    /// The upstream says that it has not looked at it, which is gone: it may be sent anew, whatever its method.
    Unprocessed {
        error: ExchangeError,
        /// Whether it has too much to do, rather than going away.
        refused: bool,
    },
    /// It may have arrived.
    Broken(ExchangeError),
    /// It may have arrived; the connection broke under others as well, and one of them tells.
    BrokenTogether(ExchangeError),
}

/// What arrives over a connection that serves nothing else, and what keeps the connection counted.
pub(crate) struct Alone {
    pub(crate) incoming: Incoming,
    pub(crate) outstanding: Outstanding,
}

/// Something that is under way at an endpoint, and counted there while this lives.
pub(crate) struct Outstanding(Arc<Endpoint>);

impl Lease {
    pub(super) fn new(line: Line, at: Arc<Endpoint>, generation: u64) -> Self {
        at.enter();
        Self { line, at: Outstanding(at), generation }
    }

    /// Sends `request` and waits for the response's head.
    pub(crate) async fn send(
        &mut self,
        request: Box<Request<RequestBody>>,
    ) -> Result<Response<Arriving>, SendError> {
        match &mut self.line {
            Line::Http1(connection) => {
                connection.send(request).await.map(|response| response.map(Arriving::Http1))
            }
            // Boxed: what it needs is not what a call over HTTP/1.1 should make room for.
            Line::Http2(slot) => {
                let response = Box::pin(slot.send(request, self.at.0.target())).await;
                if let Err(SendError::Unprocessed { error, .. }) = &response
                    && error.wants_http1()
                {
                    self.at.0.turn_to_http1();
                }
                response.map(|response| response.map(|body| Arriving::Http2(Box::new(body))))
            }
        }
    }

    /// Sends `request` as the only one ([`Connection::send_alone`]).
    pub(crate) async fn send_alone(
        self,
        request: Box<Request<RequestBody>>,
    ) -> Result<Response<Alone>, ExchangeError> {
        match self.line {
            Line::Http1(connection) => {
                let response = connection.send_alone(request).await?;
                Ok(response.map(|incoming| Alone { incoming, outstanding: self.at }))
            }
            Line::Http2(_) => Err(h2::Error::from(h2::Reason::HTTP_1_1_REQUIRED).into()),
        }
    }

    /// Lets the socket be read and written on behalf of whoever waits for the response's body; one that is shared does so
    /// by itself.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) {
        if let Line::Http1(connection) = &mut self.line {
            connection.poll(cx);
        }
    }

    /// Whether other calls are under way on the same connection, or may be.
    pub(crate) fn is_shared(&self) -> bool {
        matches!(self.line, Line::Http2(_))
    }

    /// Hands the place back after an answer was read to its end. A connection whose certificate or authorities are not those of
    /// today is closed.
    pub(crate) fn give_back(self) {
        if let Line::Http1(connection) = self.line
            && self.at.0.keeps(self.generation)
        {
            self.at.0.pool.put(connection);
        }
    }

    pub(crate) fn endpoint(&self) -> &Arc<Endpoint> {
        &self.at.0
    }
}

impl Drop for Outstanding {
    fn drop(&mut self) {
        self.0.leave();
    }
}

use std::sync::Arc;

use axum::http::Method;
use axum::response::Response;
use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::event_stream;
use super::lent::Owner;

/// Takes a connection out of hyper's hands when the answer to one of its requests is an event stream.
pub struct Handover<S> {
    connection: Owner<S>,
    /// Used once: nothing comes after a stream.
    begin: Arc<Mutex<Option<oneshot::Sender<Response>>>>,
}

impl<S> Handover<S> {
    /// For a connection, and where the answer is told for which it is to be taken.
    pub fn of(connection: &Owner<S>) -> (Self, oneshot::Receiver<Response>) {
        let (sender, begun) = oneshot::channel();
        let begin = Arc::new(Mutex::new(Some(sender)));
        (Self { connection: connection.clone(), begin }, begun)
    }

    /// Returns `response` for hyper to write. One that is a stream is kept, and this never returns: hyper is dropped in the
    /// middle of its request. It may not be while bytes of an answer before are still in its buffers, which is so only where a
    /// client sent several requests at once and has not read.
    pub async fn offer(&self, method: &Method, response: Response) -> Response {
        if !event_stream::is_one(method, &response) || !self.connection.is_flushed() {
            return response;
        }
        let Some(begin) = self.begin.lock().take() else { return response };
        match begin.send(response) {
            Ok(()) => std::future::pending().await,
            Err(response) => response,
        }
    }
}

impl<S> Clone for Handover<S> {
    fn clone(&self) -> Self {
        Self { connection: self.connection.clone(), begin: self.begin.clone() }
    }
}

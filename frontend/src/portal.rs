use std::future::Future;
use std::pin::Pin;

use portico_contracts::Problem;

/// A future of this single-threaded program.
pub type LocalFuture<T> = Pin<Box<dyn Future<Output = T>>>;

/// What the bridge asks of the server; [`Server`](crate::Server) asks it, tests answer for it.
pub trait Portal {
    /// A token of a token-mode remote's own audience, by the remote's id.
    fn exchange_token(&self, remote: String) -> LocalFuture<Result<Token, Problem>>;
    /// Publishes an event. Its id, once Kafka has it: sent again under the same one, it is published once.
    fn publish(&self, event: NewEvent) -> LocalFuture<Result<String, Problem>>;
    /// Where this session's events come from.
    fn subscription(&self) -> LocalFuture<Result<Subscription, Problem>>;
    /// The status that the portal answers a stream's URL with, 0 where it does not answer; an `EventSource` does not say.
    fn stream_status(&self, url: String) -> LocalFuture<u16>;
    /// The organization that the session acts for; a problem with status 401 when there is none.
    fn organization(&self) -> LocalFuture<Result<String, Problem>>;
    /// The remotes that this session may load: id and version.
    fn versions(&self) -> LocalFuture<Result<Vec<(String, String)>, Problem>>;
    /// Sends measurements (a JSON array) and does not wait.
    fn report(&self, measurements: String);
    /// Loads the page anew.
    fn reload(&self);
}

/// An event of a remote.
#[derive(Clone)]
pub struct NewEvent {
    /// The remote's name.
    pub source: String,
    /// Its type.
    pub kind: String,
    /// Its payload, JSON text.
    pub data: String,
    /// What it goes by.
    pub id: String,
}

/// Where events come from, and which.
#[derive(Clone)]
pub struct Subscription {
    /// The stream's URL, for an `EventSource`.
    pub url: String,
    /// The types that this session may subscribe to.
    pub types: Vec<String>,
}

/// An access token of a remote in token mode.
#[derive(Clone)]
pub struct Token {
    /// The token itself.
    pub access_token: String,
    /// RFC 3339.
    pub expires_at: String,
}

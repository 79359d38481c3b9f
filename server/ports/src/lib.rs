//! Clock, randomness and outbound HTTP, as ports: domain modules never reach for them directly.

mod clock;
mod http_client;
mod random;

pub use clock::{Clock, SystemClock, TestClock};
pub use http_client::{HttpClient, HttpClientError};
pub use random::{OsRandom, Random, token};

//! Which header fields cross the proxy, in each direction, and what the proxy adds.

mod cache;
mod forwarded;
mod hop_by_hop;
mod request;
mod response;
mod trailers;

pub use forwarded::PublicOrigin;
pub(crate) use hop_by_hop::Nominated;
pub(crate) use request::{
    Injected, TRACEPARENT, belongs_to_the_proxy, is_constant_upstream, is_injected, request_trailers,
    rewrite_request,
};
pub(crate) use response::{response_trailers, rewrite_response};

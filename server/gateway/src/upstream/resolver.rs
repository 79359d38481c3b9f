use std::io;
use std::net::IpAddr;

use async_trait::async_trait;

/// Names to addresses, as a port, so that tests can answer differently each time.
#[async_trait]
pub trait Resolver: Send + Sync + 'static {
    /// Every address of `host`, in the order in which they should be tried.
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// The operating system's resolver.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

#[async_trait]
impl Resolver for SystemResolver {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((host, 0)).await?.map(|address| address.ip()).collect())
    }
}

use std::net::IpAddr;
use std::sync::Arc;

use portico_identity::session::SessionKey;
use smallvec::SmallVec;

use super::{Left, Limiter, Policies, Quota, SharedBuckets};
use crate::config::Config;
use crate::http::ApiError;
use crate::http::rate_limit::network;

/// Every limiter of one instance, and what headers say of them.
#[derive(Debug)]
pub struct Limits {
    /// By client address, for what needs no session.
    anonymous: Limiter,
    /// By session.
    session: Limiter,
    /// By organization.
    organization: Limiter,
    /// By session and remote, for the proxy.
    remote: Limiter,
    /// By session, for publishing.
    publish: Limiter,
    /// By organization and remote, for publishing.
    publish_remote: Limiter,
    /// By organization, for invitations, each of which is a letter.
    invitations: Limiter,
    policies: [Policies; 3],
}

/// Endpoints by what counts there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// What needs no session: by address.
    Anonymous,
    /// The portal's own endpoints: by session and organization.
    Session,
    /// The proxy: by session, organization, and session and remote.
    Remote,
}

impl Limits {
    /// As configured; shared with other instances through `store`, if they have one.
    pub fn new(config: &Config, store: Option<&Arc<dyn SharedBuckets>>) -> Self {
        let limits = &config.limits;
        let limiter = |name, per_minute| Limiter::new(name, Quota::per_minute(per_minute), store.cloned());
        let anonymous = limiter("address", limits.anonymous_per_minute);
        let session = limiter("session", limits.session_per_minute);
        let organization = limiter("organization", limits.organization_per_minute);
        let remote = limiter("remote", limits.remote_per_minute);
        let policies = [
            Policies::of(&[&anonymous]),
            Policies::of(&[&session, &organization]),
            Policies::of(&[&session, &organization, &remote]),
        ];
        let publish = limiter("publish", config.events.publish_per_minute);
        let publish_remote = limiter("publish-remote", config.events.remote_publish_per_minute);
        let invitations = limiter("invitations", config.invitations.per_minute);
        Self { anonymous, session, organization, remote, publish, publish_remote, invitations, policies }
    }

    /// What headers say of the limits at these endpoints.
    pub fn policies(&self, surface: Surface) -> &Policies {
        &self.policies[surface as usize]
    }

    /// Counts a request that shows no session.
    pub async fn anonymous(&self, client: IpAddr) -> Result<Left, ApiError> {
        let taken = match network(client) {
            IpAddr::V4(address) => self.anonymous.take(&address.octets()).await,
            IpAddr::V6(network) => self.anonymous.take(&network.octets()).await,
        };
        taken.map_err(|exceeded| self.policies(Surface::Anonymous).refuse(exceeded))
    }

    /// Counts a request of a session, for it and for its organization.
    pub async fn session(&self, session: &SessionKey, organization: &str) -> Result<Left, ApiError> {
        let refuse = |exceeded| self.policies(Surface::Session).refuse(exceeded);
        let session = self.session.take(short(session)).await.map_err(refuse)?;
        let organization = self.organization.take(organization.as_bytes()).await.map_err(refuse)?;
        Ok(session.least(organization))
    }

    /// Counts a call of a session through the proxy.
    pub async fn remote(&self, session: &SessionKey, remote: &str) -> Result<Left, ApiError> {
        // The longest id of a remote is 129 bytes; usual ones stay on the stack.
        let mut key = SmallVec::<[u8; 96]>::from_slice(short(session));
        key.extend_from_slice(remote.as_bytes());
        let refuse = |exceeded| self.policies(Surface::Remote).refuse(exceeded);
        self.remote.take(&key).await.map_err(refuse)
    }

    /// Counts an event that a session publishes.
    pub async fn publish(&self, session: &SessionKey) -> Result<(), ApiError> {
        single(&self.publish, short(session)).await
    }

    /// Counts an event that somebody of an organization publishes through a remote.
    pub async fn publish_remote(&self, organization: &str, remote: &str) -> Result<(), ApiError> {
        // Neither name holds a line feed.
        single(&self.publish_remote, format!("{organization}\n{remote}").as_bytes()).await
    }

    /// Counts an invitation of an organization.
    pub async fn invitation(&self, organization: &str) -> Result<(), ApiError> {
        single(&self.invitations, organization.as_bytes()).await
    }

    /// How often each refused, by name.
    pub fn exceeded(&self) -> [(&'static str, u64); 7] {
        self.all().map(|limiter| (limiter.name(), limiter.exceeded()))
    }

    /// Forgets what has been quiet.
    pub fn sweep(&self) {
        self.all().into_iter().for_each(Limiter::sweep);
    }

    fn all(&self) -> [&Limiter; 7] {
        let Self { anonymous, session, organization, remote, publish, publish_remote, invitations, .. } =
            self;
        [anonymous, session, organization, remote, publish, publish_remote, invitations]
    }
}

async fn single(limiter: &Limiter, key: &[u8]) -> Result<(), ApiError> {
    match limiter.take(key).await {
        Ok(_) => Ok(()),
        // Written where it is needed: these are refused far too seldom to be kept ready.
        Err(exceeded) => Err(Policies::of(&[limiter]).refuse(exceeded)),
    }
}

/// Half of a session's key is still a hundred and twenty-eight bits that nobody chooses.
fn short(session: &SessionKey) -> &[u8] {
    &session.bytes()[..16]
}

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};
use portico_ports::{Clock, HttpClient, Random, token};
use time::OffsetDateTime;
use url::Url;

use crate::config::{self, Audience, Client, DevIdpConfig, DevIdpError};
use crate::demo::{Account, Membership};
use crate::failure::{Endpoint, Failure, Failures};
use crate::keys::SigningKeys;
use crate::ledger::{IssuedToken, Ledger};
use crate::memory::{Kept, Memory};
use crate::store::Store;

/// The provider: its configuration, its keys and what it remembers. Serve it with [`crate::router`].
pub struct DevIdp {
    pub(crate) config: DevIdpConfig,
    pub(crate) issuer: String,
    /// Who can sign in, with the memberships that the portal keeps.
    accounts: RwLock<Vec<Arc<Account>>>,
    /// What tokens may be exchanged for.
    audiences: RwLock<Vec<Audience>>,
    pub(crate) keys: RwLock<SigningKeys>,
    pub(crate) store: Mutex<Store>,
    pub(crate) ledger: Ledger,
    pub(crate) failures: Failures,
    pub(crate) http_client: Option<Arc<dyn HttpClient>>,
    memory: Option<Memory>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

impl DevIdp {
    /// Builds the provider with a fresh signing key.
    ///
    /// # Errors
    /// Refuses production, an issuer off loopback, accounts without an organization and repeated clients.
    pub fn new(
        config: DevIdpConfig,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, DevIdpError> {
        config::check(&config)?;
        let keys = SigningKeys::generate(&*random).map_err(|_| DevIdpError::SigningKey)?;
        Ok(Self {
            issuer: config.issuer.as_str().trim_end_matches('/').to_owned(),
            accounts: RwLock::new(config.accounts.iter().cloned().map(Arc::new).collect()),
            audiences: RwLock::new(config.audiences.clone()),
            config,
            keys: RwLock::new(keys),
            store: Mutex::default(),
            ledger: Ledger::default(),
            failures: Failures::default(),
            http_client: None,
            memory: None,
            clock,
            random,
        })
    }

    /// Lets the provider post logout tokens to its clients; without this it sends none.
    #[must_use]
    pub fn with_http_client(mut self, http_client: Arc<dyn HttpClient>) -> Self {
        self.http_client = Some(http_client);
        self
    }

    /// Keeps keys, sign-ins and grants in `file`, which this user alone may read, and takes up what is there: after a
    /// restart, tokens are good and refresh tokens can be used. [`DevIdp::save`] writes it.
    #[must_use]
    pub fn remembering(mut self, file: PathBuf) -> Self {
        let memory = Memory::new(file);
        if let Some((keys, store)) = memory.recall(&self.issuer) {
            *self.keys.get_mut() = keys;
            let now = self.clock.now();
            self.store.get_mut().restore(now, store);
        }
        self.memory = Some(memory);
        self
    }

    /// Writes what is to be kept, where anything has changed since it was written last.
    ///
    /// # Errors
    /// Where the file cannot be written. What it held before is still there.
    pub fn save(&self) -> io::Result<()> {
        let Some(memory) = &self.memory else { return Ok(()) };
        if !self.store.lock().take_changed() {
            return Ok(());
        }
        let kept = memory.keep(|| Kept::of(&self.issuer, &self.keys.read(), &self.store.lock(), self.now()));
        // What could not be written is written with the next change, or the next try.
        kept.inspect_err(|_| self.store.lock().touch())
    }

    /// What tokens may be exchanged for, from now on.
    pub fn set_audiences(&self, audiences: Vec<Audience>) {
        *self.audiences.write() = audiences;
    }

    /// The issuer identifier, without a trailing slash: the `iss` of every token.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The most recent 10,000 tokens handed out, oldest first: a test looks for them where no token may be.
    pub fn issued_tokens(&self) -> Vec<IssuedToken> {
        self.ledger.all()
    }

    /// Signs with a new key from now on; the one before stays in the JWKS and verifies.
    ///
    /// # Errors
    /// [`DevIdpError::SigningKey`] when no key could be generated; the old one stays.
    pub fn rotate_signing_key(&self) -> Result<(), DevIdpError> {
        self.keys.write().rotate(&*self.random).map_err(|_| DevIdpError::SigningKey)?;
        self.store.lock().touch();
        Ok(())
    }

    /// Lets the account with this `sub` be a member of `organization` with these roles from now on, since the portal says
    /// so: then tokens for it carry the right `org_id`. An account that does not exist stays so.
    pub fn grant_membership(&self, sub: &str, organization: &str, roles: &[String]) {
        self.change_account(sub, |account| {
            let known = account.memberships.iter_mut().find(|known| known.organization == organization);
            match known {
                Some(known) => known.roles = roles.to_vec(),
                None => account
                    .memberships
                    .push(Membership { organization: organization.to_owned(), roles: roles.to_vec() }),
            }
        });
    }

    /// Takes back what [`DevIdp::grant_membership`] gave. What the account was configured with stays: the portal has to
    /// know by itself whom it removed.
    pub fn withdraw_membership(&self, sub: &str, organization: &str) {
        let configured = self.config.accounts.iter().find(|account| account.sub == sub);
        let before = configured.and_then(|account| account.membership(organization)).cloned();
        self.change_account(sub, |account| {
            account.memberships.retain(|membership| membership.organization != organization);
            account.memberships.extend(before);
        });
    }

    fn change_account(&self, sub: &str, change: impl FnOnce(&mut Account)) {
        let mut accounts = self.accounts.write();
        if let Some(account) = accounts.iter_mut().find(|account| account.sub == sub) {
            change(Arc::make_mut(account));
        }
    }

    /// Makes the next request to `endpoint` fail; several calls make as many requests fail, in order.
    pub fn fail_next(&self, endpoint: Endpoint, failure: Failure) {
        self.failures.order(endpoint, failure);
    }

    pub(crate) fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    pub(crate) fn random(&self) -> &dyn Random {
        &*self.random
    }

    pub(crate) fn new_id(&self) -> String {
        token::<16>(&*self.random)
    }

    pub(crate) fn client(&self, client_id: &str) -> Option<&Client> {
        self.config.clients.iter().find(|client| client.client_id == client_id)
    }

    pub(crate) fn audience(&self, audience: &str) -> Option<Audience> {
        self.audiences.read().iter().find(|known| known.audience == audience).cloned()
    }

    pub(crate) fn accounts(&self) -> Vec<Arc<Account>> {
        self.accounts.read().clone()
    }

    pub(crate) fn account(&self, sub: &str) -> Option<Arc<Account>> {
        self.accounts.read().iter().find(|account| account.sub == sub).cloned()
    }

    pub(crate) fn account_named(&self, login_hint: &str) -> Option<Arc<Account>> {
        self.accounts.read().iter().find(|account| account.is_named_by(login_hint)).cloned()
    }

    /// The path of an endpoint, for links inside the provider's own pages.
    pub(crate) fn path(&self, endpoint: &str) -> String {
        format!("{}{endpoint}", self.config.issuer.path().trim_end_matches('/'))
    }
}

/// Whether `uri` is one of those configured, as a whole string.
pub(crate) fn is_registered(uri: &str, registered: &[Url]) -> bool {
    registered.iter().any(|known| known.as_str() == uri)
}

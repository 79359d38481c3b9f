use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Mutex, RwLock};

use super::{DialError, Dialer, Draw, Endpoint, Lease, Place, Purpose, Resolver};
use crate::resilience::{EjectionSettings, EndpointSnapshot};

/// How long one address may take to accept, and to agree on TLS: longer and the next is tried, within the call's
/// deadline.
const CONNECT_LIMIT: Duration = Duration::from_secs(2);

/// The addresses at which an upstream is served, any of which may answer any call.
#[derive(Debug)]
pub(crate) struct Endpoints {
    known: Known,
    dialer: Arc<Dialer>,
    draw: Draw,
    ejection: EjectionSettings,
    /// Held while an endpoint is ejected, so that the share of those out of service is kept.
    ejecting: Mutex<()>,
}

#[derive(Debug)]
enum Known {
    /// Written as addresses: they never change.
    Fixed(Box<[Arc<Endpoint>]>),
    /// Some are names, asked for whenever a connection is opened.
    Named { places: Vec<Place>, resolver: Names, current: RwLock<Vec<Arc<Endpoint>>> },
}

struct Names(Arc<dyn Resolver>);

impl Endpoints {
    pub(crate) fn new(
        places: Vec<Place>,
        resolver: Arc<dyn Resolver>,
        dialer: Dialer,
        ejection: EjectionSettings,
    ) -> Self {
        let dialer = Arc::new(dialer);
        let fixed: Option<Box<[_]>> = places
            .iter()
            .map(|place| {
                let address = SocketAddr::new(place.address()?, place.port);
                Some(Arc::new(Endpoint::new(place.host.clone(), address, true, Arc::clone(&dialer))))
            })
            .collect();
        let known = match fixed {
            Some(fixed) => Known::Fixed(fixed),
            None => Known::Named { places, resolver: Names(resolver), current: RwLock::default() },
        };
        Self { known, dialer, draw: Draw::new(), ejection, ejecting: Mutex::new(()) }
    }

    /// A connection for `purpose`, to `aim` if there is one. An endpoint that accepts none is followed by the next: nothing
    /// was sent, so any request may go there. Whoever was asked is added to `tried` before it is, so that the last one there
    /// is at fault if this never ends.
    pub(crate) async fn connect(
        &self,
        purpose: Purpose,
        mut aim: Option<Arc<Endpoint>>,
        tried: &mut Vec<Arc<Endpoint>>,
        limit: Duration,
    ) -> Result<Lease, DialError> {
        self.resolve().await?;
        let first = tried.len();
        let mut last = None;
        loop {
            let next = aim.take().or_else(|| self.choose(tried));
            let Some(endpoint) = next.filter(|endpoint| !is_in(&tried[first..], endpoint)) else {
                return Err(last.unwrap_or_else(|| self.nowhere()));
            };
            tried.push(Arc::clone(&endpoint));
            // Where there is another one to try, half the time is left for it.
            let limit = if self.len() > 1 { limit / 2 } else { limit };
            match endpoint.connect(purpose, limit.min(CONNECT_LIMIT)).await {
                Ok(lease) => return Ok(lease),
                Err(error) => {
                    self.failed(&endpoint);
                    last = Some(error);
                }
            }
        }
    }

    /// An attempt at `endpoint` failed: after too many in a row it is left out, unless too many are.
    pub(crate) fn failed(&self, endpoint: &Endpoint) {
        if !endpoint.failed(&self.ejection) {
            return;
        }
        let _one_at_a_time = self.ejecting.lock();
        let (all, out) = self
            .read(|known| (known.len(), known.iter().filter(|endpoint| !endpoint.is_in_service()).count()));
        let most = usize::try_from(self.ejection.percent).unwrap_or_default() * all / 100;
        if endpoint.is_in_service() && out < most {
            endpoint.eject(&self.ejection);
        }
    }

    /// Whether some endpoint is well, so that the upstream as a whole is.
    pub(crate) fn any_is_well(&self) -> bool {
        self.read(|known| known.iter().any(|endpoint| endpoint.is_well()))
    }

    /// Every endpoint that is known.
    pub(crate) fn all(&self) -> Vec<Arc<Endpoint>> {
        self.read(<[_]>::to_vec)
    }

    pub(crate) fn snapshots(&self) -> Vec<EndpointSnapshot> {
        self.read(|known| known.iter().map(|endpoint| endpoint.snapshot()).collect())
    }

    /// Whether some of them are names, which are asked for whenever a connection is opened.
    pub(crate) fn are_named(&self) -> bool {
        matches!(self.known, Known::Named { .. })
    }

    fn len(&self) -> usize {
        self.read(<[_]>::len)
    }

    fn read<R>(&self, f: impl FnOnce(&[Arc<Endpoint>]) -> R) -> R {
        match &self.known {
            Known::Fixed(fixed) => f(fixed),
            Known::Named { current, .. } => f(&current.read()),
        }
    }

    /// Whose turn it is. Of two endpoints drawn from the best, the one with fewer calls under way: no herd follows whichever
    /// was idle a moment ago. Those in `tried` come last, before them those that are out of service: where nothing else
    /// is left, a call that may fail is better than one that must.
    pub(crate) fn choose(&self, tried: &[Arc<Endpoint>]) -> Option<Arc<Endpoint>> {
        self.read(|known| match known {
            [] => None,
            [only] => Some(Arc::clone(only)),
            several => {
                let best = several.iter().map(|endpoint| rank(endpoint, tried)).min()?;
                let candidates = || several.iter().filter(|endpoint| rank(endpoint, tried) == best);
                let (one, other) = self.draw.two_below(candidates().count());
                let (one, other) = (candidates().nth(one)?, candidates().nth(other)?);
                let less = if other.outstanding() < one.outstanding() { other } else { one };
                Some(Arc::clone(less))
            }
        })
    }

    /// Asks for the names again. An endpoint that is still named keeps its connections; where the resolver does not
    /// answer, what it said last holds.
    pub(crate) async fn resolve(&self) -> Result<(), DialError> {
        let Known::Named { places, resolver, current } = &self.known else { return Ok(()) };
        let mut answers = Vec::with_capacity(places.len());
        for place in places {
            answers.push((place, self.addresses(place, &*resolver.0).await));
        }
        // Under one lock, so that two who asked at once do not make the same endpoint twice.
        let mut current = current.write();
        let (mut next, mut problem) = (Vec::new(), None);
        for (place, answer) in answers {
            match answer {
                Ok(addresses) => self.add(&mut next, place, &addresses, &current),
                Err(error) => {
                    if matches!(error, DialError::Unresolved { .. }) {
                        next.extend(current.iter().filter(|known| known.host == place.host).cloned());
                    }
                    problem = Some(error);
                }
            }
        }
        *current = next;
        match problem {
            Some(problem) if current.is_empty() => Err(problem),
            _ => Ok(()),
        }
    }

    /// The allowed addresses of one place.
    async fn addresses(&self, place: &Place, resolver: &dyn Resolver) -> Result<Vec<SocketAddr>, DialError> {
        let unresolved =
            |source| DialError::Unresolved { host: place.host.clone(), source: Arc::new(source) };
        let found = match place.address() {
            Some(address) => vec![address],
            None => resolver.resolve(&place.host).await.map_err(unresolved)?,
        };
        let allowed = found.iter().filter(|address| self.dialer.check(**address).is_ok());
        let allowed: Vec<_> = allowed.map(|address| SocketAddr::new(*address, place.port)).collect();
        match (allowed.is_empty(), found.first()) {
            (true, Some(refused)) => {
                self.dialer.check(*refused)?;
                Ok(allowed)
            }
            (true, None) => Err(unresolved(io::ErrorKind::AddrNotAvailable.into())),
            (false, _) => Ok(allowed),
        }
    }

    fn add(
        &self,
        next: &mut Vec<Arc<Endpoint>>,
        place: &Place,
        addresses: &[SocketAddr],
        known: &[Arc<Endpoint>],
    ) {
        let first = addresses.first().map(SocketAddr::is_ipv4);
        for address in addresses {
            if next.iter().any(|endpoint| endpoint.address == *address) {
                continue;
            }
            let preferred = Some(address.is_ipv4()) == first;
            let same = |known: &&Arc<Endpoint>| {
                known.address == *address && known.host == place.host && known.preferred == preferred
            };
            next.push(known.iter().find(same).cloned().unwrap_or_else(|| {
                Arc::new(Endpoint::new(place.host.clone(), *address, preferred, Arc::clone(&self.dialer)))
            }));
        }
    }

    fn nowhere(&self) -> DialError {
        DialError::Unresolved {
            host: self.dialer.host().to_owned(),
            source: Arc::new(io::ErrorKind::AddrNotAvailable.into()),
        }
    }
}

/// The lower, the better.
fn rank(endpoint: &Arc<Endpoint>, tried: &[Arc<Endpoint>]) -> u8 {
    (u8::from(is_in(tried, endpoint)) << 2)
        | (u8::from(!endpoint.is_in_service()) << 1)
        | u8::from(!endpoint.preferred)
}

fn is_in(endpoints: &[Arc<Endpoint>], endpoint: &Arc<Endpoint>) -> bool {
    endpoints.iter().any(|known| Arc::ptr_eq(known, endpoint))
}

impl std::fmt::Debug for Names {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Names(…)")
    }
}

//! The proxy: which path, which headers, which upstream.
//!
//! [`Gateway::call`] carries one call from `/bff/{remote}/…` to the remote's upstream: the path is read once and refused
//! if it could be read twice, matched against the declared routes, authorised by the policy, given the exchanged token,
//! and forwarded over a kept connection to a checked address. What comes back is cleaned of everything that would act
//! on the portal's origin. The order is fixed: nothing goes out before the decision.

mod address;
mod body;
mod cache;
mod call;
mod credential;
mod forward;
mod headers;
mod metrics;
mod path;
mod quota;
mod redirect;
mod remote;
mod resilience;
mod routes;
mod shape;
mod token;
mod turn;
mod upgrade;
mod upstream;
mod view;

pub use address::{AddressClass, AddressPolicy, AddressRefused};
pub use body::{AnswerBody, Begun, RequestBodyError, ResponseBody, ResponseBodyError};
pub use cache::{
    CacheCounts, CacheRule, CacheScope, EntryName, Found, Kept, MemoryStore, ResponseCache, ResponseStore,
    StoreUsage, StoredResponse, UriMark,
};
pub use call::{Call, CallError, Gateway, Outcome, Verdict};
pub use credential::{BadCredential, Credential, CredentialError};
pub use forward::ForwardError;
pub use headers::PublicOrigin;
pub use metrics::{ANSWERED, RemoteMetrics, RouteMetrics, SERVER_DURATION};
pub use path::{PathError, ProxyPath};
/// What is wrong with one field of a request.
pub use portico_openapi::FieldProblem;
pub use quota::{CallerKey, Quota, QuotaExceeded, QuotaUse, Usage};
pub use remote::{Access, BackendError, BackendSpec, RemoteBackend};
pub use resilience::{
    BreakerSettings, BreakerState, BudgetSettings, ConcurrencySettings, EjectionSettings, EndpointSnapshot,
    EndpointState, HealthCheck, LastError, Resilience, UpstreamSnapshot,
};
pub use routes::{MethodSet, PatternError, Route, RouteError, RouteSpec, RouteTable, Unmatched};
pub use shape::Bounds;
pub use token::{BadToken, BearerToken, NoTokens, TokenError, TokenRequest, TokenSource};
pub use turn::Turn;
pub use upgrade::{Carried, Protocol, ProtocolError, Tunnel, TunnelEnd, UpgradeError};
pub use upstream::{
    ExchangeError, OriginError, Place, PlaceError, Resolver, SystemResolver, TlsError, TlsSettings,
    UpstreamProtocol,
};
pub use view::{LegSpec, ViewError, ViewSpec};

//! Who may do what: roles, plans, entitlements and decisions.
//!
//! One port, [`PolicyEngine`], gates navigation, pages, proxy routes, events and server functions, so that nothing is
//! authorised in two ways. [`RolePolicy`] is the default engine: roles give permissions, the organization's plan bounds
//! them, and what is left, the [`Entitlements`], decides, together with the [`Condition`]s that a route declares.

mod cedar;
mod condition;
mod config;
mod decision;
mod demo;
mod engine;
mod entitlements;
mod kept;
mod opa;
mod permission;
mod principal;
mod query;
mod question;
mod record;
mod role_policy;
mod words;

pub use cedar::{CedarConfig, CedarError, CedarPolicy, SCHEMA as CEDAR_SCHEMA};
pub use condition::{Attribute, AttributeError, Comparison, Condition, PathParameter, query_value};
pub use config::{All, EngineKind, PlanPermissions, PolicyConfig, PolicyConfigError};
pub use decision::{Decision, Effect};
pub use engine::{Basis, Health, PolicyEngine, Reload};
pub use entitlements::{Entitlements, Fingerprint};
pub use opa::{OpaConfig, OpaPolicy};
pub use permission::{PermissionError, check_permission};
pub use principal::{Claims, Principal};
pub use query::{Action, Query, Resource};
pub use question::{Person, Question, Thing};
pub use record::{Change, Recorded, Recording, Replay, ReplayError, replay};
pub use role_policy::RolePolicy;
pub use words::Words;

//! Who may do what: roles, plans, entitlements and decisions.
//!
//! One port, [`PolicyEngine`], gates navigation, pages, proxy routes, events and server functions, so that nothing is
//! authorised in two ways. [`RolePolicy`] is the default engine: roles give permissions, the organization's plan bounds
//! them, and what is left, the [`Entitlements`], decides.

mod config;
mod decision;
mod demo;
mod engine;
mod entitlements;
mod permission;
mod principal;
mod query;
mod role_policy;
mod words;

pub use config::{All, PlanPermissions, PolicyConfig, PolicyConfigError};
pub use decision::{Decision, Effect};
pub use engine::PolicyEngine;
pub use entitlements::{Entitlements, Fingerprint};
pub use permission::{PermissionError, check_permission};
pub use principal::Principal;
pub use query::{Action, Query, Resource};
pub use role_policy::RolePolicy;
pub use words::Words;

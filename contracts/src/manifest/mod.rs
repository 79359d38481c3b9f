//! `remote.json`: what a remote team publishes about one version of its remote.
//!
//! [`Manifest::parse`] is the only way in: what it returns holds every rule of the contract that can be checked without
//! knowing the operator's grants, so that nothing downstream checks twice.

mod backend;
mod cache;
mod events;
mod frontend;
mod parse;
mod problem;
mod rules;
mod security;
mod validate;
mod view;

use serde::{Deserialize, Serialize};

pub use backend::{Backend, BackendRoute, Method, RouteCondition};
pub use cache::{CacheScope, RouteCache};
pub use events::{EventDeclaration, Events};
pub use frontend::{
    Format, Frontend, Isolation, ManifestCard, ManifestNav, ManifestRoute, ManifestStyle, SharedModule,
};
pub use problem::{FieldProblem, ManifestError};
pub use rules::{
    BACKEND_PATH, BACKEND_URL, CSP_SOURCE, EVENT_TYPE, FILE_PATH, INTEGRITY, ORIGIN, PERMISSION, REMOTE_NAME,
    RESERVED_PATHS, ROUTE_PATH, Rule, SCOPE, SLOTS, TOPIC, VERSION, VERSION_RANGE, origin_of, pattern_covers,
};
pub use security::{CSP_DIRECTIVES, Csp, DirectOrigin, Security};
pub use view::{BackendView, ViewLeg};

/// The longest manifest that is read, in bytes: a thousand hashed files fit, a mistaken download does not.
pub const MANIFEST_MAX_BYTES: usize = 512 * 1024;

/// What a route's script may weigh unless the operator grants more, in bytes after gzip: 35 KB.
pub const BUNDLE_BUDGET: u32 = 35 * 1024;

/// What a remote team publishes about one version of its remote: `remote.json`. An unknown field is an error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Manifest {
    /// Where the JSON Schema of this file is, for editors. The portal ignores it.
    #[serde(rename = "$schema", skip_serializing_if = "Option::is_none", default)]
    pub schema: Option<String>,
    /// `@scope/name`: lower case, digits, hyphens. Its id, used in paths, is `scope.name`.
    #[cfg_attr(test, schemars(regex(pattern = r"^@[a-z0-9]+(-[a-z0-9]+)*/[a-z0-9]+(-[a-z0-9]+)*$")))]
    pub name: String,
    /// This version (SemVer 2.0).
    pub version: String,
    /// What people call it.
    pub display_name: String,
    /// The team that answers for it.
    pub owner: String,
    /// The shell versions it works with: a range as npm writes it, such as `^1.0.0`.
    pub shell: String,
    /// What the browser loads.
    pub frontend: Frontend,
    /// The service behind the portal that its calls reach.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub backend: Option<Backend>,
    /// What a person needs to see it.
    #[serde(default)]
    pub permissions: Permissions,
    /// What it publishes and subscribes to.
    #[serde(default)]
    pub events: Events,
    /// The OpenAPI document of its back end, relative to the manifest; its hash stands in `frontend.files`. Calls are held
    /// against it before they are forwarded.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub openapi: Option<String>,
    /// What it asks the browser to allow.
    #[serde(default)]
    pub security: Security,
}

/// What a person needs to see a remote.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Permissions {
    /// Every one of these; none means everyone who is signed in.
    #[serde(default)]
    pub required: Vec<String>,
}

impl Manifest {
    /// The remote's id, used in paths: `@acme/todos` is `acme.todos`.
    pub fn id(&self) -> String {
        remote_id(&self.name)
    }
}

/// The id of the remote called `name`: `@acme/todos` is `acme.todos`. Two names never share an id, since neither part
/// of a name contains a dot.
pub fn remote_id(name: &str) -> String {
    name.trim_start_matches('@').replacen('/', ".", 1)
}

use std::sync::Arc;

use portico_contracts::{Application, Session};
use serde::{Deserialize, Serialize};

use crate::preferences::Preferences;

/// The permission of those who run an organization's portal: they see what the registry left out, and are taught how to
/// mount the first remote.
#[cfg(feature = "ssr")]
pub const ADMINISTRATION: &str = "org.admin";

/// The permission of those who run the platform: they see how it and everything behind it is doing, whichever
/// organization's it is.
#[cfg(feature = "ssr")]
pub const OPERATION: &str = "platform.operate";

/// Everything the shell shows on a page, decided by the server before rendering. Never holds a token.
///
/// What the browser needs of it travels as JSON in `<script type="application/json" id="portico-state">`; the fields
/// marked as skipped are on the page once it is rendered, and stay on the server.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShellState {
    /// The session; none shows the signed-out page, unless `outcome` says more.
    pub session: Option<Session>,
    /// The remotes this session may load, already resolved.
    pub applications: Vec<Arc<Application>>,
    /// Theme, language and navigation, as the person chose them.
    pub preferences: Preferences,
    /// The shell's version (SemVer 2.0).
    pub shell_version: String,
    /// Whether demo accounts are offered to sign in with.
    #[serde(skip)]
    pub environment: Environment,
    /// The providers to choose from where there are several; none or one needs no choice.
    #[serde(skip)]
    pub sign_in_with: Vec<SignInProvider>,
    /// What the server decided about the requested path where the path alone does not say it. A page with an outcome
    /// is left by full navigation only.
    #[serde(skip)]
    pub outcome: Option<Outcome>,
    /// A message from the action before this page (a form that failed, a switch that worked).
    #[serde(skip)]
    pub notice: Option<Notice>,
    /// For people who may administer the organization: remotes that were left out, and why.
    #[serde(skip)]
    pub registry_problems: Vec<RegistryProblem>,
    /// Whether the person administers the organization: then they see what only administrators need.
    #[cfg(feature = "ssr")]
    #[serde(skip)]
    pub administers: bool,
    /// Whether the person runs the platform: then they see how it is doing.
    #[cfg(feature = "ssr")]
    #[serde(skip)]
    pub operates: bool,
    /// What a page of the portal's own shows: account, members, an invitation. Not known to the browser at all.
    #[cfg(feature = "ssr")]
    #[serde(skip)]
    pub platform: Option<crate::platform::PlatformPage>,
}

/// A provider that people can sign in with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInProvider {
    /// What `/auth/login?provider=` calls it.
    pub name: String,
    /// What people call it.
    pub label: String,
}

/// The environment the portal runs in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Environment {
    /// With the embedded identity provider and its demo accounts.
    Development,
    /// Everything else.
    #[default]
    Production,
}

/// The server's verdict on the requested path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The path belongs to a remote that this session's entitlements do not include (403).
    Forbidden,
    /// Nothing is at the path (404).
    NotFound,
    /// The person has just signed out, or their session has ended.
    SignedOut,
    /// The request failed.
    Error {
        /// The HTTP status.
        status: u16,
        /// The kind of failure in words.
        title: String,
        /// This occurrence: what was wrong and what to do.
        detail: String,
        /// 32 hex digits, also in the log.
        trace_id: String,
    },
}

/// A message shown once at the top of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// How it is shown and announced.
    pub tone: Tone,
    /// Plain text.
    pub text: String,
}

/// How a message is shown and announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// It worked.
    Success,
    /// Worth knowing.
    Info,
    /// It did not work.
    Danger,
}

/// A remote that the registry left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryProblem {
    /// The remote's name or the manifest's file.
    pub source: String,
    /// The manifest's field, as a dotted path; empty when the whole is at fault.
    pub field: String,
    /// What is wrong.
    pub reason: String,
}

impl ShellState {
    /// The name of the organization the session acts for; its id where the provider gave no name.
    pub fn organization_name(&self) -> &str {
        let Some(session) = &self.session else { return "" };
        let current = session.organizations.iter().find(|organization| organization.id == session.org_id);
        current.map_or(&session.org_id, |organization| &organization.name)
    }
}

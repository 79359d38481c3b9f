use std::fmt;

use crate::Principal;

/// One question to a policy engine: may this principal do this to that?
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Query<'a> {
    /// Who asks; none for someone without a session.
    pub principal: Option<&'a Principal>,
    /// What they want to do.
    pub action: Action<'a>,
    /// What they want to do it to.
    pub resource: Resource<'a>,
    /// The permissions that the resource's declaration names; all are needed.
    pub required: &'a [String],
    /// Whether the resource is declared public: then no session is needed.
    pub public: bool,
}

impl<'a> Query<'a> {
    /// A question that needs a principal and no particular permission.
    pub fn new(principal: Option<&'a Principal>, action: Action<'a>, resource: Resource<'a>) -> Self {
        Self { principal, action, resource, required: &[], public: false }
    }

    /// The same question with the permissions that are needed.
    #[must_use]
    pub fn requiring(mut self, permissions: &'a [String]) -> Self {
        self.required = permissions;
        self
    }

    /// The same question about something that is declared public.
    #[must_use]
    pub fn public(mut self, public: bool) -> Self {
        self.public = public;
        self
    }
}

/// What someone wants to do. Displayed in the audit log's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Action<'a> {
    /// See it in the navigation, or load its remote.
    Navigate,
    /// Open a page.
    Open,
    /// Call an upstream through the proxy, with this HTTP method.
    Call(&'a str),
    /// Publish an event.
    Publish,
    /// Subscribe to events.
    Subscribe,
    /// Call a server function or a platform route that stands beside one.
    Invoke,
    /// Get an audience-scoped token into the browser (token mode).
    ExchangeToken,
}

impl fmt::Display for Action<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Navigate => "navigate",
            Self::Open => "open",
            Self::Call(method) => return write!(f, "call {method}"),
            Self::Publish => "publish",
            Self::Subscribe => "subscribe",
            Self::Invoke => "invoke",
            Self::ExchangeToken => "exchange-token",
        })
    }
}

/// What an action is done to. Displayed in the audit log's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Resource<'a> {
    /// A remote as a whole, by its id.
    Remote {
        /// `scope.name`.
        id: &'a str,
    },
    /// A page of the portal.
    Page {
        /// Absolute path in the portal.
        path: &'a str,
    },
    /// A route of a remote's back end.
    Route {
        /// The remote's id.
        remote: &'a str,
        /// The declared pattern that matched.
        pattern: &'a str,
        /// The path that will be forwarded.
        path: &'a str,
    },
    /// A type of event.
    Event {
        /// The remote's id.
        remote: &'a str,
        /// The CloudEvent's `type`.
        kind: &'a str,
    },
    /// A server function or platform route, by name.
    Function {
        /// Such as `invitations.create`.
        name: &'a str,
    },
}

impl fmt::Display for Resource<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Remote { id } => write!(f, "remote {id}"),
            Self::Page { path } => write!(f, "page {path}"),
            Self::Route { remote, path, .. } => write!(f, "route {remote} {path}"),
            Self::Event { remote, kind } => write!(f, "event {remote} {kind}"),
            Self::Function { name } => write!(f, "function {name}"),
        }
    }
}

use std::fmt;

use crate::{Condition, PathParameter, Principal};

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
    /// The conditions that the resource's declaration names; all have to hold.
    pub conditions: &'a [Condition],
    /// The placeholders with names in a route's pattern.
    pub parameters: &'a [PathParameter],
    /// The call's query (RFC 3986, section 3.4). Conditions may look at it; engines are not shown it, since anything may
    /// stand there.
    pub query_string: Option<&'a str>,
}

impl<'a> Query<'a> {
    /// A question that needs a principal and no particular permission.
    pub fn new(principal: Option<&'a Principal>, action: Action<'a>, resource: Resource<'a>) -> Self {
        Self {
            principal,
            action,
            resource,
            required: &[],
            public: false,
            conditions: &[],
            parameters: &[],
            query_string: None,
        }
    }

    /// The same question with the permissions that are needed.
    #[must_use]
    pub fn requiring(mut self, permissions: &'a [String]) -> Self {
        self.required = permissions;
        self
    }

    /// The same question with conditions, and with what they look at besides the principal: where the pattern's
    /// placeholders are in the path, and the query.
    #[must_use]
    pub fn on_condition(
        mut self,
        conditions: &'a [Condition],
        parameters: &'a [PathParameter],
        query_string: Option<&'a str>,
    ) -> Self {
        self.conditions = conditions;
        self.parameters = parameters;
        self.query_string = query_string;
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
    /// Do something that concerns nobody but whoever does it: end sessions of one's own, report what one's browser met.
    Own,
}

impl Action<'_> {
    /// Its name without the method of a call.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Navigate => "navigate",
            Self::Open => "open",
            Self::Call(_) => "call",
            Self::Publish => "publish",
            Self::Subscribe => "subscribe",
            Self::Invoke => "invoke",
            Self::ExchangeToken => "exchange-token",
            Self::Own => "own",
        }
    }
}

impl fmt::Display for Action<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(method) => write!(f, "call {method}"),
            other => f.write_str(other.name()),
        }
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

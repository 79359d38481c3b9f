use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Action, Principal, Query, Resource};

/// A question as JSON: what OPA gets as `input`, and what a record of decisions holds. Never a token, a query or a body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question<'q> {
    /// Who asks; `null` without a session.
    pub principal: Option<Person<'q>>,
    /// `navigate`, `open`, `call`, `publish`, `subscribe`, `invoke` or `exchange-token`; in a record `own` as well.
    pub action: Cow<'q, str>,
    /// The HTTP method of a call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<Cow<'q, str>>,
    /// What it is done to.
    pub resource: Thing<'q>,
    /// The permissions that the declaration names.
    pub required: Cow<'q, [String]>,
    /// Whether it is declared public.
    pub public: bool,
}

/// A principal as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each is the principal's field of that name")]
pub struct Person<'q> {
    pub issuer: Cow<'q, str>,
    pub subject: Cow<'q, str>,
    pub organization: Cow<'q, str>,
    pub roles: Cow<'q, [String]>,
    pub entitlements: Cow<'q, [String]>,
    pub claims: BTreeMap<Cow<'q, str>, Cow<'q, [String]>>,
}

/// A resource as JSON, told apart by `type`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
#[expect(missing_docs, reason = "each is the resource of that name, with its fields")]
pub enum Thing<'q> {
    Remote {
        id: Cow<'q, str>,
    },
    Page {
        path: Cow<'q, str>,
    },
    Route {
        remote: Cow<'q, str>,
        pattern: Cow<'q, str>,
        path: Cow<'q, str>,
        /// What the pattern's placeholders stand for, escapes decoded.
        parameters: BTreeMap<String, String>,
    },
    Event {
        remote: Cow<'q, str>,
        name: Cow<'q, str>,
    },
    Function {
        name: Cow<'q, str>,
    },
}

impl<'q> Question<'q> {
    /// What `query` asks.
    pub fn of(query: &Query<'q>) -> Self {
        Self {
            principal: query.principal.map(Person::of),
            action: query.action.name().into(),
            method: match query.action {
                Action::Call(method) => Some(method.into()),
                _ => None,
            },
            resource: Thing::of(query),
            required: query.required.into(),
            public: query.public,
        }
    }

    /// The action; none where a record names one that there is not.
    pub fn action(&self) -> Option<Action<'_>> {
        Some(match (&*self.action, self.method.as_deref()) {
            ("navigate", _) => Action::Navigate,
            ("open", _) => Action::Open,
            ("call", Some(method)) => Action::Call(method),
            ("publish", _) => Action::Publish,
            ("subscribe", _) => Action::Subscribe,
            ("invoke", _) => Action::Invoke,
            ("exchange-token", _) => Action::ExchangeToken,
            ("own", _) => Action::Own,
            _ => return None,
        })
    }

    /// The resource.
    pub fn resource(&self) -> Resource<'_> {
        match &self.resource {
            Thing::Remote { id } => Resource::Remote { id },
            Thing::Page { path } => Resource::Page { path },
            Thing::Route { remote, pattern, path, .. } => Resource::Route { remote, pattern, path },
            Thing::Event { remote, name } => Resource::Event { remote, kind: name },
            Thing::Function { name } => Resource::Function { name },
        }
    }
}

impl<'q> Person<'q> {
    fn of(principal: &'q Principal) -> Self {
        let claims = principal.claims.iter().map(|(name, values)| (name.into(), values.into()));
        Self {
            issuer: principal.issuer.as_str().into(),
            subject: principal.subject.as_str().into(),
            organization: principal.organization.as_str().into(),
            roles: principal.roles.as_slice().into(),
            entitlements: principal.entitlements.entitlements().into(),
            claims: claims.collect(),
        }
    }
}

impl<'q> Thing<'q> {
    fn of(query: &Query<'q>) -> Self {
        match query.resource {
            Resource::Remote { id } => Self::Remote { id: id.into() },
            Resource::Page { path } => Self::Page { path: path.into() },
            Resource::Event { remote, kind } => Self::Event { remote: remote.into(), name: kind.into() },
            Resource::Function { name } => Self::Function { name: name.into() },
            Resource::Route { remote, pattern, path } => {
                let named = query.parameters.iter().filter_map(|parameter| {
                    Some((parameter.name.clone(), parameter.value_in(path)?.into_owned()))
                });
                Self::Route {
                    remote: remote.into(),
                    pattern: pattern.into(),
                    path: path.into(),
                    parameters: named.collect(),
                }
            }
        }
    }
}

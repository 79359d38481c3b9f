//! What the operator lets each remote ask for. A manifest asks; the platform grants.

mod check;

use std::collections::BTreeMap;

use portico_contracts::manifest::{
    BACKEND_PATH, CSP_DIRECTIVES, CSP_SOURCE, Csp, EVENT_TYPE, ORIGIN, Rule, SCOPE, TOPIC,
};
use serde::{Deserialize, Serialize};

use crate::config::ConfigProblem;
use crate::name_pattern::{NamePattern, scope_of};

pub(crate) use check::exceeding;

/// Grants by remote name or pattern. The most specific one counts, alone: grants do not add up, so that reading one
/// entry tells everything a remote may have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Grants(BTreeMap<NamePattern, Grant>);

/// The bounds of what a manifest may ask for. What is not listed is not granted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Grant {
    /// Origins that `backend.url` may have.
    pub backend_origins: Vec<String>,
    /// Audiences of the tokens that are exchanged for it.
    pub audiences: Vec<String>,
    /// Scopes of those tokens.
    pub scopes: Vec<String>,
    /// Kafka topics.
    pub topics: Vec<String>,
    /// Event types it may publish.
    pub publish: Vec<String>,
    /// Event types it may subscribe to.
    pub subscribe: Vec<String>,
    /// Patterns of paths that it may open to people without a session.
    pub public_routes: Vec<String>,
    /// Origins of services that the browser may call past the portal.
    pub direct_origins: Vec<String>,
    /// Whether it may have access tokens in the browser.
    pub token_mode: bool,
    /// Origins it may add to the page's Content-Security-Policy, by directive.
    pub csp: Csp,
    /// The largest `bundleSize` in bytes; without it, the budget of every remote.
    pub max_bundle_size: Option<u32>,
}

impl Grants {
    /// Every grant.
    pub fn iter(&self) -> impl Iterator<Item = (&NamePattern, &Grant)> {
        self.0.iter()
    }

    /// The grant that counts for the remote called `name`.
    pub fn of(&self, name: &str) -> Option<&Grant> {
        let scope = || scope_of(name).map(|scope| NamePattern::Scope(scope.to_owned()));
        self.0
            .get(&NamePattern::Exact(name.to_owned()))
            .or_else(|| self.0.get(&scope()?))
            .or_else(|| self.0.get(&NamePattern::Any))
    }

    /// Values that could never match a valid manifest, and so are mistakes.
    pub(crate) fn problems(&self) -> Vec<ConfigProblem> {
        let of = |(pattern, grant): (&NamePattern, &Grant)| {
            let problem =
                |(field, reason)| ConfigProblem { key: format!("grants.\"{pattern}\".{field}"), reason };
            grant.problems().into_iter().map(problem).collect::<Vec<_>>()
        };
        self.0.iter().flat_map(of).collect()
    }
}

impl Grant {
    /// Fields and what is expected of them.
    fn problems(&self) -> Vec<(String, String)> {
        let lists = [
            ("backend_origins", &self.backend_origins, ORIGIN),
            ("scopes", &self.scopes, SCOPE),
            ("topics", &self.topics, TOPIC),
            ("publish", &self.publish, EVENT_TYPE),
            ("subscribe", &self.subscribe, EVENT_TYPE),
            ("public_routes", &self.public_routes, BACKEND_PATH),
            ("direct_origins", &self.direct_origins, CSP_SOURCE),
        ];
        let mut problems: Vec<_> =
            lists.into_iter().flat_map(|(field, values, rule)| broken(field, values, rule)).collect();
        for (directive, sources) in &self.csp {
            let field = format!("csp.{directive}");
            problems.extend(broken(&field, sources, CSP_SOURCE));
            if !CSP_DIRECTIVES.contains(&directive.as_str()) {
                problems.push((field, format!("expected one of {}", CSP_DIRECTIVES.join(", "))));
            }
        }
        problems
    }
}

fn broken(field: &str, values: &[String], rule: Rule) -> Vec<(String, String)> {
    let broken = values.iter().filter(|value| !(rule.holds)(value));
    broken.map(|value| (field.to_owned(), format!("expected {}, found {value:?}", rule.expected))).collect()
}

impl FromIterator<(NamePattern, Grant)> for Grants {
    fn from_iter<I: IntoIterator<Item = (NamePattern, Grant)>>(grants: I) -> Self {
        Self(grants.into_iter().collect())
    }
}

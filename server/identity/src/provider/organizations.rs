use serde_json::{Map, Value};

use super::id_token::Claims;
use super::{PortalClaims, ProviderConfig};
use crate::session::Membership;

/// Which claims of an id_token say what organizations a person belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OrganizationClaims {
    /// `org_id`, `org_name`, `organizations` and `roles`.
    #[default]
    Portal,
    /// Keycloak's `organization`, which its *Organization Membership* mapper writes ("Mapping organization claims", "Managing
    /// organizations", Server Administration Guide): one alias, a list of aliases, or a map from alias to what else is known.
    Keycloak,
}

/// What the claims say of organizations.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Organizations {
    /// The one that the tokens are for; empty where they are for none in particular.
    pub(super) current: String,
    /// Every one that is named.
    pub(super) named: Vec<Membership>,
    /// Whether these are all that the person belongs to.
    pub(super) complete: bool,
}

/// The scope by which Keycloak is asked for every organization of a person. Without it, it names the one that they picked.
const EVERY_ORGANIZATION: &str = "organization:*";

/// The scope by which Keycloak is asked for one: the one that the person picks, or, with `:` and its alias, this one.
const ONE_ORGANIZATION: &str = "organization";

/// What a login asks for besides `openid`. Where `wishes` name an organization, Keycloak has to hear it here.
pub(super) fn scopes(config: &ProviderConfig, wishes: &[(&str, &str)]) -> impl Iterator<Item = String> {
    let wished = wishes.iter().find(|(name, _)| *name == "organization").map(|(_, alias)| *alias);
    // It came from the browser, so it must not bring scopes of its own.
    let alias = wished.filter(|alias| {
        config.organization_claims == OrganizationClaims::Keycloak
            && !alias.is_empty()
            && alias.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
    });
    config.scopes.iter().map(move |scope| match alias {
        Some(alias) if scope == ONE_ORGANIZATION => format!("{scope}:{alias}"),
        _ => scope.clone(),
    })
}

impl Organizations {
    pub(super) fn of(config: &ProviderConfig, claims: &Claims) -> Self {
        let claims = claims.additional_claims();
        match config.organization_claims {
            OrganizationClaims::Portal => Self::in_portal_claims(claims),
            OrganizationClaims::Keycloak => {
                let every = config.scopes.iter().any(|scope| scope == EVERY_ORGANIZATION);
                Self::in_keycloak_claims(claims, every)
            }
        }
    }

    /// A provider that names only the organization of the login says nothing of others.
    fn in_portal_claims(claims: &PortalClaims) -> Self {
        let mut named: Vec<Membership> = claims
            .organizations
            .iter()
            .map(|o| Membership {
                id: o.id.clone(),
                name: o.name.clone().unwrap_or_else(|| o.id.clone()),
                roles: o.roles.clone(),
            })
            .collect();
        let complete = !named.is_empty();
        let first = || named.first().map(|o| o.id.clone());
        let current = claims.org_id.clone().or_else(first).unwrap_or_default();
        if !current.is_empty() && !named.iter().any(|o| o.id == current) {
            let name = claims.org_name.clone().unwrap_or_else(|| current.clone());
            named.push(Membership { id: current.clone(), name, roles: claims.roles.clone() });
        }
        Self { current, named, complete }
    }

    /// An alias is the organization's id here: every shape of the claim has it, and Keycloak never changes it.
    ///
    /// Roles count where Keycloak says that they are of the organization (`realm_access`, by *Add group role mappings*), or
    /// where the tokens are for one organization only: a role of the whole realm must not count in each of several.
    fn in_keycloak_claims(claims: &PortalClaims, every: bool) -> Self {
        let none = Map::new();
        let mut named: Vec<Membership> = match &claims.organization {
            Value::String(alias) => vec![member(alias, &none)],
            Value::Array(aliases) => {
                aliases.iter().filter_map(Value::as_str).map(|alias| member(alias, &none)).collect()
            }
            Value::Object(organizations) => organizations
                .iter()
                .map(|(alias, known)| member(alias, known.as_object().unwrap_or(&none)))
                .collect(),
            _ => Vec::new(),
        };
        named.retain(|membership| !membership.id.is_empty());
        let current = match named.as_mut_slice() {
            [only] if !every => {
                only.roles.extend_from_slice(&claims.roles);
                only.roles.sort_unstable();
                only.roles.dedup();
                only.id.clone()
            }
            _ => String::new(),
        };
        let complete = every && !named.is_empty();
        Self { current, named, complete }
    }
}

/// Attributes of the organization stand beside `id` and `realm_access`, each a list of texts; one called `name` says what
/// people call it.
fn member(alias: &str, known: &Map<String, Value>) -> Membership {
    let texts = |value: Option<&Value>| -> Vec<String> {
        value
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    };
    let name = texts(known.get("name")).into_iter().find(|name| !name.is_empty());
    Membership {
        id: alias.to_owned(),
        name: name.unwrap_or_else(|| alias.to_owned()),
        roles: texts(known.get("realm_access").and_then(|access| access.get("roles"))),
    }
}

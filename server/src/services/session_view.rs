use portico_contracts::{Organization, Session};
use time::format_description::well_known::Rfc3339;

use crate::http::Authenticated;

/// The session as the browser may know it.
pub fn session_view(session: &Authenticated) -> Session {
    let state = &session.state;
    let entitlements = &session.principal.entitlements;
    Session {
        sub: state.person.sub.clone(),
        name: state.person.name.clone(),
        email: state.person.email.clone(),
        org_id: state.org_id.clone(),
        organizations: state
            .organizations
            .iter()
            .map(|o| Organization { id: o.id.clone(), name: o.name.clone() })
            .collect(),
        permissions: entitlements.permissions().to_vec(),
        entitlements: entitlements.entitlements().to_vec(),
        expires_at: state.expires_at.format(&Rfc3339).unwrap_or_default(),
    }
}

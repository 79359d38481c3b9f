//! What the directory adds to what the provider's claims say.

use portico_directory::{Belonging, Claims, DirectoryError, Person, PersonId, resolve};
use portico_identity::provider::SignIn;
use portico_identity::session::{
    self, ActiveSession, Change, EndReason, Membership, SessionError, SessionState,
};

use crate::state::Portal;

/// Records a sign-in or a refresh, and returns the organizations that its session has: those that the claims name,
/// without those the person was removed from, and those that the portal keeps itself.
pub async fn organizations(portal: &Portal, sign_in: &SignIn) -> Result<Vec<Membership>, DirectoryError> {
    let claims = Claims {
        organizations: sign_in.organizations.iter().map(claimed).collect(),
        complete: sign_in.names_all_organizations,
    };
    let members = portal.directory.record(&person(&sign_in.person), &claims, portal.clock.now()).await?;
    Ok(resolve(&members, &claims).into_iter().map(membership).collect())
}

/// Who a session's person is to the directory.
pub fn person(person: &session::Person) -> Person {
    Person {
        id: PersonId { issuer: person.issuer.clone(), sub: person.sub.clone() },
        name: person.name.clone(),
        email: person.email.clone(),
        email_verified: person.email_verified,
    }
}

/// Lets a new session act for an organization that is its person's: the one its tokens are for, or else the first.
pub fn settle(state: &mut SessionState, organizations: Vec<Membership>) {
    state.organizations = organizations;
    if !state.organizations.iter().any(|o| o.id == state.org_id) {
        state.org_id = state.organizations.first().map(|first| first.id.clone()).unwrap_or_default();
    }
}

/// Whether the session's tokens are for an organization that its person was removed from. Then they serve nobody.
pub fn has_lost_tokens(state: &SessionState) -> bool {
    !state.tokens_org_id.is_empty() && !state.organizations.iter().any(|o| o.id == state.tokens_org_id)
}

/// Looks at the directory once more, after a session began, moved or was refreshed: whoever removes a member or changes
/// roles looks for sessions after the directory has changed, so one of the two finds the other (case 51). A session whose
/// person is out is ended; other roles are taken over. Returns whether it goes on.
pub async fn confirm(portal: &Portal, active: &ActiveSession) -> Result<bool, DirectoryError> {
    let state = active.state();
    if state.org_id.is_empty() {
        return Ok(true);
    }
    let failed = |error: SessionError| DirectoryError(error.to_string());
    let person = PersonId { issuer: state.person.issuer.clone(), sub: state.person.sub.clone() };
    let id = portico_directory::member_id(&state.org_id, &person);
    let Some(member) = portal.directory.member(&state.org_id, &id).await? else {
        portal.end_session(&active.id, EndReason::SignedOut).await.map_err(failed)?;
        return Ok(false);
    };
    if member.roles == state.roles() {
        return Ok(true);
    }
    let changed = portal.sessions.change(active, |of| {
        match of.organizations.iter_mut().find(|o| o.id == member.org_id) {
            Some(held) if held.roles != member.roles => {
                held.roles.clone_from(&member.roles);
                Change::SavePrivileges
            }
            _ => Change::None,
        }
    });
    changed.await.map_err(failed)
}

fn claimed(membership: &Membership) -> Belonging {
    Belonging {
        org_id: membership.id.clone(),
        name: membership.name.clone(),
        roles: membership.roles.clone(),
    }
}

fn membership(belonging: Belonging) -> Membership {
    Membership { id: belonging.org_id, name: belonging.name, roles: belonging.roles }
}

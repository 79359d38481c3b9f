//! Who belongs to an organization, and what an administrator changes about it.

use portico_app::platform::Told;
use portico_directory::{ChangeError, DirectoryError, Member};
use portico_identity::session::{Change, EndReason, SessionError};
use thiserror::Error;

use crate::audit;
use crate::http::{ApiError, Authenticated, RequestContext};
use crate::services::authorise;
use crate::state::AppState;

/// Why members or invitations were not changed.
#[derive(Debug, Error)]
pub enum Refused {
    /// The person may not administer the organization.
    #[error("an administrator's permission is needed")]
    Forbidden(ApiError),
    /// The organization has nothing under this id.
    #[error("there is no such {0} in the organization")]
    NotFound(&'static str),
    /// What was sent is not what it takes. What a person is told is beside it.
    #[error("{detail}")]
    Input {
        /// For the page.
        told: Told,
        /// For clients.
        detail: String,
    },
    /// Too many in a short time.
    #[error("too many in a short time")]
    TooMany(ApiError),
    /// A store failed.
    #[error("the store failed: {0}")]
    Store(String),
}

impl From<DirectoryError> for Refused {
    fn from(error: DirectoryError) -> Self {
        Self::Store(error.to_string())
    }
}

impl From<SessionError> for Refused {
    fn from(error: SessionError) -> Self {
        Self::Store(error.to_string())
    }
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Forbidden(error) => error,
            Refused::NotFound(what) => Self::not_found(format!("Your organization has no such {what}.")),
            Refused::Input { detail, .. } => Self::new(
                axum::http::StatusCode::UNPROCESSABLE_ENTITY,
                "not-possible",
                "This cannot be done as asked",
                detail,
            ),
            Refused::TooMany(error) => error,
            Refused::Store(cause) => Self::unavailable("The directory", cause),
        }
    }
}

/// Whether the session may administer its organization. A refusal is audited here.
pub async fn authorise(
    state: &AppState,
    context: &RequestContext,
    session: &Authenticated,
    action: &'static str,
) -> Result<(), Refused> {
    authorise::administer(state, context, session, action).await.map_err(Refused::Forbidden)
}

/// Whether the session's person may give `roles`: the configuration names them, and none includes more than they have.
pub fn check_roles(state: &AppState, session: &Authenticated, roles: &[String]) -> Result<(), Refused> {
    if let Some(role) = roles.iter().find(|role| !state.entitlements.is_role(role)) {
        let detail = format!("There is no role {role:.80?}.");
        return Err(Refused::Input {
            told: Told::UnknownRole { role: role.chars().take(80).collect() },
            detail,
        });
    }
    match state.entitlements.exceeding(roles, &session.principal.entitlements) {
        Some(role) => Err(more_than_own(role)),
        None => Ok(()),
    }
}

fn more_than_own(role: &str) -> Refused {
    let detail = format!("The role {role} includes permissions that you do not have yourself.");
    Refused::Input { told: Told::MoreThanOwn { role: role.to_owned() }, detail }
}

/// Gives a member of the session's organization other roles. Their open sessions have them at once.
pub async fn set_roles(
    state: &AppState,
    context: &RequestContext,
    session: &Authenticated,
    id: &str,
    roles: &[String],
) -> Result<Member, Refused> {
    const ACTION: &str = "change-roles";
    let member = changeable(state, context, session, id, ACTION).await?;
    if roles.is_empty() {
        let told = Told::NoRole { typed: String::new() };
        return Err(Refused::Input { told, detail: "Name at least one role.".into() });
    }
    if let Err(refused) = check_roles(state, session, roles) {
        audit::decision(ACTION, &resource(&member), false, &refused.to_string(), session, context);
        return Err(refused);
    }
    let org_id = &session.state.org_id;
    let changed = state.directory.set_roles(org_id, id, roles, &state.entitlements.admin_roles()).await;
    let before = changed.map_err(|error| change_error(error, &member, ACTION, session, context))?;
    audit::decision(
        ACTION,
        &resource(&member),
        true,
        &format!("roles are {}", roles.join(", ")),
        session,
        context,
    );
    if let Some(idp) = state.dev_idp_of(&before.person.issuer) {
        idp.grant_membership(&before.person.sub, org_id, roles);
    }
    let person = &before.person;
    let updated = state.sessions.update_person(&person.issuer, &person.sub, |of| {
        let is_current = of.org_id == *org_id;
        let Some(held) = of.organizations.iter_mut().find(|o| o.id == *org_id) else { return Change::None };
        held.roles = roles.to_vec();
        if is_current {
            of.renew = true;
            Change::SavePrivileges
        } else {
            Change::Save
        }
    });
    updated.await?;
    Ok(before)
}

/// Removes a member of the session's organization. Their sessions for it end at once, with their streams and tokens.
pub async fn remove(
    state: &AppState,
    context: &RequestContext,
    session: &Authenticated,
    id: &str,
) -> Result<Member, Refused> {
    const ACTION: &str = "remove-member";
    let member = changeable(state, context, session, id, ACTION).await?;
    let org_id = &session.state.org_id;
    let now = state.clock.now();
    let removed = state.directory.remove(org_id, id, &state.entitlements.admin_roles(), now).await;
    let before = removed.map_err(|error| change_error(error, &member, ACTION, session, context))?;
    audit::decision(ACTION, &resource(&member), true, "administrator", session, context);
    if let Some(idp) = state.dev_idp_of(&before.person.issuer) {
        idp.withdraw_membership(&before.person.sub, org_id);
    }
    let person = &before.person;
    let updated = state.sessions.update_person(&person.issuer, &person.sub, |of| {
        if of.org_id == *org_id {
            return Change::End(EndReason::SignedOut);
        }
        let count = of.organizations.len();
        of.organizations.retain(|o| o.id != *org_id);
        if of.organizations.len() < count { Change::Save } else { Change::None }
    });
    updated.await?;
    Ok(before)
}

/// A member that this administrator may change: of their organization, and with no role that exceeds their own.
async fn changeable(
    state: &AppState,
    context: &RequestContext,
    session: &Authenticated,
    id: &str,
    action: &'static str,
) -> Result<Member, Refused> {
    authorise(state, context, session, action).await?;
    let Some(member) = state.directory.member(&session.state.org_id, id).await? else {
        audit::decision(
            action,
            &format!("member {id:.60}"),
            false,
            "not of this organization",
            session,
            context,
        );
        return Err(Refused::NotFound("member"));
    };
    if let Some(role) = state.entitlements.exceeding(&member.roles, &session.principal.entitlements) {
        audit::decision(
            action,
            &resource(&member),
            false,
            "holds more than the administrator",
            session,
            context,
        );
        return Err(more_than_own(role));
    }
    Ok(member)
}

fn change_error(
    error: ChangeError,
    member: &Member,
    action: &'static str,
    session: &Authenticated,
    context: &RequestContext,
) -> Refused {
    match error {
        ChangeError::NotFound => Refused::NotFound("member"),
        ChangeError::LastAdmin => {
            audit::decision(action, &resource(member), false, "the last administrator", session, context);
            let detail = "An organization keeps at least one administrator. Make someone else one first.";
            Refused::Input { told: Told::LastAdmin { name: member.name.clone() }, detail: detail.into() }
        }
        ChangeError::Store(error) => error.into(),
    }
}

fn resource(member: &Member) -> String {
    format!("member {}", member.id)
}

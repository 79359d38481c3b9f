//! Asking people to join an organization, and joining.

use portico_app::Locale;
use portico_app::mail::{InvitationLetter, Letter};
use portico_app::platform::Told;
use portico_directory::{
    AcceptError, EmailAddress, Invitation, InvitationState, InvitationToken, Inviter, Member,
    new_invitation_id,
};
use portico_identity::session::{Change, Membership};
use time::Duration;

use super::members::{Refused, authorise, check_roles};
use super::{authorise, membership, organization, told};
use crate::http::{ApiError, Authenticated, RequestContext};
use crate::state::AppState;
use crate::{audit, dates};

/// An invitation that was made, and what became of its link.
#[derive(Debug)]
pub struct Invited {
    /// It.
    pub invitation: Invitation,
    /// Its link.
    pub delivery: Delivery,
}

/// What became of an invitation's link.
#[derive(Debug)]
pub enum Delivery {
    /// The mail server has it.
    Sent,
    /// The mail server did not take it: it can be sent again.
    Failed,
    /// There is no mail server, and this is production.
    NoMail,
    /// There is no mail server, and this is development: whoever invites hands the link on.
    Shown(String),
}

/// More open invitations than this in one organization are not made.
const MOST_OPEN: usize = 500;

/// What the policy and the audit trail call it, the first time and again.
const INVITE: &str = "invite";

/// Invites someone into the session's organization. An open invitation for the same address is replaced.
pub async fn create(
    state: &AppState,
    context: &RequestContext,
    session: &Authenticated,
    locale: Locale,
    (email, roles): (&str, &[String]),
) -> Result<Invited, Refused> {
    authorise(state, context, session, INVITE).await?;
    invite(state, context, session, locale, (email, roles)).await
}

async fn invite(
    state: &AppState,
    context: &RequestContext,
    session: &Authenticated,
    locale: Locale,
    (email, roles): (&str, &[String]),
) -> Result<Invited, Refused> {
    let typed: String = email.trim().chars().take(254).collect();
    let Ok(email) = EmailAddress::parse(email) else {
        let detail = "`email` is no e-mail address, such as carol@example.com.".to_owned();
        return Err(Refused::Input { told: Told::EmailInvalid { typed }, detail });
    };
    if roles.is_empty() {
        return Err(Refused::Input {
            told: Told::NoRole { typed },
            detail: "Name at least one role.".into(),
        });
    }
    let resource = format!("organization {}", session.state.org_id);
    if let Err(refused) = check_roles(state, session, roles) {
        audit::decision(INVITE, &resource, false, &refused.to_string(), session, context);
        return Err(refused);
    }
    // Whoever may invite must not become a way to send mail to everyone.
    state.limits.invitation(&session.state.org_id).await.map_err(Refused::TooMany)?;
    let now = state.clock.now();
    let open = state.directory.invitations(&session.state.org_id, now).await?;
    if open.len() >= MOST_OPEN && !open.iter().any(|other| other.email == email) {
        let told = Told::NotSent { email: typed };
        return Err(Refused::Input {
            told,
            detail: "Too many invitations are open. Revoke some first.".into(),
        });
    }
    let token = InvitationToken::generate(state.random.as_ref());
    let person = membership::person(&session.state.person);
    let mut invitation = Invitation {
        id: new_invitation_id(state.random.as_ref()),
        org_id: session.state.org_id.clone(),
        org_name: organization_name(session),
        email,
        roles: roles.to_vec(),
        inviter: Inviter { person: person.id, name: person.name },
        token: token.hash(),
        created_at: now,
        expires_at: now + Duration::days(state.config.invitations.valid_days.into()),
        delivered_at: None,
        accepted_at: None,
        revoked_at: None,
    };
    state.directory.invite(&invitation).await?;
    let reason = format!("invitation {} with {}", invitation.id, roles.join(", "));
    audit::decision(INVITE, &resource, true, &reason, session, context);
    let delivery = deliver(state, &invitation, &token, locale).await;
    if matches!(delivery, Delivery::Sent | Delivery::Shown(_)) {
        state.directory.delivered(&invitation.org_id, &invitation.id, now).await?;
        invitation.delivered_at = Some(now);
    }
    Ok(Invited { invitation, delivery })
}

/// Sends an open invitation again. Its link is kept nowhere, so it gets a new one, and its time begins anew.
pub async fn send_again(
    state: &AppState,
    context: &RequestContext,
    session: &Authenticated,
    locale: Locale,
    id: &str,
) -> Result<Invited, Refused> {
    let before = own(state, context, session, id, INVITE).await?;
    invite(state, context, session, locale, (before.email.as_str(), &before.roles)).await
}

/// Revokes an open invitation of the session's organization.
pub async fn revoke(
    state: &AppState,
    context: &RequestContext,
    session: &Authenticated,
    id: &str,
) -> Result<Invitation, Refused> {
    const ACTION: &str = "revoke-invitation";
    let invitation = own(state, context, session, id, ACTION).await?;
    if !state.directory.revoke(&invitation.org_id, id, state.clock.now()).await? {
        return Err(Refused::Input {
            told: Told::Gone,
            detail: "The invitation is not open any more.".into(),
        });
    }
    audit::decision(ACTION, &format!("invitation {id}"), true, "administrator", session, context);
    Ok(invitation)
}

/// An open invitation of the session's organization. Any other is not there, and asking for it is audited.
async fn own(
    state: &AppState,
    context: &RequestContext,
    session: &Authenticated,
    id: &str,
    action: &'static str,
) -> Result<Invitation, Refused> {
    authorise(state, context, session, action).await?;
    let Some(found) = state.directory.invitation(&session.state.org_id, id).await? else {
        let resource = format!("invitation {id:.60}");
        audit::decision(action, &resource, false, "not of this organization", session, context);
        return Err(Refused::NotFound("invitation"));
    };
    if found.state(state.clock.now()) != InvitationState::Open {
        return Err(Refused::Input {
            told: Told::Gone,
            detail: "The invitation is not open any more.".into(),
        });
    }
    Ok(found)
}

/// Accepts an invitation for whoever is signed in, and switches to its organization under a new session id. Membership
/// and entitlements are there before any remote is resolved.
///
/// # Errors
/// 404 where the token is nobody's, 403 where the invitation is for another address (audited), 410 where it is over.
pub async fn accept(
    state: &AppState,
    context: &RequestContext,
    session: &Authenticated,
    token: &InvitationToken,
) -> Result<organization::Switched, ApiError> {
    const ACTION: &str = "accept-invitation";
    authorise::invoke(state, context, session, ACTION).await?;
    let person = membership::person(&session.state.person);
    let deny = |reason: &str| audit::decision(ACTION, "invitation", false, reason, session, context);
    let accepted =
        portico_directory::accept(state.directory.as_ref(), token, &person, state.clock.now()).await;
    let member = accepted.map_err(|error| {
        if !matches!(error, AcceptError::Store(_)) {
            deny(&error.to_string());
        }
        accept_error(error)
    })?;
    let resource = format!("organization {}", member.org_id);
    audit::decision(ACTION, &resource, true, "invited", session, context);
    admit(state, &member).await?;
    let fresh = Authenticated { state: session.active.state(), ..session.clone() };
    let welcome = Told::Welcome { organization: member.org_name.clone() };
    let kept = told::keep(state, &session.active, &welcome).await;
    kept.map_err(|error| ApiError::unavailable("The session store", error))?;
    organization::switch(state, context, &fresh, &member.org_id, "/").await
}

/// Every session of the new member may switch to the organization.
async fn admit(state: &AppState, member: &Member) -> Result<(), ApiError> {
    if let Some(idp) = state.dev_idp_of(&member.person.issuer) {
        idp.grant_membership(&member.person.sub, &member.org_id, &member.roles);
    }
    let (issuer, sub) = (&member.person.issuer, &member.person.sub);
    let updated = state.sessions.update_person(issuer, sub, |of| {
        let roles = member.roles.clone();
        let joined = Membership { id: member.org_id.clone(), name: member.org_name.clone(), roles };
        let is_current = of.org_id == member.org_id;
        match of.organizations.iter_mut().find(|o| o.id == member.org_id) {
            Some(held) => *held = joined,
            None => of.organizations.push(joined),
        }
        of.renew |= is_current;
        if is_current { Change::SavePrivileges } else { Change::Save }
    });
    updated.await.map(drop).map_err(|error| ApiError::unavailable("The session store", error))
}

fn accept_error(error: AcceptError) -> ApiError {
    match error {
        AcceptError::Unknown => ApiError::not_found("There is no such invitation."),
        AcceptError::AnotherPerson => ApiError::forbidden(
            "The invitation is for another e-mail address than yours, or your provider has not verified yours.",
        ),
        AcceptError::Over(over) => ApiError::new(
            axum::http::StatusCode::GONE,
            "invitation-over",
            "The invitation is not open any more",
            match over {
                InvitationState::Accepted => "It was accepted already.",
                InvitationState::Expired => "Its time is over. Ask for a new one.",
                InvitationState::Open | InvitationState::Revoked => {
                    "It was revoked or replaced by a newer one."
                }
            },
        ),
        AcceptError::Store(error) => ApiError::unavailable("The directory", error),
    }
}

/// The way of an invitation's link to the person it is for. Nothing is lost where it fails: the invitation stays, and is
/// sent again.
async fn deliver(
    state: &AppState,
    invitation: &Invitation,
    token: &InvitationToken,
    locale: Locale,
) -> Delivery {
    let link = format!("{}/invitations/{}", state.origin, token.secret());
    let Some(mailer) = &state.mailer else {
        if !state.config.is_development() {
            return Delivery::NoMail;
        }
        tracing::info!(invitation.id, "no mail server is configured; the invitation's link: {link}");
        return Delivery::Shown(link);
    };
    let letter = Letter::invitation(
        locale,
        InvitationLetter {
            inviter: &invitation.inviter.name,
            organization: &invitation.org_name,
            link: &link,
            expires: &dates::minute(invitation.expires_at, locale),
        },
    );
    match mailer.send(&invitation.email, &letter).await {
        Ok(()) => Delivery::Sent,
        Err(error) => {
            tracing::warn!(invitation.id, error.message = %error, "an invitation could not be mailed");
            Delivery::Failed
        }
    }
}

fn organization_name(session: &Authenticated) -> String {
    let state = &session.state;
    let current = state.organizations.iter().find(|o| o.id == state.org_id);
    current.map_or_else(|| state.org_id.clone(), |o| o.name.clone())
}

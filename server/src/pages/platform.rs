//! What the portal's own pages show: account, members, an invitation.

use portico_app::Locale;
use portico_app::platform::{
    AccountOrganization, AccountPage, DecisionAnswer, DecisionRow, DecisionsPage, Device, InvitationPage,
    InvitationRow, InvitationView, MemberRow, MembersPage, Moment, PlatformPage, RoleChoice, Told,
};
use portico_audit::Decision;
use portico_directory::{EmailAddress, Invitation, InvitationState, InvitationToken, Member, Person};
use portico_identity::session::SessionSummary;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

use super::health;
use crate::dates;
use crate::http::{ApiError, Authenticated, RequestContext};
use crate::services::members::{Refused, authorise};
use crate::services::{RecentDecision, membership};
use crate::state::AppState;

/// What is at a path of the portal's own pages.
pub(super) enum Found {
    /// This.
    Page(Box<PlatformPage>),
    /// A page that this session may not see.
    Forbidden,
    /// Nothing.
    Nothing,
}

/// Whether a path is one of the portal's own pages, for someone with or without a session, and what it shows. None where
/// the path is something else, or the session has to be there first.
pub(super) async fn find(
    state: &AppState,
    context: &RequestContext,
    session: Option<&Authenticated>,
    path: &str,
    query: Option<&str>,
    told: Option<&Told>,
    locale: Locale,
) -> Result<Option<Found>, ApiError> {
    if let Some(token) = path.strip_prefix("/invitations/") {
        return invitation(state, session, token, locale).await.map(Some);
    }
    let Some(session) = session else { return Ok(None) };
    match path {
        "/account" => account(state, session, locale).await.map(Some),
        "/members" => match authorise(state, context, session, "list-members").await {
            Ok(()) => members(state, session, told, locale).await.map(Some),
            Err(refused) => forbidden(refused).map(Some),
        },
        "/decisions" => match authorise(state, context, session, "list-decisions").await {
            Ok(()) => decisions(state, session, query, locale).await.map(Some),
            Err(refused) => forbidden(refused).map(Some),
        },
        // Whoever may not open it has been refused already: the page's own permission is asked for.
        "/platform/health" => {
            Ok(Some(Found::Page(Box::new(PlatformPage::Health(health::page(state).await)))))
        }
        _ => Ok(None),
    }
}

/// A refusal is a page of its own; that nobody could decide is an error.
fn forbidden(refused: Refused) -> Result<Found, ApiError> {
    let error = ApiError::from(refused);
    if error.status().is_server_error() { Err(error) } else { Ok(Found::Forbidden) }
}

/// *Why was I refused?*: what was decided under a trace id, or what was refused lately.
async fn decisions(
    state: &AppState,
    session: &Authenticated,
    query: Option<&str>,
    locale: Locale,
) -> Result<Found, ApiError> {
    let asked = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    let trace: String = asked
        .into_iter()
        .find(|(name, _)| name == "trace")
        .map_or_else(String::new, |(_, trace)| trace.trim().chars().take(64).collect());
    let org_id = &session.state.org_id;
    let found = state.audit.recent().find(org_id, Some(&*trace).filter(|trace| !trace.is_empty()));
    let members = state.directory.members(org_id).await;
    let members = members.map_err(|error| ApiError::unavailable("The directory", error))?;
    let name = |decision: &RecentDecision| {
        let is = |member: &&Member| {
            member.person.sub == decision.subject && member.person.issuer == decision.issuer
        };
        members.iter().find(is).map_or_else(|| decision.subject.clone(), |member| member.name.clone())
    };
    let rows = found.iter().take(MOST_ROWS).map(|decision| DecisionRow {
        who: name(decision),
        time: moment(decision.time, locale),
        trace_id: decision.trace_id.clone(),
        action: decision.action.clone(),
        resource: decision.resource.clone(),
        answer: match decision.decision {
            Decision::Allow => DecisionAnswer::Allowed,
            Decision::Deny => DecisionAnswer::Refused,
            Decision::Unavailable => DecisionAnswer::Unavailable,
        },
        reason: decision.reason.clone(),
        missing: decision.missing.clone(),
    });
    let page = DecisionsPage { rows: rows.collect(), trace };
    Ok(Found::Page(Box::new(PlatformPage::Decisions(page))))
}

/// What a person reads of it; the API has all.
const MOST_ROWS: usize = 50;

async fn account(state: &AppState, session: &Authenticated, locale: Locale) -> Result<Found, ApiError> {
    let person = &session.state.person;
    let sessions = state.sessions.of_person(&person.issuer, &person.sub).await;
    let sessions = sessions.map_err(|error| ApiError::unavailable("The session store", error))?;
    let own = session.active.handle();
    let organizations = session.state.organizations.iter().map(|o| AccountOrganization {
        id: o.id.clone(),
        name: o.name.clone(),
        roles: o.roles.clone(),
        is_current: o.id == session.state.org_id,
    });
    let page = AccountPage {
        provider: provider_name(&person.issuer),
        organizations: organizations.collect(),
        devices: sessions.iter().map(|summary| device(summary, &own, locale)).collect(),
    };
    Ok(Found::Page(Box::new(PlatformPage::Account(page))))
}

/// The issuer as people may know it.
fn provider_name(issuer: &str) -> String {
    let host = url::Url::parse(issuer).ok().and_then(|url| url.host_str().map(str::to_owned));
    host.unwrap_or_else(|| issuer.to_owned())
}

fn device(summary: &SessionSummary, own: &str, locale: Locale) -> Device {
    Device {
        handle: summary.handle.clone(),
        name: summary.state.device.clone(),
        begun: moment(summary.state.created_at, locale),
        last_seen: moment(summary.last_seen, locale),
        is_current: summary.handle == own,
    }
}

async fn members(
    state: &AppState,
    session: &Authenticated,
    told: Option<&Told>,
    locale: Locale,
) -> Result<Found, ApiError> {
    let org_id = &session.state.org_id;
    let failed = |error| ApiError::unavailable("The directory", error);
    let members = state.directory.members(org_id).await.map_err(failed)?;
    let invitations = state.directory.invitations(org_id, state.clock.now()).await.map_err(failed)?;
    let roles = state.entitlements.grantable(&session.principal.entitlements);
    let choice = |(name, permissions): (&str, Vec<&str>)| {
        let words = state.entitlements.description(name, locale.as_str()).map(str::to_owned);
        RoleChoice { name: name.to_owned(), description: words.unwrap_or_else(|| permissions.join(", ")) }
    };
    let page = MembersPage {
        members: members.into_iter().map(|member| row(state, session, member, locale)).collect(),
        invitations: invitations.into_iter().map(|invitation| open(invitation, locale)).collect(),
        roles: roles.into_iter().map(choice).collect(),
        typed_email: told.map(Told::typed_email).unwrap_or_default().to_owned(),
        link: told.and_then(Told::link).map(str::to_owned),
    };
    Ok(Found::Page(Box::new(PlatformPage::Members(page))))
}

fn row(state: &AppState, session: &Authenticated, member: Member, locale: Locale) -> MemberRow {
    let person = &session.state.person;
    let exceeds = state.entitlements.exceeding(&member.roles, &session.principal.entitlements).is_some();
    MemberRow {
        is_self: member.person.issuer == person.issuer && member.person.sub == person.sub,
        may_change: !exceeds,
        is_invited: member.source == portico_directory::Source::Portal,
        joined: day(member.joined_at, locale),
        id: member.id,
        name: member.name,
        email: member.email,
        roles: member.roles,
    }
}

fn open(invitation: Invitation, locale: Locale) -> InvitationRow {
    InvitationRow {
        id: invitation.id,
        email: invitation.email.to_string(),
        roles: invitation.roles,
        expires: moment(invitation.expires_at, locale),
        invited_by: invitation.inviter.name,
        is_delivered: invitation.delivered_at.is_some(),
    }
}

async fn invitation(
    state: &AppState,
    session: Option<&Authenticated>,
    token: &str,
    locale: Locale,
) -> Result<Found, ApiError> {
    let token = InvitationToken::from_link(token);
    let found = state.directory.invitation_by_token(&token.hash()).await;
    let found = found.map_err(|error| ApiError::unavailable("The directory", error))?;
    let Some(invitation) = found else { return Ok(Found::Nothing) };
    let person = session.map(|session| membership::person(&session.state.person));
    let page = InvitationPage {
        view: view(&invitation, person.as_ref(), state.clock.now()),
        token: token.secret().to_owned(),
        organization: invitation.org_name,
        inviter: invitation.inviter.name,
        email: invitation.email.to_string(),
        roles: invitation.roles,
        expires: moment(invitation.expires_at, locale),
    };
    Ok(Found::Page(Box::new(PlatformPage::Invitation(page))))
}

/// What became of an invitation is for the person it is for; to any other it is for someone else.
fn view(invitation: &Invitation, person: Option<&Person>, now: OffsetDateTime) -> InvitationView {
    let has_address =
        |address: &EmailAddress, person: &Person| person.email.as_deref().is_some_and(|own| address.is(own));
    match (invitation.state(now), person) {
        (_, Some(person)) if !has_address(&invitation.email, person) => InvitationView::Another,
        (InvitationState::Accepted, _) => InvitationView::Accepted,
        (InvitationState::Revoked, _) => InvitationView::Revoked,
        (InvitationState::Expired, _) => InvitationView::Expired,
        (InvitationState::Open, None) => InvitationView::SignIn,
        (InvitationState::Open, Some(person)) if person.owns(&invitation.email) => InvitationView::Accept,
        (InvitationState::Open, Some(_)) => InvitationView::Unverified,
    }
}

fn moment(at: OffsetDateTime, locale: Locale) -> Moment {
    Moment { text: dates::minute(at, locale), machine: at.format(&Rfc3339).unwrap_or_default() }
}

fn day(at: OffsetDateTime, locale: Locale) -> Moment {
    let machine = at.format(format_description!("[year]-[month]-[day]"));
    Moment { text: dates::day(at, locale), machine: machine.unwrap_or_default() }
}

//! The pages that people work with without any remote: their account, their organization's members, an invitation, and
//! why somebody was refused.
//! Only the server renders them.

mod health;
mod told;

pub use health::{
    Breaker, Count, CredentialRow, EndpointRow, EndpointState, FailureRow, Group, GroupKind, HealthPage,
    Level, Number, Part, PartKind, QuotaRow, UpstreamRow,
};
pub use told::Told;

/// What such a page shows, decided by the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlatformPage {
    /// `/account`.
    Account(AccountPage),
    /// `/members`.
    Members(MembersPage),
    /// `/invitations/{token}`.
    Invitation(InvitationPage),
    /// `/platform/health`.
    Health(HealthPage),
    /// `/decisions`.
    Decisions(DecisionsPage),
}

/// Why somebody of the organization was refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DecisionsPage {
    /// The trace id that was asked for; empty for the latest refusals.
    pub trace: String,
    /// Newest first.
    pub rows: Vec<DecisionRow>,
}

/// A decision about what somebody asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionRow {
    /// Who asked.
    pub who: String,
    /// When.
    pub time: Moment,
    /// The trace id of the request.
    pub trace_id: String,
    /// What was asked, in the audit log's words.
    pub action: String,
    /// About what.
    pub resource: String,
    /// What was decided.
    pub answer: DecisionAnswer,
    /// Which rule or policy decided.
    pub reason: String,
    /// The permissions that were lacking.
    pub missing: Vec<String>,
}

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecisionAnswer {
    /// Go ahead.
    Allowed,
    /// No.
    Refused,
    /// Nobody could decide.
    Unavailable,
}

/// Who someone is, where they belong, and where they are signed in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountPage {
    /// The provider that vouches for them, as a host name.
    pub provider: String,
    /// Their organizations.
    pub organizations: Vec<AccountOrganization>,
    /// Their sessions, newest first.
    pub devices: Vec<Device>,
}

/// One organization of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountOrganization {
    /// `org_id`.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// The roles held there.
    pub roles: Vec<String>,
    /// Whether the session acts for it.
    pub is_current: bool,
}

/// A session, as its owner knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// What names it in a form; no credential.
    pub handle: String,
    /// The browser, in words; empty where it did not say.
    pub name: String,
    /// When it signed in.
    pub begun: Moment,
    /// When it last asked for something.
    pub last_seen: Moment,
    /// Whether it is the one that looks at the page.
    pub is_current: bool,
}

/// An instant, as people and as machines read it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// As people of the page's language write it, in UTC.
    pub text: String,
    /// RFC 3339.
    pub machine: String,
}

/// Everyone in an organization, and who is asked to join it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MembersPage {
    /// By name.
    pub members: Vec<MemberRow>,
    /// Newest first.
    pub invitations: Vec<InvitationRow>,
    /// The roles that the person who looks may give.
    pub roles: Vec<RoleChoice>,
    /// What was typed into the form that was refused.
    pub typed_email: String,
    /// An invitation's link, where it cannot be mailed: shown once.
    pub link: Option<String>,
}

/// A member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberRow {
    /// What names the membership in a form.
    pub id: String,
    /// Display name.
    pub name: String,
    /// E-mail address.
    pub email: Option<String>,
    /// The roles held.
    pub roles: Vec<String>,
    /// Whether it came of an invitation rather than from the provider.
    pub is_invited: bool,
    /// Since when.
    pub joined: Moment,
    /// Whether it is the person who looks.
    pub is_self: bool,
    /// Whether the person who looks may change it.
    pub may_change: bool,
}

/// An open invitation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvitationRow {
    /// What names it in a form.
    pub id: String,
    /// Whom it is for.
    pub email: String,
    /// The roles it gives.
    pub roles: Vec<String>,
    /// Until when it counts.
    pub expires: Moment,
    /// Who made it.
    pub invited_by: String,
    /// Whether its link is on its way.
    pub is_delivered: bool,
}

/// A role that can be given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleChoice {
    /// Its name.
    pub name: String,
    /// What it is, in words, or the permissions it gives.
    pub description: String,
}

/// An invitation, as whoever opens its link sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvitationPage {
    /// The link's token, for the form. A credential of whoever opened the link.
    pub token: String,
    /// Into which organization.
    pub organization: String,
    /// Who invites.
    pub inviter: String,
    /// Whom it is for.
    pub email: String,
    /// The roles it gives.
    pub roles: Vec<String>,
    /// Until when it counts.
    pub expires: Moment,
    /// What can be done.
    pub view: InvitationView,
}

/// What whoever opens an invitation's link can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvitationView {
    /// Sign in first.
    SignIn,
    /// Accept it.
    Accept,
    /// Nothing: it is for another address.
    Another,
    /// Nothing yet: the provider has not verified the address.
    Unverified,
    /// Nothing: it was accepted.
    Accepted,
    /// Nothing: it was taken back.
    Revoked,
    /// Nothing: its time is over.
    Expired,
}

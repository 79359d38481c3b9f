use serde::{Deserialize, Serialize};

use crate::text::{PlatformText, fill};
use crate::{Locale, Notice, Tone};

/// What a form's action says on the next page. Kept in the session until then, never in a URL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "told", rename_all = "snake_case")]
pub enum Told {
    /// The letter is on its way.
    Invited {
        /// To whom.
        email: String,
    },
    /// The mail server did not take it.
    NotSent {
        /// Whose.
        email: String,
    },
    /// There is no mail server.
    NoMail {
        /// Whose.
        email: String,
    },
    /// Development without a mail server: the link itself.
    Link {
        /// Whose.
        email: String,
        /// A credential, shown once.
        link: String,
    },
    /// An invitation was revoked.
    Revoked {
        /// Whose.
        email: String,
    },
    /// What was to be changed is not there any more.
    Gone,
    /// A member has other roles.
    RolesChanged {
        /// Who.
        name: String,
    },
    /// A member was removed.
    Removed {
        /// Who.
        name: String,
    },
    /// Nobody would be left to administer the organization.
    LastAdmin {
        /// Who.
        name: String,
    },
    /// What was typed is no address.
    EmailInvalid {
        /// What was typed.
        typed: String,
    },
    /// No role was chosen.
    NoRole {
        /// The address typed beside it.
        typed: String,
    },
    /// There is no such role.
    UnknownRole {
        /// Which.
        role: String,
    },
    /// A role includes what the person who gives or changes it does not have.
    MoreThanOwn {
        /// Which.
        role: String,
    },
    /// The form is from before a switch of organization.
    OtherOrganization,
    /// The first page in a new organization.
    Welcome {
        /// Which.
        organization: String,
    },
    /// A session was ended.
    SessionEnded,
    /// All sessions but this one were ended.
    OthersEnded {
        /// How many there were.
        count: usize,
    },
}

impl Told {
    /// In the person's language.
    pub fn notice(&self, locale: Locale) -> Notice {
        let words = PlatformText::of(locale);
        let (tone, text) = match self {
            Self::Invited { email } => (Tone::Success, fill(words.told_invited, email)),
            Self::NotSent { email } => (Tone::Danger, fill(words.told_not_sent, email)),
            Self::NoMail { email } => (Tone::Danger, fill(words.told_no_mail, email)),
            Self::Link { email, .. } => (Tone::Info, fill(words.told_link, email)),
            Self::Revoked { email } => (Tone::Success, fill(words.told_revoked, email)),
            Self::Gone => (Tone::Info, words.told_gone.to_owned()),
            Self::RolesChanged { name } => (Tone::Success, fill(words.told_roles_changed, name)),
            Self::Removed { name } => (Tone::Success, fill(words.told_removed, name)),
            Self::LastAdmin { name } => (Tone::Danger, fill(words.told_last_admin, name)),
            Self::EmailInvalid { typed } => (Tone::Danger, fill(words.told_email_invalid, typed)),
            Self::NoRole { .. } => (Tone::Danger, words.told_no_role.to_owned()),
            Self::UnknownRole { role } => (Tone::Danger, fill(words.told_unknown_role, role)),
            Self::MoreThanOwn { role } => (Tone::Danger, fill(words.told_more_than_own, role)),
            Self::OtherOrganization => (Tone::Danger, words.told_other_organization.to_owned()),
            Self::Welcome { organization } => (Tone::Success, fill(words.told_welcome, organization)),
            Self::SessionEnded => (Tone::Success, words.told_session_ended.to_owned()),
            Self::OthersEnded { count: 0 } => (Tone::Info, words.told_no_others.to_owned()),
            Self::OthersEnded { .. } => (Tone::Success, words.told_others_ended.to_owned()),
        };
        Notice { tone, text }
    }

    /// What the invitation form keeps of what was typed.
    pub fn typed_email(&self) -> &str {
        match self {
            Self::EmailInvalid { typed } | Self::NoRole { typed } => typed,
            _ => "",
        }
    }

    /// The link to show, once.
    pub fn link(&self) -> Option<&str> {
        match self {
            Self::Link { link, .. } => Some(link),
            _ => None,
        }
    }
}

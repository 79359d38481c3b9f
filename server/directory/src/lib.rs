//! Who belongs to which organization: members, what the provider's claims say of them, and invitations.
//!
//! One port, [`Directory`], keeps it all. What the provider's claims say is recorded at every login, so that an
//! organization's administrators see everyone; what the portal decides itself is added and wins: a membership that came
//! of an invitation, roles that an administrator changed, and a removal, which holds while the claims still name the
//! person, until they are invited again.
//!
//! Two issuers with the same `sub` are two people. No role is implied: whoever is an administrator of one organization
//! is nothing in another.

mod accept;
mod claims;
mod directory;
mod email;
mod invitation;
mod member;
mod memory;
mod person;

pub use accept::{AcceptError, accept};
pub use claims::{Belonging, Change, Claims, changes, resolve};
pub use directory::{ChangeError, Directory, DirectoryError};
pub use email::{EmailAddress, EmailError};
pub use invitation::{Invitation, InvitationState, InvitationToken, Inviter, TokenHash, new_invitation_id};
pub use member::{AdminRoles, Member, Source, member_id};
pub use memory::MemoryDirectory;
pub use person::{Person, PersonId};

use thiserror::Error;
use time::OffsetDateTime;

use crate::{Directory, DirectoryError, InvitationState, InvitationToken, Member, Person};

/// Why an invitation was not accepted.
#[derive(Debug, Error)]
pub enum AcceptError {
    /// There is none with this token.
    #[error("there is no such invitation")]
    Unknown,
    /// It was accepted or revoked, or its time is over.
    #[error("the invitation is not open any more")]
    Over(InvitationState),
    /// It is for another address than the person's verified one.
    #[error("the invitation is for another person")]
    AnotherPerson,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] DirectoryError),
}

/// Accepts the invitation behind a link for whoever is signed in. It must be theirs: the address it was sent to must be
/// the person's own, in any letter case, and not one that the provider calls unverified.
pub async fn accept(
    directory: &dyn Directory,
    token: &InvitationToken,
    person: &Person,
    now: OffsetDateTime,
) -> Result<Member, AcceptError> {
    let hash = token.hash();
    let invitation = directory.invitation_by_token(&hash).await?.ok_or(AcceptError::Unknown)?;
    // Before its state: what became of someone else's invitation is not theirs to know.
    if !person.owns(&invitation.email) {
        return Err(AcceptError::AnotherPerson);
    }
    match invitation.state(now) {
        InvitationState::Open => directory.redeem(&hash, person, now).await,
        over => Err(AcceptError::Over(over)),
    }
}

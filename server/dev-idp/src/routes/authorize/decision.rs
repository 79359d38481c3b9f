use std::sync::Arc;

use super::request::{AuthorizationError, AuthorizationRequest, Prompt};
use crate::demo::Account;
use crate::idp::DevIdp;
use crate::store::Session;

/// How an authorization request goes on.
pub(super) enum Decision {
    /// The browser's sign-in is good enough: send the code.
    Continue,
    /// `login_hint` named this account, which saves the form.
    SignIn(Arc<Account>),
    /// Show the form.
    Ask,
    /// Tell the client.
    Refuse(AuthorizationError),
}

pub(super) fn decide(
    idp: &DevIdp,
    request: &AuthorizationRequest<'_>,
    session: Option<&Session>,
) -> Decision {
    let hinted = request.login_hint.as_deref().and_then(|hint| idp.account_named(hint));
    let usable = session.filter(|session| {
        request.prompt != Prompt::Always
            && is_recent(idp, request, session)
            && hinted.as_ref().is_none_or(|account| account.sub == session.sub)
    });
    match (usable, &hinted) {
        (Some(session), _) => match idp.account(&session.sub) {
            Some(account) if may_enter(&account, request.organization.as_deref()) => Decision::Continue,
            _ => Decision::Refuse(NOT_A_MEMBER),
        },
        // Nobody is signed in behind a client's back: `none` means that the person did it before.
        (None, _) if request.prompt == Prompt::None => Decision::Refuse(LOGIN_REQUIRED),
        (None, Some(account)) if may_enter(account, request.organization.as_deref()) => {
            Decision::SignIn(account.clone())
        }
        (None, Some(_)) => Decision::Refuse(NOT_A_MEMBER),
        (None, None) => Decision::Ask,
    }
}

pub(super) const NOT_A_MEMBER: AuthorizationError = AuthorizationError {
    code: "access_denied",
    description: "the account is not a member of the organization that was asked for",
};

const LOGIN_REQUIRED: AuthorizationError =
    AuthorizationError { code: "login_required", description: "nobody is signed in as asked" };

pub(super) fn may_enter(account: &Account, organization: Option<&str>) -> bool {
    organization.is_none_or(|organization| account.membership(organization).is_some())
}

fn is_recent(idp: &DevIdp, request: &AuthorizationRequest<'_>, session: &Session) -> bool {
    let age = (idp.now() - session.auth_time).whole_seconds();
    request.max_age.is_none_or(|max_age| age < max_age.max(1) && max_age > 0)
}

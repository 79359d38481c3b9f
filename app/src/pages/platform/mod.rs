//! Account, members and invitations: plain forms, which work without script.

mod account;
mod invitation;
mod invite;
mod members;
mod parts;

use leptos::either::EitherOf4;
use leptos::prelude::*;

use super::message;
use crate::platform::PlatformPage;
use crate::state::ShellState;
use crate::text::{PlatformText, fill};

/// The page.
pub(super) fn page(state: &ShellState) -> impl IntoView + use<> {
    match &state.platform {
        Some(PlatformPage::Account(page)) => EitherOf4::A(account::page(state, page)),
        Some(PlatformPage::Members(page)) => EitherOf4::B(members::page(state, page)),
        Some(PlatformPage::Invitation(page)) => EitherOf4::C(invitation::page(state, page)),
        None => EitherOf4::D(message::not_found(state)),
    }
}

/// Its name, for the title.
pub(crate) fn heading(state: &ShellState) -> String {
    let words = PlatformText::of(state.preferences.locale);
    match &state.platform {
        Some(PlatformPage::Account(_)) => words.account_title.to_owned(),
        Some(PlatformPage::Members(_)) => fill(words.members_title, state.organization_name()),
        Some(PlatformPage::Invitation(page)) => invitation::heading(words, page),
        None => String::new(),
    }
}

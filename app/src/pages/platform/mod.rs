//! Account, members and invitations: plain forms, which work without script.

mod account;
mod decisions;
mod health;
mod invitation;
mod invite;
mod members;
mod parts;

use leptos::either::EitherOf6;
use leptos::prelude::*;

use super::message;
use crate::platform::PlatformPage;
use crate::state::ShellState;
use crate::text::{HealthText, PlatformText, fill};

/// The page.
pub(super) fn page(state: &ShellState) -> impl IntoView + use<> {
    match &state.platform {
        Some(PlatformPage::Account(page)) => EitherOf6::A(account::page(state, page)),
        Some(PlatformPage::Members(page)) => EitherOf6::B(members::page(state, page)),
        Some(PlatformPage::Invitation(page)) => EitherOf6::C(invitation::page(state, page)),
        Some(PlatformPage::Decisions(page)) => EitherOf6::D(decisions::page(state, page)),
        Some(PlatformPage::Health(page)) => EitherOf6::E(health::page(state, page)),
        None => EitherOf6::F(message::not_found(state)),
    }
}

/// Its name, for the title.
pub(crate) fn heading(state: &ShellState) -> String {
    let words = PlatformText::of(state.preferences.locale);
    match &state.platform {
        Some(PlatformPage::Account(_)) => words.account_title.to_owned(),
        Some(PlatformPage::Members(_)) => fill(words.members_title, state.organization_name()),
        Some(PlatformPage::Invitation(page)) => invitation::heading(words, page),
        Some(PlatformPage::Health(_)) => HealthText::of(state.preferences.locale).title.to_owned(),
        Some(PlatformPage::Decisions(_)) => words.decisions_title.to_owned(),
        None => String::new(),
    }
}

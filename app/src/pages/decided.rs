use leptos::either::EitherOf5;
use leptos::prelude::*;

use super::{empty, message, signed_out};
use crate::routing::Page;
use crate::state::ShellState;

/// A page that the server alone decides about. One comes to it and leaves it by full navigation, so the browser keeps
/// the markup as it arrived, and none of these pages is part of the download.
pub(crate) fn decided(state: &ShellState, page: Page, path: &str) -> impl IntoView + use<> {
    match page {
        Page::Home => EitherOf5::A(empty::page(state)),
        Page::Forbidden => EitherOf5::B(message::forbidden(state)),
        Page::SignedOut { asked } => EitherOf5::C(signed_out::page(state, asked, path)),
        Page::Error { status } => EitherOf5::D(message::error(state, status, path)),
        Page::NotFound | Page::Remote { .. } => EitherOf5::E(message::not_found(state)),
    }
}

use leptos::either::EitherOf6;
use leptos::prelude::*;

use super::{empty, message, platform, signed_out};
use crate::routing::Page;
use crate::state::ShellState;

/// A page that the server alone decides about. One comes to it and leaves it by full navigation, so the browser keeps
/// the markup as it arrived, and none of these pages is part of the download.
pub(crate) fn decided(state: &ShellState, page: Page, path: &str) -> impl IntoView + use<> {
    match page {
        Page::Home => EitherOf6::A(empty::page(state)),
        Page::Forbidden => EitherOf6::B(message::forbidden(state)),
        Page::SignedOut { asked } => EitherOf6::C(signed_out::page(state, asked, path)),
        Page::Error { status } => EitherOf6::D(message::error(state, status, path)),
        Page::Platform => EitherOf6::F(platform::page(state)),
        Page::NotFound | Page::Remote { .. } => EitherOf6::E(message::not_found(state)),
    }
}

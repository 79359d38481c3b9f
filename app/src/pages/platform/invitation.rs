use leptos::either::EitherOf3;
use leptos::prelude::*;

use super::parts::{moment, roles};
use crate::components::icon;
use crate::frame::sign_in_path;
use crate::platform::{InvitationPage, InvitationView};
use crate::state::ShellState;
use crate::text::{FrameText, PlatformText, fill, fill_all};

/// `/invitations/{token}`.
pub(super) fn page(state: &ShellState, page: &InvitationPage) -> impl IntoView + use<> {
    let words = PlatformText::of(state.preferences.locale);
    let frame = FrameText::of(state.preferences.locale);
    let body = match page.view {
        InvitationView::SignIn => EitherOf3::A(sign_in(page, words)),
        InvitationView::Accept => EitherOf3::B(accept(page, words)),
        view => EitherOf3::C(nothing(page, view, words, frame)),
    };
    view! {
        <div class="door invitation">
            <p class="door-brand">{icon("portico")}"Portico"</p>
            <h1 class="door-title" tabindex="-1">{heading(words, page)}</h1>
            {body}
        </div>
    }
}

pub(super) fn heading(words: &PlatformText, page: &InvitationPage) -> String {
    match page.view {
        InvitationView::SignIn | InvitationView::Accept | InvitationView::Unverified => {
            fill(words.invitation_title, &page.organization)
        }
        InvitationView::Another => words.invitation_other_title.to_owned(),
        _ => words.invitation_over_title.to_owned(),
    }
}

fn facts(page: &InvitationPage, words: &'static PlatformText) -> impl IntoView + use<> {
    view! {
        <p class="door-lead">{fill_all(words.invitation_lead, &[&page.inviter, &page.organization])}</p>
        <dl class="profile">
            <div class="profile-item"><dt>{words.invitation_for}</dt><dd>{page.email.clone()}</dd></div>
            <div class="profile-item"><dt>{words.invitation_roles}</dt><dd>{roles(&page.roles)}</dd></div>
            <div class="profile-item"><dt>{words.invitation_until}</dt><dd>{moment(&page.expires)}</dd></div>
        </dl>
    }
}

fn sign_in(page: &InvitationPage, words: &'static PlatformText) -> impl IntoView + use<> {
    let path = login(page, true);
    view! {
        {facts(page, words)}
        <a class="button button-primary button-wide" href=path rel="external">{words.invitation_sign_in}</a>
        <p class="door-note">{fill(words.invitation_sign_in_lead, &page.email)}</p>
    }
}

fn accept(page: &InvitationPage, words: &'static PlatformText) -> impl IntoView + use<> {
    view! {
        {facts(page, words)}
        <form method="post" action="/api/platform/invitations/accept">
            <input type="hidden" name="token" value=page.token.clone()/>
            <button class="button button-primary button-wide">{words.invitation_accept}</button>
        </form>
    }
}

fn nothing(
    page: &InvitationPage,
    view: InvitationView,
    words: &'static PlatformText,
    frame: &'static FrameText,
) -> impl IntoView + use<> {
    let lead = match view {
        InvitationView::Another => words.invitation_other_lead,
        InvitationView::Unverified => words.invitation_unverified,
        InvitationView::Accepted => words.invitation_accepted,
        InvitationView::Expired => words.invitation_expired,
        _ => words.invitation_revoked,
    };
    let is_over = !matches!(view, InvitationView::Another | InvitationView::Unverified);
    let help = is_over.then(|| view! { <p class="door-note">{words.invitation_over_help}</p> });
    let other = (view == InvitationView::Another).then(|| {
        view! {
            <a class="button button-wide" href=login(page, false) rel="external">{words.invitation_other_sign_in}</a>
        }
    });
    view! {
        <p class="door-lead">{lead}</p>
        {help}
        <p class="door-actions">
            {other}
            <a class="button button-primary button-wide" href="/" rel="external">{frame.go_home}</a>
        </p>
    }
}

/// Signing in, with the way back here. The hint is the address that the invitation is for; someone who is signed in as
/// another person is asked anew.
fn login(page: &InvitationPage, with_hint: bool) -> String {
    let back = sign_in_path(&["/invitations/", &page.token].concat());
    if with_hint {
        let hint = sign_in_path(&page.email);
        let hint = hint.strip_prefix("/auth/login?return_to=").unwrap_or_default().to_owned();
        [&back, "&login_hint=", &hint].concat()
    } else {
        [&back, "&prompt=login"].concat()
    }
}

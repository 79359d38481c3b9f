use leptos::either::Either;
use leptos::prelude::*;

use super::parts::{moment, roles};
use crate::components::icon;
use crate::platform::{AccountOrganization, AccountPage, Device};
use crate::state::ShellState;
use crate::text::{PlatformText, fill};

/// `/account`.
pub(super) fn page(state: &ShellState, page: &AccountPage) -> impl IntoView + use<> {
    let words = PlatformText::of(state.preferences.locale);
    view! {
        <div class="page page-narrow">
            <header class="page-head">
                <h1 class="page-title" tabindex="-1">{words.account_title}</h1>
                <p class="page-lead">{words.account_lead}</p>
            </header>
            {you(state, page, words)}
            {organizations(page, words)}
            {devices(page, words)}
        </div>
    }
}

fn you(state: &ShellState, page: &AccountPage, words: &'static PlatformText) -> impl IntoView + use<> {
    let session = state.session.as_ref();
    let name = session.map(|session| session.name.clone());
    let email = session.and_then(|session| session.email.clone());
    view! {
        <section class="panel" aria-labelledby="you">
            <h2 class="section-title" id="you">{words.account_you}</h2>
            <dl class="profile">
                <div class="profile-item"><dt>{words.name}</dt><dd>{name}</dd></div>
                <div class="profile-item"><dt>{words.email}</dt><dd>{email.unwrap_or_else(|| words.no_email.to_owned())}</dd></div>
                <div class="profile-item"><dt>{words.signed_in_through}</dt><dd>{page.provider.clone()}</dd></div>
            </dl>
        </section>
    }
}

fn organizations(page: &AccountPage, words: &'static PlatformText) -> impl IntoView + use<> {
    let body = if page.organizations.is_empty() {
        Either::Left(view! { <p class="panel-empty">{words.organizations_none}</p> })
    } else {
        let rows = page.organizations.iter().map(|one| organization(one, words)).collect_view();
        Either::Right(view! { <ul class="rows">{rows}</ul> })
    };
    view! {
        <section class="panel" aria-labelledby="organizations">
            <h2 class="section-title" id="organizations">{words.organizations}</h2>
            {body}
        </section>
    }
}

fn organization(one: &AccountOrganization, words: &'static PlatformText) -> impl IntoView + use<> {
    let action = if one.is_current {
        Either::Left(view! { <span class="tag">{icon("check")}{words.current}</span> })
    } else {
        Either::Right(view! {
            <form method="post" action="/api/platform/organization">
                <input type="hidden" name="return_to" value="/account"/>
                <button class="button button-small" name="organization" value=one.id.clone()>
                    {fill(words.switch_to, &one.name)}
                </button>
            </form>
        })
    };
    view! {
        <li class="row">
            <span class="row-text">
                <span class="row-title">{one.name.clone()}</span>
                {roles(&one.roles)}
            </span>
            {action}
        </li>
    }
}

fn devices(page: &AccountPage, words: &'static PlatformText) -> impl IntoView + use<> {
    let rows = page.devices.iter().map(|one| device(one, words)).collect_view();
    let others = if page.devices.iter().any(|device| !device.is_current) {
        Either::Left(view! {
            <form class="panel-foot" method="post" action="/api/platform/sessions/end-others">
                <button class="button button-danger">{words.end_others}</button>
            </form>
        })
    } else {
        Either::Right(view! { <p class="panel-empty">{words.only_session}</p> })
    };
    view! {
        <section class="panel" aria-labelledby="sessions">
            <h2 class="section-title" id="sessions">{words.sessions_title}</h2>
            <p class="panel-lead">{words.sessions_lead}</p>
            <ul class="rows">{rows}</ul>
            {others}
        </section>
    }
}

fn device(one: &Device, words: &'static PlatformText) -> impl IntoView + use<> {
    let name = if one.name.is_empty() { words.unknown_device.to_owned() } else { one.name.clone() };
    let action = if one.is_current {
        Either::Left(view! { <span class="tag">{icon("check")}{words.this_device}</span> })
    } else {
        Either::Right(view! {
            <form method="post" action="/api/platform/sessions/end">
                <button
                    class="button button-small"
                    name="handle"
                    value=one.handle.clone()
                    aria-label=fill(words.end_session_of, &name)
                >{words.end_session}</button>
            </form>
        })
    };
    let (begun, seen) = (words.session_begun.split_once("{}"), words.session_seen.split_once("{}"));
    view! {
        <li class="row">
            <span class="row-text">
                <span class="row-title">{name}</span>
                <span class="row-meta">
                    {begun.map(|(before, _)| before)}{moment(&one.begun)}{begun.map(|(_, after)| after)}
                    " · "
                    {seen.map(|(before, _)| before)}{moment(&one.last_seen)}{seen.map(|(_, after)| after)}
                </span>
            </span>
            {action}
        </li>
    }
}

use leptos::either::Either;
use leptos::prelude::*;

use super::parts::{meant_for, moment, role_choices, roles};
use crate::platform::{InvitationRow, MembersPage};
use crate::text::{PlatformText, fill};

/// Inviting, and who has not answered yet.
pub(super) fn section(
    page: &MembersPage,
    org_id: &str,
    words: &'static PlatformText,
) -> impl IntoView + use<> {
    let open = if page.invitations.is_empty() {
        Either::Left(view! { <p class="panel-empty">{words.open_none}</p> })
    } else {
        let rows = page.invitations.iter().map(|one| row(one, org_id, words)).collect_view();
        Either::Right(view! { <ul class="rows">{rows}</ul> })
    };
    view! {
        <div class="panels">
            {form(page, org_id, words)}
            <section class="panel" aria-labelledby="open-invitations">
                <h2 class="section-title" id="open-invitations">{words.open_title}</h2>
                {open}
            </section>
        </div>
    }
}

fn form(page: &MembersPage, org_id: &str, words: &'static PlatformText) -> impl IntoView + use<> {
    let link = page.link.clone().map(|link| {
        view! {
            <p class="panel-link">
                <a href=link.clone()>{words.told_open_link}</a>
                <code>{link}</code>
            </p>
        }
    });
    let is_refused = !page.typed_email.is_empty();
    view! {
        <section class="panel" aria-labelledby="invite">
            <h2 class="section-title" id="invite">{words.invite_title}</h2>
            <p class="panel-lead">{words.invite_lead}</p>
            {link}
            <form class="form" method="post" action="/api/platform/invitations">
                {meant_for(org_id)}
                <div class="field">
                    <label for="invite-email">{words.invite_email}</label>
                    <input
                        class="input"
                        id="invite-email"
                        name="email"
                        type="email"
                        required=""
                        maxlength="254"
                        autocomplete="off"
                        placeholder=words.invite_email_hint
                        value=page.typed_email.clone()
                        autofocus=is_refused
                    />
                </div>
                <fieldset class="fieldset">
                    <legend>{words.invite_roles}</legend>
                    {role_choices(&page.roles, &[], "invite-role")}
                </fieldset>
                <button class="button button-primary">{words.invite_send}</button>
            </form>
        </section>
    }
}

fn row(one: &InvitationRow, org_id: &str, words: &'static PlatformText) -> impl IntoView + use<> {
    let path = |action: &str| ["/api/platform/invitations/", &one.id, action].concat();
    let trouble =
        (!one.is_delivered).then(|| view! { <span class="chip chip-danger">{words.open_not_sent}</span> });
    view! {
        <li class="row">
            <span class="row-text">
                <span class="row-title">{one.email.clone()}" "{trouble}</span>
                {roles(&one.roles)}
                <span class="row-meta">
                    {words.open_expires}" "{moment(&one.expires)}" · "{fill(words.open_invited_by, &one.invited_by)}
                </span>
            </span>
            <span class="row-actions">
                <form method="post" action=path("/send")>
                    {meant_for(org_id)}
                    <button class="button button-small" aria-label=fill(words.send_again_of, &one.email)>
                        {words.send_again}
                    </button>
                </form>
                <form method="post" action=path("/revoke")>
                    {meant_for(org_id)}
                    <button class="button button-small" aria-label=fill(words.revoke_of, &one.email)>
                        {words.revoke}
                    </button>
                </form>
            </span>
        </li>
    }
}

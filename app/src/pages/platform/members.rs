use leptos::either::Either;
use leptos::prelude::*;

use super::invite;
use super::parts::{meant_for, moment, role_choices, roles};
use crate::platform::{MemberRow, MembersPage};
use crate::state::ShellState;
use crate::text::{PlatformText, fill};

/// `/members`.
pub(super) fn page(state: &ShellState, page: &MembersPage) -> impl IntoView + use<> {
    let words = PlatformText::of(state.preferences.locale);
    let organization = state.organization_name();
    let org_id = state.session.as_ref().map_or("", |session| session.org_id.as_str());
    let alone = (page.members.len() < 2).then(|| {
        view! {
            <div class="panel-empty">
                <p class="row-title">{words.members_alone}</p>
                <p>{words.members_alone_lead}</p>
            </div>
        }
    });
    let rows =
        page.members.iter().map(|member| row(member, page, organization, org_id, words)).collect_view();
    view! {
        <div class="page">
            <header class="page-head">
                <h1 class="page-title" tabindex="-1">{fill(words.members_title, organization)}</h1>
                <p class="page-lead">{words.members_lead}</p>
            </header>
            <section class="panel" aria-labelledby="members">
                <h2 class="visually-hidden" id="members">{words.members_nav}</h2>
                <table class="table" aria-labelledby="members">
                    <thead>
                        <tr>
                            <th scope="col">{words.member}</th>
                            <th scope="col">{words.roles}</th>
                            <th scope="col">{words.joined}</th>
                            <th scope="col">{words.source}</th>
                            <th scope="col"><span class="visually-hidden">{words.actions}</span></th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
                {alone}
            </section>
            {invite::section(page, org_id, words)}
        </div>
    }
}

fn row(
    member: &MemberRow,
    page: &MembersPage,
    organization: &str,
    org_id: &str,
    words: &'static PlatformText,
) -> impl IntoView + use<> {
    let itself = member.is_self.then(|| view! { <span class="chip chip-quiet">{words.you}</span> });
    let email = member.email.clone().map(|email| view! { <span class="row-meta">{email}</span> });
    let source = if member.is_invited { words.source_portal } else { words.source_provider };
    view! {
        <tr>
            <th scope="row">
                <span class="row-text">
                    <span class="row-title">{member.name.clone()}" "{itself}</span>
                    {email}
                </span>
            </th>
            <td data-label=words.roles>{roles(&member.roles)}</td>
            <td data-label=words.joined>{moment(&member.joined)}</td>
            <td data-label=words.source>{source}</td>
            <td class="table-actions">{actions(member, page, organization, org_id, words)}</td>
        </tr>
    }
}

/// Both open a small form of their own: nobody is removed by one click.
fn actions(
    member: &MemberRow,
    page: &MembersPage,
    organization: &str,
    org_id: &str,
    words: &'static PlatformText,
) -> impl IntoView + use<> {
    if !member.may_change {
        return Either::Left(view! { <span class="row-meta">{words.not_yours_to_change}</span> });
    }
    let path = |action: &str| ["/api/platform/members/", &member.id, action].concat();
    Either::Right(view! {
        <div class="row-actions">
            <details class="menu">
                <summary class="button button-small" aria-label=fill(words.change_roles_of, &member.name)>
                    {words.change_roles}
                </summary>
                <form class="menu-panel menu-panel-end menu-form" method="post" action=path("/roles")>
                    {meant_for(org_id)}
                    <fieldset class="fieldset">
                        <legend>{fill(words.change_roles_of, &member.name)}</legend>
                        {role_choices(&page.roles, &member.roles, &member.id)}
                    </fieldset>
                    <button class="button button-primary button-small">{words.save_roles}</button>
                </form>
            </details>
            <details class="menu">
                <summary class="button button-small" aria-label=fill(words.remove_of, &member.name)>
                    {words.remove}
                </summary>
                <form class="menu-panel menu-panel-end menu-form" method="post" action=path("/remove")>
                    {meant_for(org_id)}
                    <p class="row-title">{fill(words.remove_title, &member.name)}</p>
                    <p class="row-meta">{words.remove_lead}</p>
                    <button class="button button-danger button-small">{fill(words.remove_confirm, organization)}</button>
                </form>
            </details>
        </div>
    })
}

use std::rc::Rc;
use std::sync::Arc;

use leptos::prelude::*;
use portico_contracts::Application;

use super::icon;
use crate::bridge::Failure;
use crate::browser;
use crate::text::{Text, fill};

/// What an outlet shows when its remote is not there: what happened, who looks after it, what to do.
pub(super) fn failure_panel(
    text: &'static Text,
    application: &Arc<Application>,
    title: &str,
    failure: Failure,
    retry: Rc<dyn Fn()>,
) -> impl IntoView + use<> {
    let details = [
        (text.detail_remote, [&application.name, " ", &application.version].concat()),
        (text.detail_owner, application.owner.clone()),
        (text.detail_phase, [failure.phase.code(), " / ", failure.reason.code()].concat()),
        (text.detail_message, failure.message.clone()),
    ];
    let rows = details
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| view! { <div class="facts-row"><dt>{name}</dt><dd>{value}</dd></div> })
        .collect_view();
    let action = if failure.retryable {
        view! { <button class="button" type="button" on:click=move |_| retry()>{icon("#i-retry")}{text.retry}</button> }
            .into_any()
    } else {
        view! { <button class="button" type="button" on:click=|_| browser::location::reload()>{icon("#i-retry")}{text.reload}</button> }
            .into_any()
    };
    view! {
        <div class="failure">
            <div class="failure-icon">{icon("#i-alert")}</div>
            <p class="failure-title">{fill(text.failed_title, title)}</p>
            <p class="failure-text">
                {text.failure(failure.reason)}" "{fill(text.failed_neighbours, &application.owner)}
            </p>
            <div class="failure-actions">{action}</div>
            <details class="failure-details">
                <summary>{text.details}</summary>
                <dl class="facts">{rows}</dl>
            </details>
        </div>
    }
}
